/** What holds for every load: nobody is lost or served twice, nobody starves, and no host idles while somebody waits. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { priorityOrder } from './waiting-list.js';
import { figuresOf, poissonArrivals, simulate, simulateInOrder, type Arrival } from './simulation.fixtures.js';

const models = {
  a: { loadMs: 1_000, serviceMs: 100 },
  b: { loadMs: 1_000, serviceMs: 100 },
  c: { loadMs: 1_000, serviceMs: 100 },
};
const limits = { maxParallel: 1, maxLength: 10_000, maxModelWaitMs: 20_000 };

const arrivalsOf = fc.array(
  fc.record({
    gap: fc.integer({ min: 0, max: 800 }),
    model: fc.constantFrom('a', 'b', 'c'),
    priority: fc.constantFrom(...priorityOrder),
  }),
  { minLength: 1, maxLength: 120 },
);

function timed(steps: readonly { gap: number; model: string; priority: Arrival['priority'] }[]): Arrival[] {
  let at = 0;
  return steps.map(({ gap, model, priority = 'normal' }, index) => {
    at += gap;
    return { id: `r${index}`, at, model, priority };
  });
}

describe('the queue of a host (property)', () => {
  it('serves everybody exactly once, never idles while somebody waits, and keeps its bounds', () => {
    fc.assert(
      fc.property(
        arrivalsOf,
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 3 }),
        (steps, maxParallel, holds) => {
          const arrivals = timed(steps);
          const run = simulate(arrivals, [{ holds, models, limits: { ...limits, maxParallel } }]);
          expect(run.served.map(({ id }) => id).sort()).toEqual(arrivals.map(({ id }) => id).sort());
          expect(run.idled).toBe(false);
          expect(run.mostRunning).toBeLessThanOrEqual(maxParallel);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('keeps first come, first served within a model and a class', () => {
    fc.assert(
      fc.property(arrivalsOf, (steps) => {
        const run = simulate(timed(steps), [{ holds: 1, models, limits }]);
        for (const model of Object.keys(models)) {
          for (const priority of priorityOrder) {
            const group = run.served.filter((one) => one.model === model && one.priority === priority);
            const byStart = group.toSorted((x, y) => x.startedAt - y.startedAt || x.arrivedAt - y.arrivedAt);
            expect(byStart.map(({ arrivedAt }) => arrivedAt)).toEqual(
              group.map(({ arrivedAt }) => arrivedAt).toSorted((x, y) => x - y),
            );
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it('serves or refuses, and never holds more than it may', () => {
    fc.assert(
      fc.property(
        arrivalsOf,
        fc.integer({ min: 0, max: 5 }),
        fc.integer({ min: 100, max: 3_000 }),
        (steps, maxLength, maxWaitMs) => {
          const arrivals = timed(steps).map((arrival) => ({ ...arrival, maxWaitMs }));
          const run = simulate(arrivals, [{ holds: 1, models, limits: { ...limits, maxLength } }]);
          expect(run.served.length + run.expired.length + run.refused.length).toBe(arrivals.length);
          for (const { waitMs } of run.served) expect(waitMs).toBeLessThanOrEqual(maxWaitMs);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('arrivals that do not wait for answers', () => {
  const seeds = [1, 2, 3, 4, 5, 6, 7, 8];

  it.each(seeds)('two models on a host that holds one, seed %i: a tenth of the wait, half of the swaps', (seed) => {
    const arrivals = poissonArrivals({ seed, perSecond: 4, forMs: 30_000, shares: { a: 1, b: 1 } });
    const [before, run] = [simulateInOrder(arrivals, models), simulate(arrivals, [{ holds: 1, models, limits }])];
    const [inOrder, ours] = [before, run].map(({ served }) => figuresOf(served.map(({ latencyMs }) => latencyMs)));
    expect(ours?.mean).toBeLessThanOrEqual((inOrder?.mean ?? 0) / 10);
    expect(ours?.p95).toBeLessThanOrEqual((inOrder?.p95 ?? 0) / 10);
    expect(run.swaps).toBeLessThanOrEqual(before.swaps / 2);
    expect(Math.max(...run.served.map(({ waitMs }) => waitMs))).toBeLessThanOrEqual(limits.maxModelWaitMs + 100);
  });

  it.each(seeds)('a rare model beside a busy one, seed %i: nobody waits longer than max_model_wait', (seed) => {
    const arrivals = poissonArrivals({ seed, perSecond: 5, forMs: 120_000, shares: { a: 30, b: 1 } });
    const run = simulate(arrivals, [{ holds: 1, models, limits: { ...limits, maxModelWaitMs: 6_000 } }]);
    expect(Math.max(...run.served.map(({ waitMs }) => waitMs))).toBeLessThanOrEqual(6_000 + 100);
  });

  it.each(seeds)('three models, unequal shares, seed %i', (seed) => {
    const arrivals = poissonArrivals({ seed, perSecond: 4, forMs: 30_000, shares: { a: 7, b: 2, c: 1 } });
    const before = simulateInOrder(arrivals, models);
    const run = simulate(arrivals, [{ holds: 1, models, limits }]);
    expect(run.swaps).toBeLessThanOrEqual(before.swaps / 2);
    expect(Math.max(...run.served.map(({ waitMs }) => waitMs))).toBeLessThanOrEqual(limits.maxModelWaitMs + 100);
    const mean = (one: typeof run) => figuresOf(one.served.map(({ latencyMs }) => latencyMs)).mean;
    expect(mean(run)).toBeLessThanOrEqual(mean(before) / 5);
  });

  it('a host that is asked for more than it can do spends at most half of its time on loading', () => {
    const arrivals = poissonArrivals({ seed: 1, perSecond: 20, forMs: 60_000, shares: { a: 1, b: 1, c: 1 } });
    const run = simulate(arrivals, [{ holds: 1, models, limits }]);
    const lastedMs = Math.max(...run.served.map(({ finishedAt }) => finishedAt));
    expect(run.loads * 1_000).toBeLessThanOrEqual(lastedMs / 2);
  });
});
