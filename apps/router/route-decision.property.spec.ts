/** What holds for every plan, whatever the config, the fleet's state and the request are. */
import {
  GatewayError,
  dataPolicies,
  retriesAllowed,
  satisfiesDataPolicy,
  strategyNames,
  type Attempt,
  type Plan,
} from '#contracts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { BreakerState } from './fleet/breaker.js';
import { isFreeModel } from './fleet/consequence.js';
import { FleetUnderTest, type DeploymentSpec, type QuerySpec, type SnapshotSpec } from './route.fixtures.js';

const groupNames = ['a', 'b', 'c', 'd', 'openai/*'];
const askable = ['a', 'b', 'c', 'd', 'alias', 'chain', 'smart', 'openai/x', 'd0', 'nobody'];
const name = fc.constantFrom(...askable);
const hosts = ['h0', 'h1', 'h2', 'h3'];

const deployment = fc.record({
  modelName: fc.constantFrom(...groupNames),
  host: fc.constantFrom(...hosts),
  order: fc.option(fc.integer({ min: 1, max: 2 })),
  weight: fc.option(fc.integer({ min: 0, max: 3 })),
  rpm: fc.option(fc.integer({ min: 1, max: 3 })),
  numRetries: fc.option(fc.integer({ min: 0, max: 3 })),
  dataPolicy: fc.constantFrom(...dataPolicies),
  maxInputTokens: fc.option(fc.integer({ min: 5, max: 50 })),
  fallbackModels: fc.array(name, { maxLength: 1 }),
});

const lists = fc.dictionary(fc.constantFrom(...askable, '*'), fc.array(name, { maxLength: 3 }), { maxKeys: 4 });

const config = fc
  .record({
    deployments: fc.array(deployment, { minLength: 1, maxLength: 8 }),
    fallbacks: lists,
    contextWindowFallbacks: lists,
    contentPolicyFallbacks: lists,
    defaultFallbacks: fc.array(name, { maxLength: 2 }),
    strategy: fc.option(fc.constantFrom(...strategyNames)),
    contextOverflow: fc.constantFrom('reject' as const, 'truncate' as const),
    unknownModel: fc.constantFrom('reject' as const, 'default' as const),
    numRetries: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ deployments, ...routing }): SnapshotSpec => ({
    // Even hosts are local, odd ones clouds.
    deployments: deployments.map((one, at): DeploymentSpec => {
      const isLocal = one.host === 'h0' || one.host === 'h2';
      const upstreamModel = one.modelName === 'openai/*' ? '*' : one.modelName;
      return { ...one, id: `d${at}`, kind: isLocal ? 'local' : 'cloud', upstreamModel };
    }),
    routing: {
      ...routing,
      aliases: { alias: { model: 'b', hidden: false }, chain: { model: 'alias', hidden: true } },
    },
    routers: [
      {
        modelName: 'smart',
        tiers: { SIMPLE: ['alias', 'c'], COMPLEX: ['openai/x'] },
        defaultModel: 'chain',
        boundaries: { simpleMedium: 0.15, mediumComplex: 0.35, complexReasoning: 0.6 },
        weights: {},
        tokenThresholds: { simple: 15, complex: 400 },
        keywords: { code: [], reasoning: [], technical: [], simple: [] },
        reasoningOverrideMinScore: 0.15,
        lengthFloors: { COMPLEX: 10 },
      },
    ],
  }));

type Happening = { readonly kind: 'down' | 'refused' | 'limited' | 'sick' | 'drained' | 'later'; readonly at: number };
const happenings = fc.array(
  fc.record({
    kind: fc.constantFrom<Happening['kind']>('down', 'refused', 'limited', 'sick', 'drained', 'later'),
    at: fc.nat({ max: 7 }),
  }),
  { maxLength: 6 },
);

const request = fc.record({
  dataPolicy: fc.option(fc.constantFrom(...dataPolicies)),
  inputTokens: fc.integer({ min: 1, max: 60 }),
  stream: fc.boolean(),
  lastUserText: fc.option(fc.constantFrom('hi', 'a longer text of a human')),
  affinity: fc.option(fc.constantFrom('x', 'y')),
  overrides: fc.record({
    fallbacks: fc.option(fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'alias'), { maxLength: 2 })),
    disableFallbacks: fc.boolean(),
  }),
});

function happen(fleet: FleetUnderTest, happening: Happening): void {
  const id = `d${happening.at}`;
  const host = hosts[happening.at % hosts.length] ?? 'h0';
  switch (happening.kind) {
    case 'down':
      for (let times = 0; times < 4; times += 1) fleet.fail(id, 'upstream_error', { upstreamStatus: 500 });
      return;
    case 'refused':
      return fleet.fail(id, 'upstream_unreachable');
    case 'limited':
      return fleet.fail(id, 'rate_limit_exceeded', { upstreamStatus: 429, retryAfterMs: 60_000 });
    case 'sick':
      return fleet.health(host, { state: 'unhealthy' });
    case 'drained':
      return fleet.load(host, { draining: true });
    case 'later':
      fleet.nowMs += 6_000;
  }
}

