import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FreeAccount } from '#contracts';
import { freeRequestsPerDay, freeRequestsPerMinute, newAccount, takeRequest, type Pace } from './free-pace.js';

const noon = Date.UTC(2026, 10, 21, 12);
const dayMs = 86_400_000;

/** An account that is asked once at each time; what each was told, and the account after it. */
function play(times: readonly number[], from: FreeAccount = newAccount): { paces: Pace[]; account: FreeAccount } {
  let account = from;
  const paces = times.map((now) => {
    const taken = takeRequest(account, now);
    account = taken.account ?? account;
    return taken.pace;
  });
  return { paces, account };
}

const each = (count: number, stepMs: number) => Array.from({ length: count }, (_, n) => noon + n * stepMs);

describe('the pace of free models', () => {
  it('lets twenty through, and says when the next may go', () => {
    const { paces, account } = play(each(freeRequestsPerMinute, 1_000));
    expect(paces.every(({ limit }) => limit === null)).toBe(true);
    expect(takeRequest(account, noon + 20_000)).toEqual({ pace: { limit: 'minute', waitMs: 41_000 }, account: null });
    expect(takeRequest(account, noon + 61_000).pace).toEqual({ limit: null });
  });

  it('never lets more than twenty through within any minute', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 200 });
    fc.assert(
      fc.property(gaps, (list) => {
        let now = noon;
        const times = list.map((gap) => (now += gap));
        const { paces } = play(times);
        const sent = times.filter((_, index) => paces[index]?.limit === null);
        return sent.every((at) => sent.filter((other) => other >= at && other - at < 60_000).length <= 20);
      }),
    );
  });

  it('lets an account that never bought credits ask fifty times a day, until midnight UTC', () => {
    const { account } = play(each(freeRequestsPerDay, 61_000), { ...newAccount, isFreeTier: true });
    const later = noon + 2 * 3_600_000;
    expect(takeRequest(account, later).pace).toEqual({ limit: 'day', waitMs: 10 * 3_600_000 });
    expect(takeRequest(account, noon + dayMs / 2)).toMatchObject({ pace: { limit: null }, account: { sentToday: 1 } });
  });

  it('does not know the day of an account that has bought credits', () => {
    const { account } = play(each(60, 61_000));
    expect(takeRequest(account, noon + 2 * 3_600_000).pace).toEqual({ limit: null });
  });

  it('stays on the new day, where another clock is a little behind', () => {
    const midnight = noon + dayMs / 2;
    const { account } = play([midnight, midnight - 500, midnight + 1_000], { ...newAccount, isFreeTier: true });
    expect(account).toMatchObject({ day: midnight / dayMs, sentToday: 3 });
  });
});
