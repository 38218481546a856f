import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limitShards, limitShardOf } from '#contracts';
import { electionTiming, sessionKey, shardKey, ShardElection } from './shard-election.js';

const knows = () => true;

describe('shards', () => {
  it('are claimed where nobody has them, and again when their holder is dead', () => {
    const election = new ShardElection('a');
    expect(election.claimable(0, knows)).toEqual([]);
    election.beaten(0);
    expect(election.claimable(0, knows)).toHaveLength(limitShards);
    election.observe(sessionKey('b'), 'b', 100);
    election.observe(shardKey(7), 'b', 100);
    expect(election.claimable(200, knows)).not.toContain(7);
    election.observe(sessionKey('b'), 'b', 3_000);
    expect(election.claimable(3_000 + electionTiming.staleMs - 1, knows)).not.toContain(7);
    expect(election.claimable(3_000 + electionTiming.staleMs, knows)).toContain(7);
    expect(election.buryDead(3_000 + electionTiming.staleMs)).toEqual(['b']);
  });

  it('are left to holders that a newcomer has not seen yet', () => {
    const election = new ShardElection('newcomer');
    election.observe(shardKey(7), 'b', 0);
    election.beaten(1_000);
    expect(election.claimable(1_000, knows)).toHaveLength(limitShards - 1);
    expect(election.claimable(1_000 + electionTiming.staleMs - 1, knows)).not.toContain(7);
    expect(election.claimable(1_000 + electionTiming.staleMs, knows)).toContain(7);
  });

  it('are left for a while to those who know what was counted', () => {
    const election = new ShardElection('a');
    election.beaten(0);
    election.observe(sessionKey('b'), 'b', 0);
    election.observe(shardKey(7), 'b', 0);
    const dead = electionTiming.staleMs;
    expect(election.claimable(dead, () => false)).toHaveLength(limitShards - 1);
    expect(election.claimable(2 * dead - 1, () => false)).not.toContain(7);
    expect(election.claimable(2 * dead, () => false)).toContain(7);
    expect([election.isHeldByOther(7, dead - 1), election.isHeldByOther(7, dead)]).toEqual([true, false]);
  });

  it('are taken over at once from a session that said goodbye', () => {
    const election = new ShardElection('a');
    election.beaten(0);
    election.observe(sessionKey('b'), 'b', 9_000);
    election.observe(shardKey(7), 'b', 9_000);
    expect(election.claimable(9_100, knows)).not.toContain(7);
    expect(election.observe(sessionKey('b'), null, 9_200)).toBe('b');
    expect(election.claimable(9_200, knows)).toContain(7);
  });

  it('are lost with the session', () => {
    const election = new ShardElection('a');
    election.beaten(0);
    election.won(7);
    expect(election.owns(7, electionTiming.fenceMs - 1)).toBe(true);
    expect(election.owns(7, electionTiming.fenceMs)).toBe(false);
    expect(election.renewAfterFence('a2', electionTiming.fenceMs)).toBe(true);
    expect([election.self, election.ownedShards]).toEqual(['a2', []]);
    election.beaten(9_000);
    election.won(7);
    election.observe(shardKey(7), 'c', 9_001);
    expect(election.owns(7, 9_001)).toBe(false);
  });

  it('are spread evenly by name', () => {
    const counts = new Map<number, number>();
    for (let i = 0; i < 3_200; i += 1) {
      const shard = limitShardOf(`key/key-${i}`);
      counts.set(shard, (counts.get(shard) ?? 0) + 1);
    }
    expect(counts.size).toBe(limitShards);
    expect(Math.max(...counts.values())).toBeLessThan(200);
  });

  it('never have two owners, however beats are lost and processes stopped', () => {
    const step = fc.record({
      who: fc.nat(2),
      what: fc.constantFrom('beat', 'beat', 'beat', 'lost', 'claim'),
      ms: fc.nat(900),
      delay: fc.nat(300),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const members = ['a', 'b', 'c'].map((name) => ({ election: new ShardElection(name), renewed: 0 }));
        let holder: string | null = null;
        let now = 0;
        for (const { who, what, ms, delay } of steps) {
          now += ms;
          const member = members[who];
          if (member === undefined) continue;
          const { election } = member;
          if (election.renewAfterFence(`${election.self}+`, now)) member.renewed += 1;
          if (what === 'beat') {
            // The write is sent now and seen by the others a little later; only they may think it later than it was.
            election.beaten(now);
            for (const other of members) {
              if (other !== member) other.election.observe(sessionKey(election.self), election.self, now + delay);
            }
          } else if (what === 'claim' && election.claimable(now, knows).includes(3)) {
            if (holder !== null && election.isAlive(holder, now)) continue;
            holder = election.self;
            for (const other of members) if (other !== member) other.election.observe(shardKey(3), holder, now);
            election.won(3);
          }
          expect(members.filter((one) => one.election.owns(3, now)).length).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 300 },
    );
  });
});