/** The plan, or null where the router refused in a way that the contract names. */
function planOrNull(fleet: FleetUnderTest, model: string, query: QuerySpec): Plan | null {
  try {
    return fleet.plan(model, query);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const codes = [
      'model_not_found',
      'no_healthy_backend',
      'data_policy_violation',
      'context_length_exceeded',
      'rate_limit_exceeded',
    ];
    expect(codes).toContain(error.code);
    return null;
  }
}

function forEveryPlan(check: (plan: Plan, fleet: FleetUnderTest, query: QuerySpec) => void): void {
  fc.assert(
    fc.property(config, happenings, request, name, fc.nat(), (spec, events, query, model, seed) => {
      const fleet = new FleetUnderTest(spec, seed);
      for (const event of events) happen(fleet, event);
      const plan = planOrNull(fleet, model, query);
      if (plan !== null) check(plan, fleet, query);
    }),
    { numRuns: 400 },
  );
}

const isOut = (fleet: FleetUnderTest, attempt: Attempt): boolean => {
  const host = attempt.backend.id;
  return (
    fleet.view.health(host, 120_000, fleet.nowMs)?.state === 'unhealthy' ||
    fleet.view.load(host, fleet.nowMs).draining ||
    breakerOf(fleet, attempt).kind === 'open'
  );
};

const breakerOf = (fleet: FleetUnderTest, attempt: Attempt): BreakerState => {
  const free = isFreeModel(attempt.backend.provider, attempt.upstreamModel);
  return fleet.view.breaker(attempt.deploymentId, attempt.backend.id, free, fleet.nowMs);
};

it('nothing that is down, drained or cooling is ever in a plan; hosts on trial only where nothing else is', () => {
  forEveryPlan((plan, fleet) => {
    const isOnTrial = (attempt: Attempt) => {
      const state = breakerOf(fleet, attempt);
      return state.kind === 'open' && (state.unserved || (state.onTrial && attempt.kind === 'local'));
    };
    const joins = plan.attempts.filter((one) => one.onlyAfter === 'any').every(isOnTrial);
    for (const attempt of plan.attempts) expect(isOut(fleet, attempt) && !(joins && isOnTrial(attempt))).toBe(false);
  });
});

it('no prompt ever leaves its data policy, by whatever route', () => {
  forEveryPlan((plan, _fleet, query) => {
    const demanded = query.dataPolicy ?? null;
    if (demanded === null) return;
    for (const attempt of plan.attempts) {
      expect(satisfiesDataPolicy(attempt.dataPolicy, demanded)).toBe(true);
      if (demanded === 'local') expect(attempt.kind).toBe('local');
    }
  });
});

it('no model comes twice: a deployment once per kind of failure and retry, a group in one piece', () => {
  forEveryPlan((plan) => {
    const tries = plan.attempts.map((one) =>
      [one.deploymentId, one.upstreamModel, one.retry, one.onlyAfter, one.truncateToTokens !== null].join(' '),
    );
    expect(new Set(tries).size).toBe(tries.length);
    const pieces = plan.attempts
      .filter((one) => one.onlyAfter === 'any' && one.truncateToTokens === null)
      .map((one) => one.modelGroup)
      .filter((group, at, all) => group !== all[at - 1]);
    expect(new Set(pieces).size).toBe(pieces.length);
  });
});

it('within a group a lower order comes before a higher one', () => {
  forEveryPlan((plan, fleet) => {
    const firsts = plan.attempts.filter((one) => one.retry === 0 && one.truncateToTokens === null);
    for (const [at, attempt] of firsts.entries()) {
      const next = firsts[at + 1];
      if (next === undefined || next.modelGroup !== attempt.modelGroup || next.onlyAfter !== attempt.onlyAfter)
        continue;
      const orderOf = (one: Attempt) => fleet.index.byId.get(one.deploymentId)?.deployment.order ?? Infinity;
      expect(orderOf(attempt)).toBeLessThanOrEqual(orderOf(next));
    }
  });
});

it('no prompt is sent where it does not fit, unless it is cut', () => {
  forEveryPlan((plan, _fleet, query) => {
    for (const attempt of plan.attempts) {
      const sent = attempt.truncateToTokens ?? query.inputTokens ?? 0;
      expect(sent).toBeLessThanOrEqual(attempt.maxInputTokens ?? Infinity);
    }
  });
});

it('begins with an attempt of any kind, and has retries enough for what it allows', () => {
  forEveryPlan((plan) => {
    expect(plan.attempts[0]?.onlyAfter).toBe('any');
    const failure = { code: 'upstream_error', upstreamStatus: 500 };
    for (const { retry, modelGroup } of plan.attempts) {
      const allowed = plan.retry === undefined ? 0 : retriesAllowed(plan.retry, failure, modelGroup);
      expect(retry).toBeLessThanOrEqual(allowed);
    }
  });
});

it('with disable_fallbacks only the group that was asked for is tried', () => {
  forEveryPlan((plan, _fleet, query) => {
    if (query.overrides?.disableFallbacks !== true) return;
    for (const attempt of plan.attempts) expect(attempt.modelGroup).toBe(plan.modelGroup);
  });
});
