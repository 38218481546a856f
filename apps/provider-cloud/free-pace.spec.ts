import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FreePace, freeRequestsPerDay, freeRequestsPerMinute } from './free-pace.js';

const noon = Date.UTC(2026, 10, 21, 12);
const dayMs = 86_400_000;

describe('the pace of free models', () => {
  it('lets twenty through, and says when the next may go', () => {
    const pace = new FreePace();
    for (let second = 0; second < freeRequestsPerMinute; second += 1) {
      expect(pace.take('a', noon + second * 1_000)).toEqual({ limit: null });
    }
    expect(pace.take('a', noon + 20_000)).toEqual({ limit: 'minute', waitMs: 41_000 });
    expect(pace.take('b', noon + 20_000)).toEqual({ limit: null });
    expect(pace.take('a', noon + 61_000)).toEqual({ limit: null });
  });

  it('never lets more than twenty through within any minute', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 200 });
    fc.assert(
      fc.property(gaps, (list) => {
        const pace = new FreePace();
        let now = noon;
        const sent = list.flatMap((gap) => {
          now += gap;
          return pace.take('a', now).limit === null ? [now] : [];
        });
        return sent.every((at) => sent.filter((other) => other >= at && other - at < 60_000).length <= 20);
      }),
    );
  });

  it('lets an account that never bought credits ask fifty times a day, until midnight UTC', () => {
    const pace = new FreePace();
    pace.note('a', true);
    for (let minute = 0; minute < freeRequestsPerDay; minute += 1) pace.take('a', noon + minute * 61_000);
    const later = noon + 2 * 3_600_000;
    expect(pace.take('a', later)).toEqual({ limit: 'day', waitMs: 10 * 3_600_000 });
    expect(pace.take('a', noon + dayMs / 2)).toEqual({ limit: null });
  });

  it('does not know the day of an account that has bought credits', () => {
    const pace = new FreePace();
    pace.note('a', false);
    for (let minute = 0; minute < 60; minute += 1) pace.take('a', noon + minute * 61_000);
    expect(pace.take('a', noon + 2 * 3_600_000)).toEqual({ limit: null });
  });
});
