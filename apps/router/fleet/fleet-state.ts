/** What is remembered of one deployment and of one backend. */
import type { AttemptOutcomeEvent, BackendHealth, BackendLoadEvent, InstalledModel, LoadedModel } from '#contracts';
import { withTag } from '../candidate.js';
import { closedBreaker, type Breaker } from './breaker.js';
import { addSample, type LatencySample } from './latency-window.js';
import { MinuteWindow } from './minute-window.js';

/** LiteLLM's `max_latency_list_size`. */
const keptLatencies = 10;

/** The queue and memory of a host. */
export interface HostLoad {
  readonly running: number;
  readonly queued: number;
  /** null where no worker says. */
  readonly expectedWaitMs: number | null;
  readonly draining: boolean;
  /** Loads that pushed another model out, as its worker counts them. */
  readonly swaps: number;
  /** Whether a worker was heard lately. */
  readonly isReported: boolean;
  /** null where nobody knows. */
  readonly loaded: readonly LoadedModel[] | null;
}

export class DeploymentState {
  breaker: Breaker = closedBreaker;
  inFlight = 0;
  latencies: readonly LatencySample[] = [];
  readonly requests = new MinuteWindow();
  readonly tokens = new MinuteWindow();

  /** A list of models that was made after the model was found missing has it: the cooldown ends. */
  noteInstalled(listedAtMs: number): void {
    if (this.breaker.probeCloses && listedAtMs > this.breaker.openedAtMs) this.breaker = closedBreaker;
  }

  /** Keeps the speed of a success, and a timeout as the speed of one token. */
  noteLatency(outcome: AttemptOutcomeEvent, nowMs: number): void {
    if (!outcome.ok && outcome.errorCode !== 'upstream_timeout') return;
    const sample: LatencySample = {
      durationMs: outcome.durationMs,
      firstTokenMs: outcome.ok ? outcome.firstTokenMs : outcome.durationMs,
      outputTokens: outcome.ok ? outcome.outputTokens : 1,
      stream: outcome.stream,
      atMs: nowMs,
    };
    this.latencies = addSample(this.latencies, sample, keptLatencies);
  }
}

interface LoadReport {
  readonly load: BackendLoadEvent;
  readonly atMs: number;
}

export class BackendState {
  breaker: Breaker = closedBreaker;
  /** Opens where the account's day of free models is spent. */
  freeBreaker: Breaker = closedBreaker;
  readonly freeRequests = new MinuteWindow();
  readonly #reports = new Map<string, LoadReport>();
  /** The sum over the reports, and the time for which it was made. */
  #load: { readonly sum: HostLoad; readonly atMs: number } | null = null;
  health: BackendHealth | null = null;
  /** By name with tag; null where the host was not asked. */
  installed: ReadonlyMap<string, InstalledModel> | null = null;
  /** When the judgement was made, by its own last probe, or when it was heard. */
  healthAtMs = 0;

  /** A probe that was made after the host was found dead, and finds it well, ends the cooldown. */
  noteHealth(health: BackendHealth, nowMs: number): void {
    const probedAtMs = health.lastProbeAt === null ? nowMs : Date.parse(health.lastProbeAt);
    this.health = health;
    this.#load = null;
    this.installed =
      health.installed === null ? null : new Map(health.installed.map((one) => [withTag(one.name), one]));
    this.healthAtMs = Number.isNaN(probedAtMs) ? nowMs : Math.min(probedAtMs, nowMs);
    const isWell = health.state === 'healthy' && this.healthAtMs > this.breaker.openedAtMs;
    if (isWell && this.breaker.probeCloses) this.breaker = closedBreaker;
  }

  forgetHealth(): void {
    this.health = null;
    this.installed = null;
    this.#load = null;
  }

  noteLoad(load: BackendLoadEvent, nowMs: number): void {
    this.#reports.set(load.reporter, { load, atMs: nowMs });
    this.#load = null;
  }

  /** The sum over the reporters that were heard within `memoryMs`; one plan asks for it many times. */
  hostLoad(memoryMs: number, nowMs: number): HostLoad {
    if (this.#load?.atMs === nowMs) return this.#load.sum;
    const sum = this.#sumOfReports(memoryMs, nowMs);
    this.#load = { sum, atMs: nowMs };
    return sum;
  }

  #sumOfReports(memoryMs: number, nowMs: number): HostLoad {
    let running = 0;
    let queued = 0;
    let draining = false;
    let swaps = 0;
    let expectedWaitMs: number | null = null;
    let loaded: HostLoad['loaded'] = this.health?.loaded ?? null;
    let newest = 0;
    for (const [reporter, { load, atMs }] of this.#reports) {
      if (nowMs - atMs > memoryMs) {
        this.#reports.delete(reporter);
        continue;
      }
      running += load.running;
      queued += load.queued;
      draining ||= load.draining;
      swaps += load.swaps ?? 0;
      if (load.expectedWaitMs !== null) expectedWaitMs = Math.max(expectedWaitMs ?? 0, load.expectedWaitMs);
      if (load.loaded !== null && atMs >= newest) {
        loaded = load.loaded;
        newest = atMs;
      }
    }
    return { running, queued, draining, expectedWaitMs, loaded, swaps, isReported: this.#reports.size > 0 };
  }
}
