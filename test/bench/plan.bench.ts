/**
 * How long one plan takes in the router, at 10, 100 and 1,000 deployments. The limit for the 99th percentile is 1 ms; the
 * two extremes (1,000 deployments that are all one pool, and a complexity router over 32 KiB of text) may take twice that.
 * Run it alone, and on a quiet machine: `npx vitest bench --project 'unit (bench)' test/bench/plan.bench.ts --run`.
 */
import { describe, expect, it } from 'vitest';
import { strategyNames, type ComplexityRouter, type PlanQuery } from '#contracts';
import { planRoute } from '../../apps/router/route-decision.js';
import { FleetUnderTest, installed, loaded, queryOf, type DeploymentSpec } from '../../apps/router/route.fixtures.js';

const limitMs = 1;
const extremeLimitMs = 2;
const runs = { time: 300, warmupTime: 100 };

const router: ComplexityRouter = {
  modelName: 'smart',
  tiers: { SIMPLE: ['model-0'], COMPLEX: ['model-1'] },
  defaultModel: 'model-0',
  boundaries: { simpleMedium: 0.15, mediumComplex: 0.35, complexReasoning: 0.6 },
  weights: { tokenCount: 0.1, codePresence: 0.3, reasoningMarkers: 0.25, technicalTerms: 0.25 },
  tokenThresholds: { simple: 15, complex: 400 },
  keywords: { code: [], reasoning: [], technical: [], simple: [] },
  reasoningOverrideMinScore: 0.15,
  lengthFloors: { COMPLEX: 500 },
};

/** Hosts with health, load and some history, as in a fleet that has run for a while. */
function fleetOf(count: number, models: number, strategy: (typeof strategyNames)[number]): FleetUnderTest {
  const deployments = Array.from({ length: count }, (_unused, at): DeploymentSpec => ({
    modelName: `model-${at % models}`,
    host: `host-${at % 50}`,
    id: `d${at}`,
    upstreamModel: `model-${at % models}`,
    order: at % 3 === 0 ? 1 : 2,
    rpm: 1_000_000,
  }));
  const fallbacks = Object.fromEntries(
    Array.from({ length: models }, (_unused, at) => [`model-${at}`, [`model-${(at + 1) % models}`]]),
  );
  const fleet = new FleetUnderTest({
    deployments,
    routers: [router],
    routing: { strategy, fallbacks, aliases: { alias: { model: 'model-0', hidden: false } } },
  });
  const names = Array.from({ length: models }, (_unused, at) => `model-${at}`);
  for (let host = 0; host < Math.min(50, count); host += 1) {
    fleet.health(`host-${host}`, { installed: installed(...names) });
    fleet.load(`host-${host}`, { loaded: loaded(`model-${host % models}`), running: host % 4 });
  }
  for (let at = 0; at < count; at += 1) fleet.outcome(`d${at}`, { durationMs: 100 + at });
  return fleet;
}

interface Case {
  readonly name: string;
  readonly fleet: FleetUnderTest;
  readonly query: PlanQuery;
  readonly limitMs: number;
}

const cases: Case[] = [10, 100, 1_000].flatMap((count) => [
  {
    name: `${count} deployments of ${count / 5} models`,
    fleet: fleetOf(count, count / 5, 'residency'),
    query: queryOf('alias'),
    limitMs,
  },
  ...strategyNames.map((strategy) => ({
    name: `${count} deployments of one model, ${strategy}`,
    fleet: fleetOf(count, 1, strategy),
    query: queryOf('alias', { key: { models: ['other', 'model-*'] } }),
    limitMs: count === 1_000 ? extremeLimitMs : limitMs,
  })),
]);

const longText = 'Refactor the distributed scheduler step by step, and first prove then explain it. '.repeat(390);
cases.push({
  name: 'a complexity router, 32 KiB of text',
  fleet: fleetOf(1_000, 200, 'residency'),
  query: queryOf('smart', { lastUserText: longText }),
  limitMs: extremeLimitMs,
});

describe('the time of a plan', () => {
  for (const { name, fleet, query, limitMs: limit } of cases) {
    it(`${name}: p99 under ${limit} ms`, async ({ bench }) => {
      const plan = () => planRoute(query, fleet.view, fleet.index, fleet.random, fleet.nowMs);
      expect(plan().attempts.length).toBeGreaterThan(0);
      const result = await bench(name, () => void plan()).run(runs);
      expect(result.latency.p99).toBeLessThan(limit);
    });
  }
});
