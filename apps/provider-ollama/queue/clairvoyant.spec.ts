import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leastMeanMs } from './clairvoyant.fixtures.js';
import { figuresOf, poissonArrivals, simulate, simulateInOrder, type Arrival } from './simulation.fixtures.js';

const model = { loadMs: 1_000, serviceMs: 100 };
const models = { a: model, b: model };
const arrivalsOf = (...list: [string, number][]): Arrival[] =>
  list.map(([name, at], index) => ({ id: `r${index}`, model: name, at }));

/** Every order there is. */
function orders<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, index) => orders(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));
}

function meanInOrder(order: readonly Arrival[]): number {
  let at = Number.NEGATIVE_INFINITY;
  let loaded: string | null = null;
  let cost = 0;
  for (const arrival of order) {
    at = Math.max(at + (loaded === arrival.model ? 0 : model.loadMs), arrival.at) + model.serviceMs;
    loaded = arrival.model;
    cost += at - arrival.at;
  }
  return cost / order.length;
}

describe('the least mean time', () => {
  it('waits with a load for those that are about to come', () => {
    expect(leastMeanMs(arrivalsOf(['a', 0], ['b', 50], ['a', 200]), models)).toBe((100 + 1_350 + 100) / 3);
  });

  it('is that of the best of all orders', () => {
    const arrival = fc.record({ model: fc.constantFrom('a', 'b'), at: fc.integer({ min: 0, max: 3_000 }) });
    fc.assert(
      fc.property(fc.array(arrival, { minLength: 1, maxLength: 6 }), (list) => {
        const arrivals = list.map((one, index) => ({ ...one, id: `r${index}` })).toSorted((a, b) => a.at - b.at);
        const best = Math.min(...orders(arrivals).map(meanInOrder));
        expect(leastMeanMs(arrivals, models)).toBeCloseTo(best, 6);
      }),
      { numRuns: 50 },
    );
  });

  it('is beaten neither by order of arrival nor by the queue', () => {
    const host = { holds: 1, models, limits: { maxParallel: 1, maxLength: 1_000, maxModelWaitMs: 20_000 } };
    for (const seed of [1, 2, 3]) {
      const arrivals = poissonArrivals({ seed, perSecond: 4, forMs: 10_000, shares: { a: 3, b: 1 } });
      const least = leastMeanMs(arrivals, models);
      for (const run of [simulateInOrder(arrivals, models), simulate(arrivals, [host])]) {
        expect(figuresOf(run.served.map(({ latencyMs }) => latencyMs)).mean).toBeGreaterThanOrEqual(least);
      }
    }
  });
});
