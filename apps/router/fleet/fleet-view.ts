/**
 * The router's picture of the fleet: folded from outcomes, load reports, judgements of health and the starts of its own
 * plans. In memory only, and without a clock: every method takes the time. Replicas hear the same events, so their
 * pictures agree without a shared store.
 */
import type {
  Attempt,
  AttemptOutcomeEvent,
  BackendHealth,
  BackendLoadEvent,
  InstalledModel,
  RequestId,
} from '#contracts';
import type { Candidate } from '../candidate.js';
import type { RouteIndex } from '../route-index.js';
import { breakerState, claimTrial, releaseTrial, type Breaker, type BreakerState } from './breaker.js';
import { BackendState, DeploymentState, type HostLoad } from './fleet-state.js';
import { applyConsequence } from './apply-outcome.js';
import { unmeasured, latencyOf, type Latency } from './latency-window.js';
import { isFreeModel } from './consequence.js';

/** A start without an outcome is forgotten after this. */
const longestStartMs = 600_000;
/** A reporter of load, which speaks every second, is gone when it is silent for longer. */
const loadMemoryMs = 10_000;
/** LiteLLM's `ttl` for latencies. */
const latencyTtlMs = 3_600_000;
/** A little longer than a worker waits for a connection (5 s). */
const trialMs = 6_000;

const idleHost: HostLoad = {
  running: 0,
  queued: 0,
  expectedWaitMs: null,
  draining: false,
  loaded: null,
  swaps: 0,
  isReported: false,
};
const closed: BreakerState = { kind: 'closed' };

interface Start {
  readonly deploymentId: string;
  readonly backendId: string;
  readonly free: boolean;
  readonly tokens: number;
  readonly atMs: number;
}

export class FleetView {
  #index: RouteIndex;
  readonly #deployments = new Map<string, DeploymentState>();
  readonly #backends = new Map<string, BackendState>();
  readonly #starts = new Map<string, Start>();
  /** When deployments came with a change of the config; absent for those that were there from the start. */
  readonly #newSinceMs = new Map<string, number>();

  constructor(index: RouteIndex) {
    this.#index = index;
  }

