/** Builders for tests: snapshots, queries and events with everything that a test does not care about filled in. */
import {
  AttemptOutcome,
  Backend,
  BackendHealth,
  BackendLoad,
  ConfigSnapshot,
  Deployment,
  GatewayError,
  Plan,
  PlanQuery,
  type AttemptOutcomeEvent,
  type BackendLoadEvent,
  type ComplexityRouter,
  type RoutingSettings,
} from '#contracts';
import { sampleBackend, sampleDeployment, sampleRouting, sampleSnapshot } from '#testing';
import { FleetView } from './fleet/fleet-view.js';
import { planRoute } from './route-decision.js';
import { buildRouteIndex, type RouteIndex } from './route-index.js';

/** Some time; tests add to it. */
export const startMs = Date.UTC(2026, 0, 15, 12, 0, 0);

/** A sequence of numbers from 0 to 1, the same for the same seed (mulberry32). */
export function seededRandom(seed = 1): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface DeploymentSpec extends Partial<Omit<Deployment, 'id' | 'backendId'>> {
  readonly modelName: string;
  readonly host: string;
  readonly id?: string;
  readonly kind?: 'local' | 'cloud';
}

/** A deployment and its backend; local ones speak Ollama, cloud ones OpenAI. */
function deploymentOf(spec: DeploymentSpec, at: number): Deployment {
  const { host, id, kind = 'local', ...own } = spec;
  return sampleDeployment({
    id: id ?? `d${at}`,
    backendId: host,
    provider: kind === 'local' ? 'ollama' : 'openai',
    upstreamModel: spec.modelName,
    timeoutMs: 600_000,
    loadTimeoutMs: 300_000,
    dataPolicy: kind === 'local' ? 'local' : 'may-retain',
    path: `model_list[${at}]`,
    ...own,
  });
}

function backendOf(spec: DeploymentSpec): Backend {
  const kind = spec.kind ?? 'local';
  return sampleBackend({
    id: spec.host,
    kind,
    provider: spec.provider ?? (kind === 'local' ? 'ollama' : 'openai'),
    dialect:
      spec.provider === 'anthropic'
        ? 'anthropic'
        : kind === 'local' && (spec.provider ?? 'ollama') === 'ollama'
          ? 'ollama'
          : 'openai',
    apiBase: kind === 'local' ? `http://${spec.host}:11434` : `https://${spec.host}.example/v1`,
  });
}

export interface SnapshotSpec {
  readonly deployments: readonly DeploymentSpec[];
  readonly routing?: Partial<RoutingSettings>;
  readonly general?: Partial<ConfigSnapshot['general']>;
  readonly routers?: readonly ComplexityRouter[];
  readonly revision?: string;
}

/** A snapshot with LiteLLM's defaults. */
export function snapshotOf(spec: SnapshotSpec): ConfigSnapshot {
  const backends = new Map(spec.deployments.map((one) => [one.host, backendOf(one)]));
  return sampleSnapshot({
    revision: spec.revision ?? 'r1',
    backends: [...backends.values()],
    deployments: spec.deployments.map(deploymentOf),
    complexityRouters: spec.routers ?? [],
    routing: { ...defaultRouting, ...spec.routing },
    general: { healthCheckIntervalMs: 30_000, ...spec.general },
  });
}

export const defaultRouting: RoutingSettings = { ...sampleRouting, numRetries: 2 };

export interface QuerySpec extends Partial<Omit<PlanQuery, 'overrides' | 'key' | 'needs' | 'requestId' | 'exclude'>> {
  readonly requestId?: string;
  readonly exclude?: readonly string[];
  readonly overrides?: Partial<PlanQuery['overrides']>;
  readonly key?: {
    readonly isAdmin?: boolean;
    readonly models?: string[];
    readonly teamModels?: string[];
    readonly userModels?: string[];
  };
  readonly needs?: Partial<PlanQuery['needs']>;
}

/** A small chat request without special needs. */
export function queryOf(model: string, spec: QuerySpec = {}): PlanQuery {
  return PlanQuery.parse({
    v: 1,
    requestId: 'request-1',
    model,
    endpoint: 'chat',
    stream: false,
    inputTokens: 10,
    maxOutputTokens: null,
    dataPolicy: null,
    affinity: null,
    lastUserText: null,
    ...spec,
    exclude: spec.exclude ?? [],
    needs: { tools: false, vision: false, jsonSchema: false, reasoning: false, ...spec.needs },
    key: { id: null, teamId: null, isAdmin: false, models: [], teamModels: [], ...spec.key },
    overrides: {
      fallbacks: null,
      disableFallbacks: false,
      numRetries: null,
      timeoutMs: null,
      streamTimeoutMs: null,
      tags: [],
      ...spec.overrides,
    },
  });
}

