/**
 * One local backend. While this process owns it: takes its openings, answers probes and drain orders, keeps looking at
 * what is loaded. While it does not, it only stands by.
 */
import type { Bus, StreamSender } from '#bus';
import {
  DrainBackend,
  inferSubjects,
  fillSubject,
  ProbeBackend,
  type Backend,
  type ConfigSnapshot,
  type InferOpen,
  type ProbeReply,
} from '#contracts';
import { Ownership } from '#service';
import type { Logger, Metrics } from '#telemetry';
import { inWorkerSpan, type AttemptTools } from '#upstream';
import { installedModel, type Engine } from '../engines/engine.js';
import { HostQueue } from '../queue/host-queue.js';
import { taggedName } from '../queue/resident-key.js';
import { Admission } from './admission.controller.js';
import { AttemptMemory } from './attempt-memory.js';
import { deploymentsOn, queueLimitsOf } from './host-settings.js';
import { serveInference } from './inference.controller.js';
import { LoadPublisher } from './load.publisher.js';
import { ModelPulls } from './model-pulls.client.js';
import { awaitDownload } from './missing-model.client.js';
import { drainedFailure, modelMissing, repeatedFailure } from './queue-failure.js';
import { Upkeep } from './upkeep.client.js';
import { HostWatch } from './watch.client.js';

export interface HostParts {
  readonly bus: Bus;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly tools: AttemptTools;
  /** Id of this process. */
  readonly holder: string;
  /** Started for this backend by name. */
  readonly preferred: boolean;
  /** OLLAMA_NUM_PARALLEL of this process. */
  readonly numParallel: string | undefined;
}

interface Serving {
  stop(): Promise<void>;
}

export class HostController {
  private readonly admission: Admission;
  private readonly watch: HostWatch;
  private readonly load: LoadPublisher;
  private readonly pulls: ModelPulls;
  private readonly upkeep: Upkeep;
  private readonly ownership: Ownership;
  private readonly taken = new AttemptMemory();
  private readonly logger: Logger;
  private serving: Serving[] = [];
  private readonly ending: Promise<void>[] = [];
  private draining = false;

  constructor(
    private backend: Backend,
    private snapshot: ConfigSnapshot,
    private readonly engine: Engine,
    private readonly parts: HostParts,
  ) {
    const { bus, metrics, holder } = parts;
    this.logger = parts.logger.child({ backend: backend.id });
    const limits = queueLimitsOf(backend, snapshot.general, parts.numParallel);
    const queue = new HostQueue(limits);
    this.admission = new Admission(queue, parts.tools.now, () => this.load.soon());
    this.watch = new HostWatch(backend.id, engine, this.admission, metrics, () => this.applyLimits());
    this.load = new LoadPublisher({ bus, metrics, holder }, backend.id, this.admission, () => ({
      loaded: this.watch.view.loaded,
      draining: this.draining,
    }));
    this.pulls = new ModelPulls(engine, this.logger, () => this.watch.lookNow());
    this.upkeep = new Upkeep({
      engine,
      admission: this.admission,
      watch: this.watch,
      pulls: this.pulls,
      logger: this.logger,
    });
    this.ownership = new Ownership(
      { bus, logger: this.logger },
      {
        key: `backend.${backend.id}`,
        holder,
        preferred: parts.preferred,
        onGain: (before) => this.takeOn(before?.draining ?? false),
        onLose: () => this.standBy(),
      },
    );
  }

  start(): void {
    this.ownership.start();
  }

  get owned(): boolean {
    return this.ownership.owned;
  }

  /** A new config: limits, address, models to keep warm. */
  configure(backend: Backend, snapshot: ConfigSnapshot, headers: Readonly<Record<string, string>>): void {
    const moved = backend.apiBase !== this.backend.apiBase;
    this.backend = backend;
    this.snapshot = snapshot;
    this.engine.configure(backend, headers);
    this.applyLimits();
    this.upkeep.configure(backend, snapshot);
    if (moved && this.owned) void this.watch.lookNow();
  }

