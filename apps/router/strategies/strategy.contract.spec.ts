import { strategyNames } from '#contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lotFor } from '../lot.js';
import { FleetUnderTest, seededRandom, type DeploymentSpec } from '../route.fixtures.js';
import { strategies } from './index.js';
import type { Strategy, StrategyInput } from './strategy.js';

/** The same cases for every strategy: a new one is tested by being in the list. */

const deployment = fc.record({
  weight: fc.option(fc.integer({ min: 0, max: 5 })),
  rpm: fc.option(fc.integer({ min: 1, max: 1_000 })),
  kind: fc.constantFrom('local' as const, 'cloud' as const),
  durationMs: fc.option(fc.integer({ min: 1, max: 10_000 })),
  running: fc.integer({ min: 0, max: 5 }),
});

function fleetOf(specs: readonly (Partial<DeploymentSpec> & { durationMs?: number | null; running?: number })[]) {
  const deployments = specs.map((spec, at): DeploymentSpec => {
    const { durationMs: _duration, running: _running, ...own } = spec;
    return { modelName: 'm', ...own, host: `host-${at}`, id: `d${at}` };
  });
  const fleet = new FleetUnderTest({ deployments });
  for (const [at, spec] of specs.entries()) {
    if (typeof spec.durationMs === 'number') fleet.outcome(`d${at}`, { durationMs: spec.durationMs });
    if (spec.running !== undefined) fleet.load(`host-${at}`, { running: spec.running });
  }
  return fleet;
}

function inputOf(fleet: FleetUnderTest, seed: number, affinity: string | null = null): StrategyInput {
  const random = seededRandom(seed);
  return {
    candidates: fleet.index.groups.get('m') ?? [],
    fleet: fleet.view,
    stream: false,
    inputTokens: 10,
    args: {},
    random,
    lot: lotFor(affinity, random),
    nowMs: fleet.nowMs,
  };
}

const idsOf = (strategy: Strategy, input: StrategyInput) =>
  strategy.rank(input).candidates.map((candidate) => String(candidate.deployment.id));

it('there is one for every name that a config may hold', () => {
  expect(strategies.map((strategy) => strategy.name).sort()).toEqual([...strategyNames].sort());
});

describe.each(strategies)('$name', (strategy) => {
  it('ranks every candidate once, whatever their numbers are', () => {
    fc.assert(
      fc.property(fc.array(deployment, { maxLength: 8 }), fc.nat(), (specs, seed) => {
        const fleet = fleetOf(specs);
        const ranked = idsOf(strategy, inputOf(fleet, seed));
        expect(ranked.sort()).toEqual(specs.map((_spec, at) => `d${at}`).sort());
      }),
      { numRuns: 60 },
    );
  });

  it('decides the same with the same randomness', () => {
    const fleet = fleetOf([{ weight: 2 }, { weight: 1 }, {}]);
    expect(idsOf(strategy, inputOf(fleet, 7))).toEqual(idsOf(strategy, inputOf(fleet, 7)));
  });

  it('shares the load where nothing tells the candidates apart', () => {
    const fleet = fleetOf([{}, {}, {}, {}]);
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 400; seed += 1) {
      const first = idsOf(strategy, inputOf(fleet, seed))[0] ?? '';
      counts.set(first, (counts.get(first) ?? 0) + 1);
    }
    // Binomial with p = 1/4: 3 sigma of 400 is 26.
    for (const count of counts.values()) expect(Math.abs(count - 100)).toBeLessThanOrEqual(26);
    expect(counts.size).toBe(4);
  });

  it('gives equal conversations the same host where nothing tells the candidates apart', () => {
    const fleet = fleetOf([{}, {}, {}, {}, {}]);
    const firsts = [1, 2, 3, 4, 5].map((seed) => idsOf(strategy, inputOf(fleet, 100 + seed, 'conversation'))[0]);
    expect(new Set(firsts).size).toBe(1);
    const spread = new Set(
      Array.from({ length: 50 }, (_unused, at) => idsOf(strategy, inputOf(fleet, 101, `conversation ${at}`))[0]),
    );
    expect(spread.size).toBeGreaterThan(2);
  });

  it('says why', () => {
    const fleet = fleetOf([{}, {}]);
    const ranking = strategy.rank(inputOf(fleet, 1));
    for (const candidate of ranking.candidates) expect(ranking.why(candidate)).toMatch(/\w{3,}/);
  });
});