export interface OutcomeSpec extends Partial<Omit<AttemptOutcomeEvent, 'backendId' | 'deploymentId' | 'requestId'>> {
  readonly requestId?: string;
}

/** A little fleet under test: a config, its view, a clock and a seed. */
export class FleetUnderTest {
  readonly index: RouteIndex;
  readonly view: FleetView;
  readonly random: () => number;
  nowMs = startMs;

  constructor(spec: SnapshotSpec | ConfigSnapshot, seed = 1) {
    this.index = buildRouteIndex('v' in spec ? spec : snapshotOf(spec));
    this.view = new FleetView(this.index);
    this.random = seededRandom(seed);
  }

  /** Plans a request, and checks that the plan is what the contract says. */
  plan(model: string, spec: QuerySpec = {}): Plan {
    return Plan.parse(planRoute(queryOf(model, spec), this.view, this.index, this.random, this.nowMs));
  }

  /** The error of a request that cannot be planned. */
  failure(model: string, spec: QuerySpec = {}): GatewayError {
    try {
      this.plan(model, spec);
    } catch (error) {
      if (error instanceof GatewayError) return error;
      throw error;
    }
    throw new Error('a plan was made');
  }

  /** Plans it and counts the start, as the service does. */
  start(model: string, spec: QuerySpec = {}): Plan {
    const plan = this.plan(model, spec);
    const first = plan.attempts[0];
    const query = queryOf(model, spec);
    if (first !== undefined) this.view.noteStart(query.requestId, first, query.inputTokens, this.nowMs);
    return plan;
  }

  /** The first tries of the plan as `host` names, retries left out. */
  hosts(model: string, spec: QuerySpec = {}): string[] {
    return this.plan(model, spec)
      .attempts.filter((attempt) => attempt.retry === 0)
      .map((attempt) => attempt.backend.id);
  }

  outcome(deploymentId: string, spec: OutcomeSpec = {}): void {
    const candidate = this.index.byId.get(deploymentId);
    const event = AttemptOutcome.payload.parse({
      v: 1,
      backendId: candidate?.backend.id ?? 'nowhere',
      deploymentId,
      modelGroup: candidate?.deployment.modelName ?? 'nothing',
      ok: true,
      errorCode: null,
      upstreamStatus: null,
      blame: 'backend',
      retryAfterMs: null,
      durationMs: 100,
      firstTokenMs: null,
      inputTokens: 10,
      outputTokens: 10,
      stream: false,
      at: new Date(this.nowMs).toISOString(),
      ...spec,
    });
    this.view.applyOutcome(event, this.nowMs);
  }

  fail(deploymentId: string, errorCode: string, spec: OutcomeSpec = {}): void {
    this.outcome(deploymentId, { ok: false, errorCode, ...spec });
  }

  health(host: string, spec: Partial<Omit<BackendHealth, 'backendId'>> = {}): void {
    const at = new Date(this.nowMs).toISOString();
    const event = BackendHealth.parse({
      v: 1,
      backendId: host,
      state: 'healthy',
      reason: null,
      since: at,
      lastProbeAt: at,
      probeLatencyMs: 1,
      version: null,
      installed: null,
      loaded: null,
      ...spec,
    });
    this.view.applyHealth(event, this.nowMs);
  }

  load(host: string, spec: Partial<Omit<BackendLoadEvent, 'backendId'>> = {}): void {
    const event = BackendLoad.payload.parse({
      v: 1,
      backendId: host,
      reporter: 'worker',
      running: 0,
      queued: 0,
      loaded: null,
      expectedWaitMs: null,
      draining: false,
      at: new Date(this.nowMs).toISOString(),
      ...spec,
    });
    this.view.applyLoad(event, this.nowMs);
  }
}

/** Models by name that a host says it has. */
export function installed(...names: string[]): BackendHealth['installed'] {
  return names.map((name) => ({ name, sizeBytes: null, contextLength: null, capabilities: null }));
}

/** Models that are in a host's memory. */
export function loaded(...names: string[]): NonNullable<BackendHealth['loaded']> {
  return names.map((name) => ({ name, sizeBytes: 8e9, vramBytes: 8e9, contextLength: null, expiresAt: null }));
}
