import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HostEstimates, movingAverage } from './estimate.js';

describe('HostEstimates', () => {
  it('begins with a guess, then with the mean of other models, then with what it measured', () => {
    const estimates = new HostEstimates();
    expect(estimates.loadMs('a')).toBe(5_000);
    estimates.recordLoad('a', 1_000);
    estimates.recordLoad('b', 3_000);
    expect(estimates.loadMs('c')).toBe(2_000);
    expect(estimates.loadMs('b')).toBe(3_000);
    expect(estimates.hasMeasured('a')).toBe(false);
    estimates.recordService('a', 400, 50);
    expect(estimates.hasMeasured('a')).toBe(true);
    expect(estimates.tokensPerSecond('a')).toBe(50);
  });

  it('ignores figures that are none', () => {
    const estimates = new HostEstimates();
    estimates.recordLoad('a', Number.NaN);
    estimates.recordService('a', -1, 5);
    estimates.recordService('a', 100, Number.POSITIVE_INFINITY);
    expect(estimates.loadMs('a')).toBe(5_000);
    expect(estimates.serviceMs('a')).toBe(100);
    expect(estimates.tokensPerSecond('a')).toBeNull();
  });

  it('stays between the smallest and the largest value (property)', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 }), (values) => {
        const average = values.reduce<number | null>(movingAverage, null) ?? 0;
        expect(average).toBeGreaterThanOrEqual(Math.min(...values) - 1e-6);
        expect(average).toBeLessThanOrEqual(Math.max(...values) + 1e-6);
      }),
    );
  });
});
