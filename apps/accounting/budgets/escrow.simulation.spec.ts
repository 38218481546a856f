/**
 * The protocol of budgets under crashes, losses and repeats, run with the real wallet, desk, leases and posting. A failing
 * seed is printed and can be run alone: SIGNALBOX_SIMULATION_SEED=N. `npm run test:long` runs 10,000 seeds.
 */
import { describe, expect, it } from 'vitest';
import { mutants, realWiring, showsUnder, type Wiring } from './simulation/wiring.simulation.js';
import { World, type Outcome, type Scenario } from './simulation/world.simulation.js';

const seeds = Number(process.env['SIGNALBOX_SIMULATION_SEEDS'] ?? 200);
const onlySeed = process.env['SIGNALBOX_SIMULATION_SEED'];
const kinds = [
  'crashes',
  'crashes',
  'crashes',
  'stopped-ingress',
  'long-database-outage',
  'double-crashes',
  'crashes',
  'none',
] as const;

function scenarioOf(seed: number): Scenario {
  const faults = kinds[seed % kinds.length] ?? 'crashes';
  const isLong = faults === 'stopped-ingress' || faults === 'long-database-outage';
  return {
    seed,
    durationMs: isLong ? 45_000 : 12_000,
    gapMs: isLong ? 60 : 20,
    limits: seed % 3 === 0 ? { key: 2_000_000, team: 3_000_000 } : { key: 250_000, team: 400_000 },
    teamPeriod: seed % 5 === 0 ? '10s' : null,
    faults,
    overcounting: seed % 2 === 0,
  };
}

function run(seed: number, wiring: Wiring): Outcome {
  return new World(scenarioOf(seed), wiring).run();
}

describe('budgets under faults', () => {
  it(`keep every promise in ${seeds} random histories`, { timeout: 3_600_000 }, () => {
    const used: number[] = [];
    const total = { admitted: 0, denied: 0, estimated: 0 };
    const chosen = onlySeed === undefined ? Array.from({ length: seeds }, (_, i) => i + 1) : [Number(onlySeed)];
    for (const seed of chosen) {
      const outcome = run(seed, realWiring);
      expect(outcome.violations, `seed ${seed}`).toEqual([]);
      if (outcome.denied > 0) used.push(outcome.used);
      total.admitted += outcome.admitted;
      total.denied += outcome.denied;
      total.estimated += outcome.estimated;
    }
    if (onlySeed !== undefined) return;
    expect(total.admitted).toBeGreaterThan(seeds * 100);
    expect(total.denied).toBeGreaterThan(seeds);
    expect(total.estimated).toBeGreaterThan(0);
    // A budget that is used up is really used up, not stranded in leases.
    used.sort((a, b) => a - b);
    expect(used[used.length >> 1]).toBeGreaterThan(0.9);
  });

  it('give the same history for the same seed', () => {
    expect(run(7, realWiring)).toEqual(run(7, realWiring));
  });
});

describe('the simulation notices', () => {
  it.each(Object.entries(mutants))('%s', { timeout: 120_000 }, (name, mutant) => {
    const wiring = { ...realWiring, ...mutant };
    const under = showsUnder[name];
    const tried = Array.from({ length: 800 }, (_, i) => i + 1).filter(
      (seed) => under === undefined || scenarioOf(seed).faults === under,
    );
    expect(tried.some((seed) => run(seed, wiring).violations.length > 0)).toBe(true);
  });
});
