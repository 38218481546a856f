import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ownershipTiming } from '#contracts';
import { claimOf, type Sighting } from './claim.js';

const entry = (revision: number, preferred = false) => ({
  value: { v: 1 as const, holder: 'other', beat: revision, preferred, draining: false },
  revision,
});

describe('claimOf', () => {
  it('takes what nobody has', () => {
    expect(claimOf(null, null, { holder: 'self', preferred: false, now: 0 })).toEqual({ kind: 'create' });
  });

  it('waits while the entry moves, and takes it when it stood still', () => {
    const first = claimOf(entry(1), null, { holder: 'self', preferred: false, now: 100 });
    expect(first).toEqual({ kind: 'wait', sighting: { revision: 1, since: 100 } });
    const moved = claimOf(entry(2), { revision: 1, since: 100 }, { holder: 'self', preferred: false, now: 9_000 });
    expect(moved).toEqual({ kind: 'wait', sighting: { revision: 2, since: 9_000 } });
    const stale = claimOf(
      entry(2),
      { revision: 2, since: 9_000 },
      { holder: 'self', preferred: false, now: 9_000 + ownershipTiming.staleMs },
    );
    expect(stale).toEqual({ kind: 'take', revision: 2 });
  });

  it('goes before an owner that would do it too, and never before its equal', () => {
    expect(claimOf(entry(7), null, { holder: 'self', preferred: true, now: 0 })).toEqual({ kind: 'take', revision: 7 });
    expect(claimOf(entry(7, true), null, { holder: 'self', preferred: true, now: 0 }).kind).toBe('wait');
    expect(claimOf(entry(7, true), null, { holder: 'self', preferred: false, now: 0 }).kind).toBe('wait');
  });

  it('takes its own entry back at once', () => {
    expect(claimOf(entry(3), null, { holder: 'other', preferred: false, now: 0 })).toEqual({
      kind: 'take',
      revision: 3,
    });
  });

  it('takes over within five seconds of the last beat, and never from an owner that still beats (property)', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: ownershipTiming.lookMs }),
        fc.integer({ min: 0, max: 20 }),
        (phase, beats) => {
          const diesAt = beats * ownershipTiming.beatMs;
          let seen: Sighting | null = null;
          for (let now = phase; ; now += ownershipTiming.lookMs) {
            const revision = Math.min(Math.floor(now / ownershipTiming.beatMs), beats);
            const claim = claimOf(entry(revision), seen, { holder: 'self', preferred: false, now });
            if (claim.kind === 'wait') seen = claim.sighting;
            else {
              expect(now - diesAt).toBeLessThanOrEqual(5_000);
              expect(now - diesAt).toBeGreaterThan(ownershipTiming.fenceMs);
              return;
            }
          }
        },
      ),
    );
  });
});
