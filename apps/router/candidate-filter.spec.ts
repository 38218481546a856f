/** Which deployments are left out of a plan for now: sick hosts, cooling ones, used-up limits, missing models (docs/routing.md, section 6). */
import { describe, expect, it } from 'vitest';
import { planRoute } from './route-decision.js';
import {
  FleetUnderTest,
  installed,
  queryOf,
  snapshotOf,
  type DeploymentSpec,
  type SnapshotSpec,
} from './route.fixtures.js';
import { buildRouteIndex } from './route-index.js';

const two = (one: Partial<DeploymentSpec>, other: Partial<DeploymentSpec> = {}): SnapshotSpec => ({
  deployments: [
    { modelName: 'm', host: 'one', id: 'a', ...one },
    { modelName: 'm', host: 'two', id: 'b', ...other },
  ],
});

describe('hosts', () => {
  it('an unhealthy host, a drained one and one without the model are left out', () => {
    const fleet = new FleetUnderTest({
      deployments: ['sick', 'drained', 'empty', 'well'].map((host) => ({ modelName: 'm', host })),
    });
    fleet.health('sick', { state: 'unhealthy', reason: 'connection refused' });
    fleet.load('drained', { draining: true });
    fleet.health('empty', { installed: installed('other') });
    fleet.health('well', { installed: installed('m:latest') });
    expect(fleet.hosts('m')).toEqual(['well']);
  });

  it('an unhealthy host comes back when the judge has been silent for three of its rounds, at least two minutes', () => {
    for (const [roundMs, memoryMs] of [
      [30_000, 120_000],
      [900_000, 2_700_000],
    ] as const) {
      const snapshot = snapshotOf(two({}));
      const general = { ...snapshot.general, healthCheckIntervalMs: roundMs };
      const fleet = new FleetUnderTest({ ...snapshot, general });
      fleet.health('one', { state: 'unhealthy' });
      fleet.nowMs += memoryMs;
      expect(fleet.hosts('m')).toEqual(['two']);
      fleet.nowMs += 1;
      expect(fleet.hosts('m')).toHaveLength(2);
    }
  });

  it('a host that is merely degraded or unknown is used', () => {
    const fleet = new FleetUnderTest(two({}));
    fleet.health('one', { state: 'degraded' });
    fleet.health('two', { state: 'unknown' });
    expect(fleet.hosts('m')).toHaveLength(2);
  });

  it('a list of models that is older than a minute and a half proves nothing either: somebody may have pulled one', () => {
    const fleet = new FleetUnderTest({ deployments: [{ modelName: 'm', host: 'one' }] });
    fleet.health('one', { installed: installed('other') });
    expect(fleet.failure('m').code).toBe('no_healthy_backend');
    fleet.nowMs += 90_001;
    expect(fleet.hosts('m')).toEqual(['one']);
  });

  it('a model that came into the config after the list was made is tried: its owner has just pulled it', () => {
    const fleet = new FleetUnderTest({ deployments: [{ modelName: 'm', host: 'one', upstreamModel: 'm:1' }] });
    fleet.health('one', { installed: installed('m:1') });
    fleet.nowMs += 1_000;
    const upgraded = snapshotOf({ deployments: [{ modelName: 'm', host: 'one', upstreamModel: 'm:2' }] });
    const index = buildRouteIndex(upgraded);
    fleet.view.reload(index, fleet.nowMs);
    const plan = () => planRoute(queryOf('m'), fleet.view, index, fleet.random, fleet.nowMs);
    expect(plan().attempts[0]?.upstreamModel).toBe('m:2');
    fleet.nowMs += 1_000;
    fleet.health('one', { installed: installed('m:1') });
    expect(plan).toThrow('None of its hosts has the model');
  });

  it('the list of an engine that is not Ollama proves nothing: llama.cpp answers to any name', () => {
    const fleet = new FleetUnderTest({ deployments: [{ modelName: 'm', host: 'one', provider: 'llamafile' }] });
    fleet.health('one', { installed: installed('/models/something.gguf') });
    expect(fleet.hosts('m')).toEqual(['one']);
  });

  it('all down: 503 with a time, and the reasons for admins', () => {
    const fleet = new FleetUnderTest(two({}));
    fleet.health('one', { state: 'unhealthy', reason: 'connection refused' });
    fleet.fail('b', 'upstream_unreachable');
    const error = fleet.failure('m');
    expect(error.code).toBe('no_healthy_backend');
    expect(error.details.retryAfterMs).toBe(5_000);
    expect(error.details.adminText).toContain('connection refused');
    expect(error.message).not.toMatch(/refused|one|two/);
  });

  it('nobody has the model: 503 with the command that pulls it, for admins', () => {
    const fleet = new FleetUnderTest(two({ upstreamModel: 'qwen3:14b' }, { upstreamModel: 'qwen3:14b' }));
    for (const host of ['one', 'two']) fleet.health(host, { installed: installed('other') });
    const error = fleet.failure('m');
    expect(error.code).toBe('no_healthy_backend');
    expect(error.details.adminText).toContain('On http://one:11434: ollama pull qwen3:14b');
    expect(error.message).toContain('None of its hosts has the model');
  });

  it('an unset variable takes a deployment out, and is named to admins only', () => {
    const fleet = new FleetUnderTest(two({ missingVariables: ['OPENAI_API_KEY'] }));
    expect(fleet.hosts('m')).toEqual(['two']);
    const alone = new FleetUnderTest(two({ missingVariables: ['A_KEY'] }, { missingVariables: ['A_KEY'] })).failure(
      'm',
    );
    expect(alone.code).toBe('no_healthy_backend');
    expect(alone.details.adminText).toContain('A_KEY');
    expect(alone.message).not.toContain('A_KEY');
  });
});

