import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MinuteWindow } from './minute-window.js';

const t0 = 1_700_000_000_000;

describe('MinuteWindow', () => {
  it('sums what is younger than a minute, and not only what is in this minute of the clock', () => {
    const window = new MinuteWindow();
    window.add(5, t0);
    window.add(3, t0 + 40_000);
    expect(window.total(t0 + 50_000)).toBe(8);
    expect(window.total(t0 + 65_000)).toBe(3);
    expect(window.total(t0 + 200_000)).toBe(0);
  });

  it('says when enough has gone', () => {
    const window = new MinuteWindow();
    window.add(4, t0);
    window.add(6, t0 + 30_000);
    const now = t0 + 30_000;
    expect(window.fallsToMs(10, now)).toBe(0);
    const wait = window.fallsToMs(9, now);
    expect(window.total(now + wait - 1)).toBe(10);
    expect(window.total(now + wait)).toBe(6);
    expect(window.fallsToMs(0, now)).toBeGreaterThan(wait);
  });

  it('never counts less than the last 55 seconds hold, nor more than the last 60', () => {
    const events = fc.array(
      fc.record({ after: fc.integer({ min: 0, max: 20_000 }), amount: fc.integer({ min: 0, max: 9 }) }),
    );
    fc.assert(
      fc.property(events, (list) => {
        const window = new MinuteWindow();
        let now = t0;
        const seen: { at: number; amount: number }[] = [];
        for (const { after, amount } of list) {
          now += after;
          window.add(amount, now);
          seen.push({ at: now, amount });
          const within = (ms: number) =>
            seen.filter((one) => now - one.at <= ms).reduce((sum, one) => sum + one.amount, 0);
          expect(window.total(now)).toBeGreaterThanOrEqual(within(55_000));
          expect(window.total(now)).toBeLessThanOrEqual(within(60_000));
        }
      }),
    );
  });
});
