import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { postAmount, withLimit } from './escrow.js';
import {
  closableAt,
  endLease,
  grantLease,
  heldBy,
  leaseSize,
  renewLease,
  type Escrow,
  type Lease,
  type LeasePolicy,
  usedRatioOf,
  type ScopeWindow,
} from './lease.js';
import { PostedMark } from './posted-mark.js';

const policy: LeasePolicy = { ttlMs: 30_000, guardMs: 3_000, requestDeadlineMs: 60_000, drainMs: 10_000 };
const empty: ScopeWindow = { scope: 's', windowId: 'w', limit: 1_000, settled: 0, held: 0, overrun: 0 };
/** So near its limit that a lease is exactly what is needed. */
const small: ScopeWindow = { ...empty, limit: 700 };
const ask = (leaseId: string, need: number, want = need) => ({ leaseId, holder: 'g', epoch: 1, need, want });

function granted(need: number, window = empty): Escrow {
  const escrow = grantLease(window, null, ask('l', need), 0, policy);
  if (escrow === null) throw new Error('not granted');
  return escrow;
}

describe('the size of a lease', () => {
  it.each([
    // need, want, left: far from the limit eight times the need, or what is wanted, but 5 % of the rest at most
    [10, 10, 1_000_000, 80],
    [10, 500, 1_000_000, 500],
    [10, 500, 1_000, 50],
    [10, 10, 1_000, 50],
    // near it exactly the need
    [10, 10_000, 199, 10],
    [10, 10, 10, 10],
    [0, 0, 0, 0],
  ])('for %i (%i wanted, %i left) is %i', (need, want, left, size) => {
    expect(leaseSize(need, want, left)).toBe(size);
  });

  it('is never less than the need, and never more than is left', () => {
    const amount = fc.integer({ min: 0, max: 10_000 });
    fc.assert(
      fc.property(amount, amount, amount, (need, want, left) => {
        const size = leaseSize(need, want, left);
        if (need > left) expect(size).toBeNull();
        else expect(size ?? -1).toSatisfy((n: number) => n >= need && n <= left);
      }),
    );
  });
});

it.each([
  [1_000, 0, 0],
  [1_000, 850, 0.85],
  [1_000, 1_300, 1.3],
  [1_000, -5, 0],
  [0, 0, 1],
])('of a budget of %i with %i posted the share %f is used', (limit, settled, ratio) => {
  expect(usedRatioOf({ ...empty, limit, settled })).toBe(ratio);
});

describe('a lease', () => {
  it('is refused where the need does not fit', () => {
    expect(grantLease({ ...empty, settled: 600, held: 300 }, null, ask('l', 101), 0, policy)).toBeNull();
  });

  it('is the same when it is asked for again, with its time renewed', () => {
    const { window, lease } = granted(40, small);
    const again = grantLease(window, lease, ask('l', 900), 20_000, policy);
    expect(again).toEqual({ window, lease: { ...lease, expiresAt: 50_000 } });
    expect(grantLease(window, lease, ask('l', 40), 30_001, policy)).toBeNull();
  });

  it('gives back cumulatively', () => {
    const { window, lease } = granted(40, small);
    const first = renewLease(window, lease, 30, 1_000, policy);
    expect([first.window.held, first.open]).toEqual([10, true]);
    const late = renewLease(first.window, first.lease, 20, 2_000, policy);
    expect(late.window.held).toBe(10);
    expect(renewLease(late.window, late.lease, 9_999, 3_000, policy).window.held).toBe(0);
  });

  it('takes back from a holder that comes too late, but does not live again', () => {
    const { window, lease } = granted(40, small);
    const late = renewLease(window, lease, 25, 30_001, policy);
    expect([late.open, late.window.held, late.lease.expiresAt]).toEqual([false, 15, 30_000]);
  });

  it('is not renewed where the window is over its limit, and gives back all the same', () => {
    const { window, lease } = granted(40, small);
    const lowered = renewLease(withLimit(window, 30), lease, 0, 1_000, policy);
    expect([lowered.open, lowered.lease.expiresAt]).toEqual([false, 30_000]);
    const returned = renewLease(withLimit(window, 30), lease, 40, 2_000, policy);
    expect([returned.open, returned.window.held]).toEqual([false, 0]);
    const overrun = renewLease({ ...window, settled: 800, overrun: 100 }, lease, 0, 1_000, policy);
    expect(overrun.open).toBe(false);
  });

  it('keeps its amount until nothing can be posted on it any more', () => {
    const { window, lease } = granted(40, small);
    const at = (now: number, more = {}) =>
      endLease(window, lease, { now, postedUntil: Infinity, hasOpenAttempts: false, ...more }, policy);
    expect(at(30_000)).toBeNull();
    expect(at(30_001)).toMatchObject({ lease: { state: 'expired' }, window: { held: 40 } });
    const closable = closableAt(lease, policy);
    expect(closable).toBe(110_000);
    expect(at(closable)).toMatchObject({ lease: { state: 'closed' }, window: { held: 0 } });
    expect(at(closable, { hasOpenAttempts: true })?.lease.state).toBe('expired');
    expect(at(closable, { postedUntil: closable - 1 })?.lease.state).toBe('expired');
  });
});

