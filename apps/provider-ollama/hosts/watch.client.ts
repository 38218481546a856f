/** Keeps looking at a host: every second at what is loaded, now and then at everything. */
import type { Metrics } from '#telemetry';
import { unseen, type Engine, type EngineView } from '../engines/engine.js';
import { warmKeys } from '../queue/resident-key.js';
import type { Admission } from './admission.controller.js';

const loadedEveryMs = 1_000;
/** A host that does not answer is asked less often. */
const unreachableEveryMs = 5_000;
const everythingEveryMs = 30_000;
/** Looks that are asked for within this time share one answer. */
const freshMs = 500;
const maxKnownKeys = 256;

export class HostWatch {
  view: EngineView = unseen;
  private timer: NodeJS.Timeout | null = null;
  private stopping = new AbortController();
  private looking: Promise<EngineView> | null = null;
  private lookedAt = Number.NEGATIVE_INFINITY;
  private readonly knownKeys = new Set<string>();
  private shownModels = new Set<string>();

  constructor(
    private readonly backend: string,
    private readonly engine: Engine,
    private readonly admission: Admission,
    private readonly metrics: Metrics,
    /** The engine says how many requests it serves at once, and it is another number than before. */
    private readonly onSlots: () => void,
  ) {}

  start(): void {
    this.stopping = new AbortController();
    void this.lookNow().then(() => this.plan());
  }

  stop(): void {
    this.stopping.abort();
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.show([]);
  }

  /** Everything, unless somebody asked a moment ago. */
  lookNow(): Promise<EngineView> {
    if (performance.now() - this.lookedAt < freshMs) return Promise.resolve(this.view);
    this.looking ??= this.look().finally(() => {
      this.looking = null;
    });
    return this.looking;
  }

  /** What is loaded, at once: something has just changed. */
  async lookLoadedNow(): Promise<void> {
    try {
      const answer = await this.engine.lookLoaded(this.stopping.signal);
      if (answer !== null) this.take({ ...this.view, ...answer, reachable: true, reason: null });
      else if (this.view.isFixed) this.take(this.view);
    } catch {
      // The next full look says why, and health asks for one.
      if (!this.stopping.signal.aborted) this.view = { ...this.view, reachable: false };
    }
  }

  private async look(): Promise<EngineView> {
    const view = await this.engine.look(this.stopping.signal);
    this.lookedAt = performance.now();
    if (view.reachable) this.take(view);
    // What is installed and loaded is kept: a host that is away for a moment comes back with the same models.
    else {
      const { reason, timedOut, latencyMs } = view;
      this.view = { ...this.view, reachable: false, reason, timedOut, latencyMs };
    }
    return view;
  }

  private plan(): void {
    if (this.stopping.signal.aborted) return;
    const wait = this.view.reachable ? loadedEveryMs : unreachableEveryMs;
    this.timer = setTimeout(() => {
      const isDue = !this.view.reachable || performance.now() - this.lookedAt >= everythingEveryMs;
      const look: Promise<unknown> = isDue ? this.lookNow() : this.lookLoadedNow();
      void look.then(() => this.plan());
    }, wait);
  }

  private take(view: EngineView): void {
    const slotsBefore = this.view.slots;
    this.view = view;
    if (view.slots !== slotsBefore) this.onSlots();
    this.show(view.loaded ?? []);
    if (view.listed === null && !view.isFixed) return;
    const { queue } = this.admission;
    for (const { model } of [...queue.waitingRequests(), ...queue.runningRequests()]) {
      if (this.knownKeys.size < maxKnownKeys) this.knownKeys.add(model);
    }
    // An engine that never swaps answers to any of its names with what it has.
    const warm = view.listed === null ? [...this.knownKeys] : warmKeys(view.listed, this.knownKeys, view.digests);
    this.admission.observe(warm);
  }

  private show(loaded: NonNullable<EngineView['loaded']>): void {
    const names = new Set(loaded.map((model) => model.name));
    for (const model of this.shownModels) {
      if (names.has(model)) continue;
      for (const memory of ['vram', 'total']) {
        this.metrics.forget('signalbox_backend_loaded_model_bytes', { backend: this.backend, model, memory });
      }
    }
    this.shownModels = names;
    for (const { name: model, vramBytes, sizeBytes } of loaded) {
      const labels = { backend: this.backend, model };
      this.metrics.set('signalbox_backend_loaded_model_bytes', { ...labels, memory: 'vram' }, vramBytes);
      this.metrics.set('signalbox_backend_loaded_model_bytes', { ...labels, memory: 'total' }, sizeBytes);
    }
  }
}