describe('cooling', () => {
  it('a cooling deployment is left out, and a group of which all are cooling fails at once', () => {
    const fleet = new FleetUnderTest(two({}));
    fleet.fail('a', 'rate_limit_exceeded', { upstreamStatus: 429, retryAfterMs: 30_000 });
    expect(fleet.hosts('m')).toEqual(['two']);
    fleet.fail('b', 'rate_limit_exceeded', { upstreamStatus: 429, retryAfterMs: 10_000 });
    const error = fleet.failure('m');
    expect(error.code).toBe('no_healthy_backend');
    expect(error.details.retryAfterMs).toBe(10_000);
  });

  it('after the cooldown one request tries, the others go elsewhere', () => {
    const fleet = new FleetUnderTest(two({}));
    fleet.fail('a', 'upstream_unreachable');
    fleet.nowMs += 5_000;
    expect(fleet.hosts('m')).toHaveLength(2);
    fleet.start('m', { requestId: 'trial', exclude: ['b'] });
    expect(fleet.hosts('m')).toEqual(['two']);
  });

  it('where there is nothing else they go along with it to a local host, whose queue holds them', () => {
    const fleet = new FleetUnderTest({ deployments: [{ modelName: 'm', host: 'one', id: 'a' }] });
    fleet.fail('a', 'upstream_unreachable');
    expect(fleet.failure('m').code).toBe('no_healthy_backend');
    fleet.nowMs += 5_000;
    expect(fleet.start('m', { requestId: 'trial' }).attempts[0]?.backend.id).toBe('one');
    expect(fleet.hosts('m')).toEqual(['one']);
    fleet.fail('a', 'upstream_unreachable', { requestId: 'trial' });
    expect(fleet.failure('m').details.retryAfterMs).toBe(10_000);
  });

  it.each(['local', 'cloud'] as const)(
    'a %s backend that nobody served just then is left out only where there is another',
    (kind) => {
      const backends = [
        { modelName: 'm', host: 'one', id: 'a', kind },
        { modelName: 'm', host: 'two', id: 'b', kind },
      ];
      const fleet = new FleetUnderTest({ deployments: backends });
      fleet.fail('a', 'service_unavailable', { blame: 'gateway' });
      expect(fleet.hosts('m')).toEqual(['two']);
      fleet.fail('b', 'service_unavailable', { blame: 'gateway' });
      expect(new Set(fleet.hosts('m'))).toEqual(new Set(['one', 'two']));
    },
  );

  it('an account that refused is tried by one request, and the others fail at once', () => {
    const fleet = new FleetUnderTest({ deployments: [{ modelName: 'm', host: 'one', id: 'a', kind: 'cloud' }] });
    fleet.fail('a', 'rate_limit_exceeded', { upstreamStatus: 429, retryAfterMs: 5_000 });
    fleet.nowMs += 5_000;
    expect(fleet.start('m', { requestId: 'trial' }).attempts[0]?.backend.id).toBe('one');
    expect(fleet.failure('m').code).toBe('no_healthy_backend');
  });

  it('what the request has tried does not come again', () => {
    expect(new FleetUnderTest(two({})).hosts('m', { exclude: ['a'] })).toEqual(['two']);
  });
});