describe('posting', () => {
  it('moves from held to settled', () => {
    const { window, lease } = granted(40, small);
    expect(postAmount(window, lease, 15)).toMatchObject({
      window: { settled: 15, held: 25, overrun: 0 },
      lease: { settled: 15 },
    });
  });

  it('tells the truth above the limit, and says so', () => {
    const full = granted(1_000);
    expect(postAmount(full.window, full.lease, 1_300).window).toMatchObject({ settled: 1_300, held: 0, overrun: 300 });
  });

  it('corrects downwards', () => {
    const { window, lease } = granted(40, small);
    const charged = postAmount(window, lease, 40);
    const corrected = postAmount(charged.window, charged.lease, -30);
    expect(corrected).toMatchObject({ window: { settled: 10, held: 30 }, lease: { settled: 10 } });
  });

  it('follows a new limit', () => {
    const { window } = granted(800);
    expect(withLimit(window, 500)).toMatchObject({ limit: 500, overrun: 300 });
    expect(withLimit(withLimit(window, 500), 2_000)).toMatchObject({ limit: 2_000, overrun: 0 });
  });
});

describe('all usage is known to be posted', () => {
  it('only after a quiet time without a break, and never earlier than before', () => {
    const mark = new PostedMark(10_000);
    expect([mark.look(true, 5_000), mark.look(true, 14_999), mark.look(true, 15_000)]).toEqual([0, 0, 5_000]);
    expect([mark.look(false, 16_000), mark.look(true, 17_000), mark.look(true, 26_999)]).toEqual([5_000, 5_000, 5_000]);
    expect(mark.look(true, 27_000)).toBe(17_000);
    mark.disturb();
    expect([mark.look(true, 28_000), mark.look(true, 38_000)]).toEqual([17_000, 28_000]);
  });
});

describe('whatever happens to a budget', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('grant' as const), id: fc.nat(5), amount: fc.nat(400) }),
    fc.record({ kind: fc.constant('renew' as const), id: fc.nat(5), amount: fc.nat(400) }),
    fc.record({ kind: fc.constant('post' as const), id: fc.nat(5), amount: fc.integer({ min: -50, max: 500 }) }),
    fc.record({ kind: fc.constant('end' as const), id: fc.nat(5), amount: fc.nat(1) }),
    fc.record({ kind: fc.constant('limit' as const), id: fc.constant(0), amount: fc.nat(2_000) }),
  );

  it('what is held is the sum of its leases, and the balance holds', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let window = empty;
        let now = 0;
        const leases = new Map<string, Lease>();
        for (const { kind, id, amount } of steps) {
          now += 7_000;
          const lease = leases.get(`l${id}`) ?? null;
          let next: { window: ScopeWindow; lease: Lease | null } | null = null;
          if (kind === 'limit') next = { window: withLimit(window, amount), lease };
          else if (kind === 'grant') next = grantLease(window, lease, ask(`l${id}`, amount), now, policy);
          else if (kind === 'post') next = postAmount(window, lease, amount);
          else if (lease !== null && kind === 'renew') next = renewLease(window, lease, amount, now, policy);
          else if (lease !== null) {
            next = endLease(window, lease, { now, postedUntil: now, hasOpenAttempts: amount === 1 }, policy);
          }
          if (next === null) continue;
          window = next.window;
          if (next.lease !== null) leases.set(next.lease.id, next.lease);
          expect(window.held).toBe([...leases.values()].reduce((sum, one) => sum + heldBy(one), 0));
          expect(window.held).toBeGreaterThanOrEqual(0);
          expect(window.settled + window.held).toBeLessThanOrEqual(window.limit + window.overrun);
        }
      }),
      { numRuns: 500 },
    );
  });
});
