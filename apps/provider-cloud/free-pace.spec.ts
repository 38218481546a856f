import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FreePace, freeRequestsPerMinute } from './free-pace.js';

describe('the pace of free models', () => {
  it('lets twenty through, and says when the next may go', () => {
    const pace = new FreePace();
    const taken = Array.from({ length: freeRequestsPerMinute }, (_, index) => pace.take('a', index * 1_000));
    expect(taken.every((wait) => wait === 0)).toBe(true);
    expect(pace.take('a', 20_000)).toBe(41_000);
    expect(pace.take('b', 20_000)).toBe(0);
    expect(pace.take('a', 61_000)).toBe(0);
  });

  it('never lets more than twenty through within any minute', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 200 });
    fc.assert(
      fc.property(gaps, (list) => {
        const pace = new FreePace();
        let now = 0;
        const sent = list.flatMap((gap) => {
          now += gap;
          return pace.take('a', now) === 0 ? [now] : [];
        });
        return sent.every((at) => sent.filter((other) => other >= at && other - at < 60_000).length <= 20);
      }),
    );
  });
});