describe('limits of a deployment', () => {
  it('rpm: over it the others are used, and over all of them it is 429 with a time', () => {
    const fleet = new FleetUnderTest(two({ rpm: 1 }, { rpm: 1 }));
    const first = fleet.start('m', { requestId: 'r1' }).attempts[0]?.backend.id;
    const second = fleet.start('m', { requestId: 'r2' }).attempts.map((attempt) => attempt.backend.id);
    expect(second).not.toContain(first);
    const error = fleet.failure('m');
    expect(error.code).toBe('rate_limit_exceeded');
    expect(error.details.retryAfterMs).toBeGreaterThan(50_000);
    fleet.nowMs += error.details.retryAfterMs ?? 0;
    expect(fleet.hosts('m')).toHaveLength(2);
  });

  it('tpm: the prompt counts, and one that is larger than the limit alone is let through', () => {
    const fleet = new FleetUnderTest({ deployments: [{ modelName: 'm', host: 'one', id: 'a', tpm: 100 }] });
    fleet.start('m', { requestId: 'r1', inputTokens: 500 });
    expect(fleet.failure('m').code).toBe('rate_limit_exceeded');
    fleet.nowMs += 65_000;
    fleet.start('m', { requestId: 'r2', inputTokens: 60 });
    expect(fleet.failure('m', { inputTokens: 50 }).code).toBe('rate_limit_exceeded');
    expect(fleet.hosts('m', { inputTokens: 40 })).toEqual(['one']);
  });

  it('max_parallel_requests sends to a free place first, and turns nobody away', () => {
    const cloud = new FleetUnderTest({
      deployments: [
        { modelName: 'm', host: 'c', kind: 'cloud', maxParallelRequests: 1, order: 1 },
        { modelName: 'm', host: 'd', kind: 'cloud', order: 2 },
      ],
    });
    expect(cloud.hosts('m')).toEqual(['c', 'd']);
    cloud.start('m', { requestId: 'r1' });
    expect(cloud.hosts('m')).toEqual(['d', 'c']);
    expect(cloud.plan('m').attempts.find((one) => one.backend.id === 'c')?.why).toContain('its places are taken');
    const local = new FleetUnderTest({ deployments: [{ modelName: 'm', host: 'l', maxParallelRequests: 1 }] });
    local.start('m', { requestId: 'r1' });
    expect(local.hosts('m')).toEqual(['l']);
  });

  it('the free models of an OpenRouter account share 20 requests a minute', () => {
    const free = { kind: 'cloud', provider: 'openrouter', host: 'openrouter' } as const;
    const fleet = new FleetUnderTest({
      deployments: [
        { ...free, modelName: 'x', upstreamModel: 'v/x:free' },
        { ...free, modelName: 'y', upstreamModel: 'v/y:free' },
        { ...free, modelName: 'paid', upstreamModel: 'v/paid' },
      ],
    });
    for (let at = 0; at < 20; at += 1) fleet.start(at % 2 === 0 ? 'x' : 'y', { requestId: `r${at}` });
    expect(fleet.failure('x').code).toBe('rate_limit_exceeded');
    expect(fleet.hosts('paid')).toEqual(['openrouter']);
  });
});

describe('a model that a host lacks', () => {
  const pulled = (general: object, more: Partial<DeploymentSpec> = {}) => {
    const fleet = new FleetUnderTest({ ...two(more, more), general });
    fleet.health('one', { installed: installed('other') });
    return fleet;
  };

  it('is asked of the host that has it', () => {
    expect(pulled({ autoPull: true }).hosts('m')).toEqual(['two']);
  });

  it('is fetched where nobody has it, only with auto_pull', () => {
    const fetching = pulled({ autoPull: true });
    fetching.health('two', { installed: installed('other') });
    expect(fetching.hosts('m').toSorted()).toEqual(['one', 'two']);
    const without = pulled({ autoPull: false });
    without.health('two', { installed: installed('other') });
    expect(without.failure('m').code).toBe('no_healthy_backend');
  });

  it('is not fetched by a host that is away', () => {
    const fetching = pulled({ autoPull: true });
    fetching.health('two', { state: 'unhealthy', reason: 'away' });
    expect(fetching.hosts('m')).toEqual(['one']);
  });

  it('is not fetched for a wildcard: clients would choose what', () => {
    const wild = pulled({ autoPull: true }, { modelName: '*', upstreamModel: '*' });
    wild.health('two', { installed: installed('other') });
    expect(wild.failure('m').code).toBe('no_healthy_backend');
  });
});
