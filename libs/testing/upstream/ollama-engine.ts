/**
 * Ollama's scheduler as a router meets it: models must be loaded (which takes time), only so many fit, each has a number
 * of slots, loads are first come, first served, and a model with another context size is loaded anew.
 */
import { pause } from './answer.js';

export interface EngineOptions {
  /** Models in memory at once; 1 makes them swap. */
  readonly maxLoaded: number;
  /** OLLAMA_NUM_PARALLEL: slots of each model. */
  readonly parallel: number;
  /** OLLAMA_MAX_QUEUE: requests that may wait for a load. */
  readonly maxQueue: number;
  readonly keepAliveMs: number;
  readonly loadMs: (model: string) => number;
}

export interface Runner {
  readonly model: string;
  readonly contextLength: number;
  running: number;
  readonly waiting: (() => void)[];
  keepAliveMs: number;
  expiresAtMs: number;
}

export interface Slot {
  /** How long the load took that this request waited for; 0 where it was warm. Milliseconds. */
  readonly loadMs: number;
  release(): void;
}

interface Pending {
  readonly model: string;
  readonly contextLength: number;
  readonly keepAliveMs: number | undefined;
  readonly gone: AbortSignal;
  readonly grant: (slot: Slot | null) => void;
}

export class OllamaEngine {
  /** Every load, in order: two of one model with another between them is a swap. */
  readonly loads: { model: string; atMs: number }[] = [];
  private readonly runners: Runner[] = [];
  private readonly pending: Pending[] = [];
  private placing = false;
  private wake: () => void = () => {};

  constructor(private readonly options: EngineOptions) {}

  /** What is in memory, as /api/ps would list it. */
  loaded(): readonly Runner[] {
    const now = performance.now();
    const expired = this.runners.filter((runner) => isIdle(runner) && runner.expiresAtMs <= now);
    for (const runner of expired) this.evict(runner);
    return this.runners;
  }

  /** Forgets a model at once, as `keep_alive: 0` does. */
  unload(model: string): void {
    const runner = this.runners.find((one) => one.model === model);
    if (runner !== undefined) runner.expiresAtMs = 0;
    this.loaded();
  }

  /** A slot for the model; null if the queue is full or the client left. */
  acquire(
    model: string,
    contextLength: number,
    keepAliveMs: number | undefined,
    gone: AbortSignal,
  ): Promise<Slot | null> {
    const runner = this.loaded().find((one) => one.model === model && one.contextLength === contextLength);
    if (runner !== undefined) return this.takeSlot(runner, keepAliveMs, gone, 0);
    if (this.pending.length >= this.options.maxQueue) return Promise.resolve(null);
    return new Promise((grant) => {
      this.pending.push({ model, contextLength, keepAliveMs, gone, grant });
      void this.place();
    });
  }

  private async takeSlot(
    runner: Runner,
    keepAliveMs: number | undefined,
    gone: AbortSignal,
    loadMs: number,
  ): Promise<Slot | null> {
    if (runner.running >= this.options.parallel) {
      await new Promise<void>((resolve) => {
        runner.waiting.push(resolve);
        gone.addEventListener('abort', () => resolve(), { once: true });
      });
      if (gone.aborted) return null;
    }
    runner.running += 1;
    runner.keepAliveMs = keepAliveMs ?? runner.keepAliveMs;
    let isHeld = true;
    const release = () => {
      if (!isHeld) return;
      isHeld = false;
      runner.running -= 1;
      runner.expiresAtMs = performance.now() + runner.keepAliveMs;
      runner.waiting.shift()?.();
      this.loaded();
      this.wake();
    };
    return { loadMs, release };
  }

  /** Serves the queue of loads, one at a time and in order. */
  private async place(): Promise<void> {
    if (this.placing) return;
    this.placing = true;
    for (let next = this.pending[0]; next !== undefined; next = this.pending[0]) {
      next.grant(next.gone.aborted ? null : await this.load(next));
      this.pending.shift();
    }
    this.placing = false;
  }

  private async load({ model, contextLength, keepAliveMs, gone }: Pending): Promise<Slot | null> {
    const same = this.loaded().find((one) => one.model === model);
    if (same?.contextLength === contextLength) return this.takeSlot(same, keepAliveMs, gone, 0);
    if (same !== undefined) await this.freed(same, gone);
    while (!gone.aborted && this.loaded().length >= this.options.maxLoaded) {
      const victim = this.runners.toSorted((a, b) => a.expiresAtMs - b.expiresAtMs).find(isIdle) ?? this.runners[0];
      if (victim !== undefined) await this.freed(victim, gone);
    }
    const loadMs = this.options.loadMs(model);
    await pause(loadMs, gone);
    if (gone.aborted) return null;
    this.loads.push({ model, atMs: performance.now() });
    const kept = keepAliveMs ?? this.options.keepAliveMs;
    const runner = { model, contextLength, running: 0, waiting: [], keepAliveMs: kept, expiresAtMs: Infinity };
    this.runners.push(runner);
    return this.takeSlot(runner, keepAliveMs, gone, loadMs);
  }

  /** Waits until nobody uses the runner, then drops it; requests for it that come meanwhile are still served. */
  private async freed(runner: Runner, gone: AbortSignal): Promise<void> {
    while (!gone.aborted && !isIdle(runner)) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
        gone.addEventListener('abort', () => resolve(), { once: true });
      });
    }
    if (!gone.aborted) this.evict(runner);
  }

  private evict(runner: Runner): void {
    const at = this.runners.indexOf(runner);
    if (at >= 0) this.runners.splice(at, 1);
  }
}

function isIdle(runner: Runner): boolean {
  return runner.running === 0 && runner.waiting.length === 0;
}
