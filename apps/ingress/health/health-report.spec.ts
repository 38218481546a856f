import { describe, expect, it } from 'vitest';
import { BackendHealth } from '#contracts';
import { backendOf, deploymentOf, snapshotOf } from '../../provider-ollama/test/fixtures.js';
import { healthReport } from './health-report.js';

const account = backendOf('openrouter', 'https://x/v1', { kind: 'cloud', provider: 'openrouter', dialect: 'openai' });
const deployment = deploymentOf('d1', 'openrouter', 'a/old:free', { modelName: 'chat', provider: 'openrouter' });
const healthOf = (more: object) =>
  BackendHealth.parse({
    v: 1,
    backendId: 'openrouter',
    state: 'healthy',
    reason: null,
    since: '2026-01-01T00:00:00Z',
    lastProbeAt: null,
    probeLatencyMs: null,
    version: null,
    installed: [],
    loaded: null,
    ...more,
  });
const retired = (replacement: object | null) => [
  { deploymentId: 'd1', modelName: 'chat', upstreamModel: 'a/old:free', replacement },
];
const queue = { backendId: 'openrouter', running: 1, waiting: 2, expectedWaitMs: 1_234.5, swaps: 3, draining: true };
const report = (health: BackendHealth | null, cooling: object[] = [], queues: (typeof queue)[] = []) =>
  healthReport({
    queues,
    snapshot: snapshotOf([account], [deployment]),
    healthOf: () => health,
    cooling: cooling.map((entry) => ({
      deploymentId: 'd1',
      coolingUntil: null,
      coolingReason: null,
      inFlight: 0,
      ...entry,
    })),
  });

describe('GET /health', () => {
  const other = deploymentOf('d2', 'openrouter', 'b/other', { modelName: 'other', provider: 'openrouter' });
  const base = snapshotOf([account], [deployment, other]);
  const aliases = { short: { model: 'shorter', hidden: false }, shorter: { model: 'other', hidden: true } };
  it.each([
    [{ model: 'other' }, ['d2']],
    [{ model: 'short' }, ['d2']],
    [{ model: 'openrouter/a/old:free' }, ['d1']],
    [{ modelId: 'd1' }, ['d1']],
    [{ model: 'other', modelId: 'd1' }, []],
    [{ model: 'constructor' }, []],
    [{ model: null, modelId: null }, ['d1', 'd2']],
  ])('%j is about %j', (asked, ids) => {
    const snapshot = { ...base, routing: { ...base.routing, aliases } };
    const shown = healthReport({ snapshot, healthOf: () => null, cooling: [], queues: [], ...asked });
    expect(shown).toMatchObject({
      healthy_count: ids.length,
      healthy_endpoints: ids.map((id) => ({ model_id: id })),
      backends: [{ id: 'openrouter' }],
    });
  });

  it('names a retired model and its replacement, rather than that it cools down', () => {
    const stand = { upstreamModel: 'b/new:free', contextLength: 131_072, capabilities: ['tools', 'vision'] };
    const cooling = [{ coolingUntil: '2026-01-01T00:01:00Z', coolingReason: 'the upstream does not have the model' }];
    expect(report(healthOf({ retired: retired(stand) }), cooling)).toMatchObject({
      healthy_count: 0,
      unhealthy_endpoints: [
        {
          model: 'chat',
          error:
            "the provider no longer offers 'a/old:free'; 'b/new:free' (131072 tokens, tools, vision) could replace it: " +
            'signalbox models refresh --write',
        },
      ],
      backends: [
        {
          state: 'healthy',
          retired_models: [{ model: 'chat', upstream_model: 'a/old:free', replacement: 'b/new:free' }],
        },
      ],
    });
  });

  it('says no more where nothing could replace it', () => {
    expect(report(healthOf({ retired: retired(null) }))).toMatchObject({
      unhealthy_endpoints: [{ error: "the provider no longer offers 'a/old:free'" }],
    });
  });

  it('shows the queue of a host, and that it is drained', () => {
    expect(report(healthOf({}), [], [queue])).toMatchObject({
      unhealthy_endpoints: [{ error: 'the backend is being drained' }],
      backends: [{ queue: { running: 1, waiting: 2, expected_wait_ms: 1_235, model_swaps: 3, draining: true } }],
    });
  });

  it('says why a deployment cools down, and of a backend nobody looked at that it is unknown', () => {
    const cooling = [{ coolingUntil: '2026-01-01T00:01:00Z', coolingReason: 'rate limited' }];
    expect(report(null, cooling)).toMatchObject({
      unhealthy_endpoints: [{ error: 'cooling down until 2026-01-01T00:01:00Z: rate limited' }],
      backends: [{ state: 'unknown', reason: 'not probed yet' }],
    });
  });
});