  /** Takes a new config on. Cooldowns, counters and latencies of deployments and backends that did not change stay. */
  reload(index: RouteIndex, nowMs: number): void {
    for (const id of new Set([...this.#deployments.keys(), ...this.#newSinceMs.keys(), ...index.byId.keys()])) {
      const before = this.#index.byId.get(id);
      const after = index.byId.get(id);
      const same =
        before !== undefined &&
        after !== undefined &&
        before.upstreamModel === after.upstreamModel &&
        before.backend.id === after.backend.id;
      if (same) continue;
      this.#deployments.delete(id);
      if (after === undefined) this.#newSinceMs.delete(id);
      else this.#newSinceMs.set(id, nowMs);
    }
    for (const id of this.#backends.keys()) if (!index.backends.has(id)) this.#backends.delete(id);
    this.#index = index;
  }

  /** Counts the first attempt of a plan as running, and takes the trial of a half-open breaker. */
  noteStart(requestId: RequestId, attempt: Attempt, inputTokens: number, nowMs: number): void {
    this.#forgetOldStarts(nowMs);
    this.takeBack(requestId, nowMs);
    const state = this.#deployment(attempt.deploymentId);
    const backend = this.#backend(attempt.backend.id);
    state.inFlight += 1;
    state.requests.add(1, nowMs);
    state.tokens.add(inputTokens, nowMs);
    const free = isFreeModel(attempt.backend.provider, attempt.upstreamModel);
    if (free) {
      backend.freeRequests.add(1, nowMs);
      backend.freeBreaker = claimTrial(backend.freeBreaker, trialMs, nowMs);
    }
    state.breaker = claimTrial(state.breaker, trialMs, nowMs);
    backend.breaker = claimTrial(backend.breaker, trialMs, nowMs);
    const {
      deploymentId,
      backend: { id: backendId },
    } = attempt;
    this.#starts.set(requestId, { deploymentId, backendId, free, tokens: inputTokens, atMs: nowMs });
  }

  /** A request that is planned anew: whoever asked did not get the first plan, so nothing of it is counted. */
  takeBack(requestId: RequestId, nowMs: number): void {
    const start = this.#starts.get(requestId);
    if (start === undefined) return;
    this.#endStart(requestId);
    const state = this.#deployments.get(start.deploymentId);
    if (state !== undefined) {
      state.requests.add(-1, nowMs);
      state.tokens.add(-start.tokens, nowMs);
      state.breaker = releaseTrial(state.breaker);
    }
    const backend = this.#backends.get(start.backendId);
    if (backend === undefined) return;
    if (start.free) backend.freeRequests.add(-1, nowMs);
    backend.breaker = releaseTrial(backend.breaker);
    backend.freeBreaker = releaseTrial(backend.freeBreaker);
  }

  /** An attempt has ended: counters, latencies, cooldowns. Outcomes of unknown deployments only end their start. */
  applyOutcome(outcome: AttemptOutcomeEvent, nowMs: number): void {
    const start = outcome.requestId === undefined ? undefined : this.#starts.get(outcome.requestId);
    // Attempts of a request come one after the other: whichever this was, the first one has ended.
    if (outcome.requestId !== undefined) this.#endStart(outcome.requestId);
    const own = start?.deploymentId === outcome.deploymentId ? start : undefined;
    const candidate = this.#index.byId.get(outcome.deploymentId);
    if (candidate === undefined) return;
    const state = this.#deployment(outcome.deploymentId);
    const free = isFreeModel(candidate.backend.provider, candidate.upstreamModel);
    // What a plan counted ahead stands; of other routers' plans it is counted now; a plan that nobody used is taken back.
    const counted = (own === undefined ? 1 : 0) - (outcome.unused === true ? 1 : 0);
    if (counted !== 0) {
      state.requests.add(counted, nowMs);
      if (free) this.#backend(outcome.backendId).freeRequests.add(counted, nowMs);
    }
    state.tokens.add(outcome.inputTokens + outcome.outputTokens - (own?.tokens ?? 0), nowMs);
    state.noteLatency(outcome, nowMs);
    const routing = this.#index.snapshot.routing;
    applyConsequence(outcome, free, candidate.deployment, routing, state, this.#backend(outcome.backendId), nowMs);
  }

  /** A report of one worker about one host. */
  applyLoad(load: BackendLoadEvent, nowMs: number): void {
    this.#backend(load.backendId).noteLoad(load, nowMs);
  }

  /** A judgement of the health service; a host that is well again leaves its cooldown at once. */
  applyHealth(health: BackendHealth, nowMs: number): void {
    const backend = this.#backend(health.backendId);
    backend.noteHealth(health, nowMs);
    if (backend.installed === null || backend.installed.size === 0) return;
    for (const [id, state] of this.#deployments) {
      const candidate = this.#index.byId.get(id);
      // A model that was missing and has been pulled since.
      const isBack = candidate?.backend.id === health.backendId && backend.installed.has(candidate.taggedModel);
      if (isBack) state.noteInstalled(backend.healthAtMs);
    }
  }

  /** The backend's entry has gone from the bucket. */
  forgetHealth(backendId: string): void {
    const state = this.#backends.get(backendId);
    state?.forgetHealth();
  }

  /** What the breakers of a deployment, its host or account, and its free models let through, the strictest of them. */
  breaker(deploymentId: string, backendId: string, free: boolean, nowMs: number): BreakerState {
    const backend = this.#backends.get(backendId);
    const ofDeployment = stateOf(this.#deployments.get(deploymentId)?.breaker, nowMs);
    const ofBoth = stricter(ofDeployment, stateOf(backend?.breaker, nowMs));
    return free ? stricter(ofBoth, stateOf(backend?.freeBreaker, nowMs)) : ofBoth;
  }

  /** What the breaker of a host or account alone lets through. */
  backendBreaker(backendId: string, nowMs: number): BreakerState {
    return stateOf(this.#backends.get(backendId)?.breaker, nowMs);
  }

  /** The last judgement of a backend, or null; one that is older than `maxAgeMs` no longer counts. */
  health(backendId: string, maxAgeMs: number, nowMs: number): BackendHealth | null {
    const state = this.#backends.get(backendId);
    if (state === undefined || state.health === null) return null;
    return nowMs - state.healthAtMs > maxAgeMs ? null : state.health;
  }

  /**
   * Whether a host's list of models may prove that a deployment's model is missing: it was made within `maxAgeMs`, and
   * after the deployment came into the config. Owners pull a model and then name it.
   */
  hasFreshList({ deployment, backend }: Candidate, maxAgeMs: number, nowMs: number): boolean {
    const madeAtMs = this.#backends.get(backend.id)?.healthAtMs ?? 0;
    return nowMs - madeAtMs <= maxAgeMs && madeAtMs >= (this.#newSinceMs.get(deployment.id) ?? 0);
  }

  /** What a host says of a model (named with its tag), by the last probe; undefined where it does not have it. */
  installed(backendId: string, taggedModel: string): InstalledModel | undefined {
    return this.#backends.get(backendId)?.installed?.get(taggedModel);
  }

  /** What the workers said of a host in the last seconds, summed; loaded models from the last probe else. */
  load(backendId: string, nowMs: number): HostLoad {
    const state = this.#backends.get(backendId);
    if (state === undefined) return idleHost;
    return state.hostLoad(loadMemoryMs, nowMs);
  }

  /** Attempts of this router's plans that have begun and not ended. */
  inFlight(deploymentId: string): number {
    return this.#deployments.get(deploymentId)?.inFlight ?? 0;
  }

  /** Requests and tokens of the last minute, of all routers. */
  usage(deploymentId: string, nowMs: number): { requests: number; tokens: number } {
    const state = this.#deployments.get(deploymentId);
    if (state === undefined) return { requests: 0, tokens: 0 };
    return { requests: state.requests.total(nowMs), tokens: state.tokens.total(nowMs) };
  }

  /** Milliseconds until a deployment has room again under both limits. */
  roomInMs(deploymentId: string, rpm: number | null, tpm: number | null, tokens: number, nowMs: number): number {
    const state = this.#deployments.get(deploymentId);
    if (state === undefined) return 0;
    const byRequests = rpm === null ? 0 : state.requests.fallsToMs(rpm - 1, nowMs);
    const byTokens = tpm === null ? 0 : state.tokens.fallsToMs(Math.max(0, tpm - tokens), nowMs);
    return Math.max(byRequests, byTokens);
  }

  /** Requests of the last minute to the account's free models, and when they fall below `limit`. */
  freeUsage(backendId: string, limit: number, nowMs: number): { requests: number; roomInMs: number } {
    const window = this.#backends.get(backendId)?.freeRequests;
    if (window === undefined) return { requests: 0, roomInMs: 0 };
    return { requests: window.total(nowMs), roomInMs: window.fallsToMs(limit - 1, nowMs) };
  }

  /** Measured speed of a deployment. */
  latency(deploymentId: string, nowMs: number): Latency {
    const state = this.#deployments.get(deploymentId);
    return state === undefined ? unmeasured : latencyOf(state.latencies, latencyTtlMs, nowMs);
  }

  #deployment(id: string): DeploymentState {
    let state = this.#deployments.get(id);
    if (state === undefined) this.#deployments.set(id, (state = new DeploymentState()));
    return state;
  }

  #backend(id: string): BackendState {
    let state = this.#backends.get(id);
    if (state === undefined) this.#backends.set(id, (state = new BackendState()));
    return state;
  }

  #endStart(requestId: string): void {
    const start = this.#starts.get(requestId);
    if (start === undefined) return;
    this.#starts.delete(requestId);
    const state = this.#deployments.get(start.deploymentId);
    if (state !== undefined) state.inFlight = Math.max(0, state.inFlight - 1);
  }

  /** Starts are kept in the order of their time, so the old ones stand first. */
  #forgetOldStarts(nowMs: number): void {
    for (const [requestId, start] of this.#starts) {
      if (nowMs - start.atMs < longestStartMs) return;
      this.#endStart(requestId);
    }
  }
}

function stateOf(breaker: Breaker | undefined, nowMs: number): BreakerState {
  return breaker === undefined ? closed : breakerState(breaker, nowMs);
}

function stricter(one: BreakerState, other: BreakerState): BreakerState {
  if (one.kind === 'open' && other.kind === 'open') return one.untilMs >= other.untilMs ? one : other;
  if (one.kind === 'open' || other.kind === 'closed') return one;
  return other;
}
