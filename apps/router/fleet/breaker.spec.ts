import { describe, expect, it } from 'vitest';
import {
  breakerState,
  claimTrial,
  closedBreaker,
  fail,
  open,
  releaseTrial,
  succeed,
  type Breaker,
  type Opening,
} from './breaker.js';

const opening: Opening = { cooldownMs: 5_000, exact: false, reason: 'broken', probeCloses: false, unserved: false };
const t0 = 1_000_000;

const failTimes = (times: number, allowed: number, now = t0): Breaker => {
  let breaker = closedBreaker;
  for (let i = 0; i < times; i += 1) breaker = fail(breaker, 'any', allowed, opening, now);
  return breaker;
};

describe('a breaker', () => {
  it('opens at more than the allowed failures, for the cooldown', () => {
    expect(breakerState(failTimes(3, 3), t0).kind).toBe('closed');
    const breaker = failTimes(4, 3);
    expect(breakerState(breaker, t0)).toEqual({
      kind: 'open',
      untilMs: t0 + 5_000,
      reason: 'broken',
      onTrial: false,
      unserved: false,
    });
    expect(breakerState(breaker, t0 + 5_000).kind).toBe('half-open');
  });

  it('opens at the first failure with allowed_fails 0', () => {
    expect(breakerState(failTimes(1, 0), t0).kind).toBe('open');
  });

  it('forgets failures after a minute and after a success', () => {
    const old = fail(failTimes(3, 3), 'any', 3, opening, t0 + 61_000);
    expect(breakerState(old, t0 + 61_000).kind).toBe('closed');
    const succeeded = succeed(failTimes(3, 3), t0, t0 + 1);
    expect(breakerState(fail(succeeded, 'any', 3, opening, t0 + 2), t0 + 2).kind).toBe('closed');
  });

  it('lets one trial through, another one when that gave no verdict, and all when nothing bad was heard of it', () => {
    const waiting = failTimes(4, 3);
    const now = t0 + 5_000;
    const tried = claimTrial(waiting, 60_000, now);
    expect(breakerState(tried, now).kind).toBe('open');
    expect(breakerState(releaseTrial(tried), now).kind).toBe('half-open');
    expect(breakerState(tried, now + 60_000).kind).toBe('closed');
    const late = fail(tried, 'any', 3, opening, now + 61_000);
    expect(breakerState(late, now + 61_000)).toMatchObject({ kind: 'open', untilMs: now + 71_000 });
  });

  it('closes after a successful trial, and doubles the cooldown after a failed one, up to a minute', () => {
    let breaker = failTimes(4, 3);
    expect(breakerState(succeed(breaker, t0 + 5_000, t0 + 5_100), t0 + 5_100).kind).toBe('closed');
    let now = t0;
    const lengths: number[] = [];
    for (let trial = 0; trial < 6; trial += 1) {
      now = breaker.openUntilMs ?? now;
      breaker = fail(claimTrial(breaker, 60_000, now), 'any', 3, opening, now);
      lengths.push((breaker.openUntilMs ?? 0) - now);
    }
    expect(lengths).toEqual([10_000, 20_000, 40_000, 60_000, 60_000, 60_000]);
  });

  it('is closed by any success where only nobody served it', () => {
    const breaker = open(closedBreaker, { ...opening, unserved: true }, t0);
    expect(breakerState(breaker, t0 + 10)).toMatchObject({ kind: 'open', unserved: true });
    expect(breakerState(succeed(breaker, t0 - 10, t0 + 10), t0 + 10).kind).toBe('closed');
  });

  it('is not closed by the success of a request that began before it opened', () => {
    const breaker = failTimes(4, 3);
    expect(breakerState(succeed(breaker, t0 - 10, t0 + 1_000), t0 + 1_000).kind).toBe('open');
  });

  it('does not escalate on failures that arrive while it is open', () => {
    const once = open(closedBreaker, opening, t0);
    const many = open(open(once, opening, t0 + 10), opening, t0 + 20);
    expect(many.trips).toBe(1);
    expect(many.openUntilMs).toBe(t0 + 5_020);
  });

  it('keeps to a time that the upstream named, and never opens with a cooldown of 0', () => {
    const exact = open(closedBreaker, { ...opening, cooldownMs: 3_600_000, exact: true }, t0);
    expect(exact.openUntilMs).toBe(t0 + 3_600_000);
    expect(open(closedBreaker, { ...opening, cooldownMs: 0 }, t0)).toBe(closedBreaker);
  });
});