  /** Gives the host to another process and waits for what runs. */
  async stop(): Promise<void> {
    await this.ownership.stop();
    await Promise.allSettled(this.ending);
    this.admission.stop();
  }

  private applyLimits(): void {
    const { slots } = this.watch.view;
    this.admission.setLimits(queueLimitsOf(this.backend, this.snapshot.general, this.parts.numParallel, slots));
  }

  private takeOn(draining: boolean): void {
    const { bus, metrics } = this.parts;
    const tokens = { backend: this.backend.id };
    metrics.expect('signalbox_model_swaps_total', tokens);
    this.draining = draining;
    this.serving = [
      bus.serveStreams({
        subject: fillSubject(inferSubjects.local, tokens),
        queue: 'owner',
        handle: (open, stream) => this.serve(open, stream),
      }),
      bus.serve(ProbeBackend, tokens, () => this.probe()),
      bus.serve(DrainBackend, tokens, (request) => this.setDraining(request.draining)),
    ];
    this.watch.start();
    this.load.start();
    this.upkeep.start();
  }

  /** Takes nothing new; what is here already, running or waiting, is served to its end. */
  private standBy(): void {
    this.upkeep.stop();
    this.watch.stop();
    this.load.stop();
    for (const one of this.serving) this.ending.push(one.stop());
    this.serving = [];
  }

  private serve(open: InferOpen, stream: StreamSender): Promise<void> {
    return inWorkerSpan(inferSubjects.local, stream, () => this.attempt(open, stream));
  }

  private async attempt(open: InferOpen, stream: StreamSender): Promise<void> {
    if (!this.taken.take(open.attemptId, performance.now())) return stream.error(repeatedFailure);
    if (this.draining) return stream.error(drainedFailure);
    if (!(await this.hasModel(open.attempt.upstreamModel))) {
      if (!this.mayPull(open)) return stream.error(modelMissing(open, null));
      const failure = await awaitDownload(open, stream, this.pulls.begin(open.attempt.upstreamModel));
      if (failure !== null) return stream.error(failure);
    }
    const { tools, metrics } = this.parts;
    const { engine, admission, watch } = this;
    const onLoaded = () => void watch.lookLoadedNow();
    await serveInference(open, stream, { engine, admission, tools, metrics, view: () => watch.view, onLoaded });
  }

  /** True also where nobody knows. A list without the model is asked for again: it may have been pulled since. */
  private async hasModel(name: string): Promise<boolean> {
    if (this.backend.dialect !== 'ollama') return true;
    const isThere = () => {
      const { view } = this.watch;
      return view.installed === null || installedModel(view, name, taggedName) !== undefined;
    };
    if (isThere()) return true;
    await this.watch.lookNow();
    return isThere();
  }

  /** Only what the config names: else any client could fill the host's disk. */
  private mayPull({ attempt }: InferOpen): boolean {
    if (!this.snapshot.general.autoPull || this.engine.pull === null) return false;
    return deploymentsOn(this.snapshot, this.backend).some(({ id }) => id === attempt.deploymentId);
  }

  private async probe(): Promise<ProbeReply> {
    const { reachable, reason, timedOut, latencyMs, version, installed, loaded } = await this.watch.lookNow();
    return {
      v: 1,
      reachable,
      reason,
      timedOut,
      latencyMs,
      version,
      installed: installed === null ? null : [...installed],
      loaded: loaded === null ? null : [...loaded],
    };
  }

  private async setDraining(draining: boolean) {
    this.draining = draining;
    this.ownership.setDraining(draining);
    if (draining) this.admission.drain();
    this.load.soon();
    this.logger.info({ draining }, draining ? 'draining' : 'taking requests again');
    const { running, waiting } = this.admission.queue.counts;
    return { v: 1 as const, draining, running, queued: waiting };
  }
}
