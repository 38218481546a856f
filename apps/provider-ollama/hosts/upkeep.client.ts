/** Looks after an idle host: brings models that are to be kept warm back into memory, fetches configured ones that are missing. */
import { randomUUID } from 'node:crypto';
import type { Backend, ConfigSnapshot } from '#contracts';
import type { Logger } from '#telemetry';
import { installedModel, type Engine } from '../engines/engine.js';
import { residentKey, taggedName } from '../queue/resident-key.js';
import type { Admission } from './admission.controller.js';
import { deploymentsOn, keptWarm } from './host-settings.js';
import type { ModelPulls } from './model-pulls.client.js';
import { nextToWarm, type WarmModel } from './warm-plan.js';
import type { HostWatch } from './watch.client.js';

const everyMs = 10_000;
/** A host counts as idle when nobody has used it for this long. */
const idleMs = 10_000;
const loadTimeoutMs = 600_000;

export class Upkeep {
  private warm: readonly WarmModel[] = [];
  private toPull: readonly string[] = [];
  private timer: NodeJS.Timeout | null = null;
  private busyAt = Number.NEGATIVE_INFINITY;
  private stopping = new AbortController();

  constructor(
    private readonly parts: {
      readonly engine: Engine;
      readonly admission: Admission;
      readonly watch: HostWatch;
      readonly pulls: ModelPulls;
      readonly logger: Logger;
    },
  ) {}

  configure(backend: Backend, snapshot: ConfigSnapshot): void {
    this.warm = keptWarm(snapshot, backend).map(({ upstreamModel, params }) => ({
      key: residentKey(upstreamModel, params),
      upstreamModel,
      // Kept until somebody needs the memory, unless the deployment says how long.
      params: { keep_alive: -1, ...params },
    }));
    const canPull = snapshot.general.autoPull && this.parts.engine.pull !== null;
    this.toPull = canPull ? deploymentsOn(snapshot, backend).map((deployment) => deployment.upstreamModel) : [];
  }

  start(): void {
    this.stopping = new AbortController();
    this.plan(0);
  }

  stop(): void {
    this.stopping.abort();
    this.parts.pulls.stop();
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private plan(ms: number): void {
    if (this.stopping.signal.aborted) return;
    this.timer = setTimeout(() => void this.round().finally(() => this.plan(everyMs)), ms);
  }

  private async round(): Promise<void> {
    const { watch, admission, pulls, logger } = this.parts;
    if (!watch.view.reachable) await watch.lookNow();
    if (!watch.view.reachable) return;
    const { running, waiting } = admission.queue.counts;
    if (running + waiting > 0) this.busyAt = performance.now();
    for (const model of this.toPull) {
      const isMissing = watch.view.installed !== null && installedModel(watch.view, model, taggedName) === undefined;
      if (isMissing) pulls.begin(model);
    }
    if (performance.now() - this.busyAt < idleMs) return;
    const next = nextToWarm(this.warm, admission.queue.residency);
    if (next === null) return;
    await this.bringBack(next).catch((error: unknown) =>
      logger.warn({ model: next.upstreamModel, err: error }, 'a model could not be kept warm'),
    );
  }

  /** Through the queue like any other request, in the last class. */
  private async bringBack(model: WarmModel): Promise<void> {
    const { admission, engine, watch, logger } = this.parts;
    if (watch.view.installed !== null && installedModel(watch.view, model.upstreamModel, taggedName) === undefined)
      return;
    const id = `warm-${randomUUID()}`;
    const request = { id, model: model.key, priority: 'batch' as const, maxWaitMs: loadTimeoutMs };
    const ticket = await admission.enter(request, () => {}, this.stopping.signal);
    if (ticket.kind !== 'start') return;
    try {
      const limit = AbortSignal.any([this.stopping.signal, AbortSignal.timeout(loadTimeoutMs)]);
      const loaded = await engine.load(model.upstreamModel, model.params, limit);
      if (!loaded) return;
      admission.loaded(id);
      logger.info({ model: model.upstreamModel }, 'model kept warm');
      await watch.lookLoadedNow();
    } finally {
      admission.finish(id);
    }
  }
}
