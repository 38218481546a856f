import { describe, expect, it } from 'vitest';
import type { LeaseAnswer, LeaseWant } from '#contracts';
import { LeaseDesk, type DeskOutcome } from './lease-desk.js';
import { LeaseWallet } from './lease-wallet.js';

class Bench {
  readonly wallet = new LeaseWallet();
  readonly sent: LeaseWant[] = [];
  readonly outcomes: string[] = [];
  private ids = 0;
  readonly desk = new LeaseDesk(this.wallet, {
    newLeaseId: () => `l${(this.ids += 1)}`,
    send: (want) => this.sent.push(want),
  });

  reserve(name: string, demands: Record<string, number>, now = 0): void {
    const list = Object.entries(demands).map(([scope, amount]) => ({ scope, amount }));
    this.desk.reserve(list, now, (outcome: DeskOutcome) => this.outcomes.push(`${name} ${outcome.kind}`));
  }

  grant(leaseId: string, scope: string, granted: number, now = 0): void {
    const rest = { windowId: 'w', ttlMs: 30_000, guardMs: 3_000, windowLeftMs: null };
    this.desk.answered({ kind: 'granted', leaseId, scope, granted, ...rest }, now, now);
  }

  deny(leaseId: string, scope: string, left: number, now = 0): void {
    const answer: LeaseAnswer = {
      kind: 'denied',
      leaseId,
      scope,
      limit: 100,
      settled: 100 - left,
      held: 0,
      resetAt: null,
    };
    this.desk.answered(answer, now, now);
  }
}

describe('the desk', () => {
  it('asks for what is missing, once for each scope, and serves in order', () => {
    const bench = new Bench();
    bench.reserve('a', { key: 10, team: 10 });
    bench.reserve('b', { key: 10 });
    expect(bench.sent).toEqual([
      { leaseId: 'l1', scope: 'key', need: 10, want: 10 },
      { leaseId: 'l2', scope: 'team', need: 10, want: 10 },
    ]);
    bench.grant('l1', 'key', 15);
    expect(bench.outcomes).toEqual(['b reserved']);
    bench.grant('l2', 'team', 10);
    expect(bench.sent.at(-1)).toMatchObject({ scope: 'key', need: 10 });
    bench.grant('l3', 'key', 10);
    expect(bench.outcomes).toEqual(['b reserved', 'a reserved']);
    bench.reserve('c', { key: 5 });
    expect(bench.outcomes).toEqual(['b reserved', 'a reserved', 'c reserved']);
  });

  it('tells how much all who wait would use', () => {
    const bench = new Bench();
    bench.reserve('a', { key: 10 });
    bench.reserve('b', { key: 20 });
    bench.reserve('c', { key: 30 });
    bench.grant('l1', 'key', 10);
    expect(bench.sent.at(-1)).toMatchObject({ need: 20, want: 50 });
  });

  it('refuses those whose need does not fit, and asks on for the others', () => {
    const bench = new Bench();
    bench.reserve('large', { key: 50 });
    bench.reserve('small', { key: 5 });
    bench.deny('l1', 'key', 7);
    expect(bench.outcomes).toEqual(['large denied']);
    bench.grant('l2', 'key', 5);
    expect(bench.outcomes).toEqual(['large denied', 'small reserved']);
  });

  it('remembers a refusal for a moment, and forgets it when something is freed', () => {
    const bench = new Bench();
    bench.reserve('a', { key: 50 });
    bench.deny('l1', 'key', 0);
    bench.reserve('b', { key: 50 }, 499);
    expect([bench.outcomes, bench.sent.length]).toEqual([['a denied', 'b denied'], 1]);
    bench.reserve('c', { key: 50 }, 500);
    expect(bench.sent.length).toBe(2);
    bench.deny('l2', 'key', 0, 500);
    bench.desk.freed('key', 501);
    bench.reserve('d', { key: 50 }, 502);
    expect(bench.sent.length).toBe(3);
  });

  it('asks again under the same id, then gives up', () => {
    const bench = new Bench();
    bench.reserve('a', { key: 50 });
    bench.desk.failed('l1', 'key', 400);
    bench.desk.failed('l1', 'key', 800);
    expect(bench.sent.map((want) => want.leaseId)).toEqual(['l1', 'l1', 'l1']);
    bench.desk.failed('l1', 'key', 1_200);
    expect(bench.outcomes).toEqual(['a unavailable']);
    bench.grant('l1', 'key', 50, 1_300);
    expect(bench.wallet.freeOf('key', 1_300)).toBe(50);
  });

  it('lets nobody wait for ever', () => {
    const bench = new Bench();
    bench.reserve('a', { key: 50 });
    bench.desk.tick(3_999);
    expect(bench.outcomes).toEqual([]);
    bench.desk.tick(4_000);
    expect(bench.outcomes).toEqual(['a unavailable']);
  });

  it('reserves nothing in a scope without a budget', () => {
    const bench = new Bench();
    bench.reserve('a', { key: 50 });
    bench.desk.answered({ kind: 'unlimited', leaseId: 'l1', scope: 'key' }, 0, 0);
    bench.reserve('b', { key: 50 }, 4_999);
    expect(bench.outcomes).toEqual(['a reserved', 'b reserved']);
    bench.reserve('c', { key: 50 }, 5_000);
    expect(bench.sent.length).toBe(2);
  });

  it('asks again after a limit was changed', () => {
    const bench = new Bench();
    bench.reserve('a', { key: 50 });
    bench.deny('l1', 'key', 0);
    bench.desk.forget((scope) => scope === 'key');
    bench.reserve('b', { key: 50 });
    expect(bench.sent.length).toBe(2);
  });

  it('bounds how many wait', () => {
    const bench = new Bench();
    for (let i = 0; i < 2_001; i += 1) bench.reserve(`r${i}`, { key: 50 });
    expect(bench.outcomes).toEqual(['r2000 unavailable']);
  });
});
