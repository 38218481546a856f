/** Fetches models that a host lacks, one at a time, and tells those that wait how far it is. */
import type { Logger } from '#telemetry';
import type { Engine } from '../engines/engine.js';

/** A download that failed is not begun again before this. */
const retryAfterMs = 60_000;
/** Lines of progress come many times a second; the log wants one now and then. */
const logEveryMs = 10_000;

/** A download that waits its turn, runs, or has failed a moment ago. */
export interface Download {
  /** How far it is, in words. */
  readonly progress: string;
  /** Resolves when it is over: null where the model is there, else why not. */
  readonly done: Promise<string | null>;
}

export class ModelPulls {
  private readonly running = new Map<string, Download>();
  private readonly failed = new Map<string, { readonly at: number; readonly reason: string }>();
  private queue: Promise<unknown> = Promise.resolve();
  private stopping = new AbortController();

  constructor(
    private readonly engine: Engine,
    private readonly logger: Logger,
    private readonly onPulled: () => Promise<unknown>,
  ) {}

  /** Begins the download unless it runs or has just failed. */
  begin(model: string): Download {
    const running = this.running.get(model);
    if (running !== undefined) return running;
    const failed = this.failed.get(model);
    if (failed !== undefined && performance.now() - failed.at < retryAfterMs) {
      return { progress: failed.reason, done: Promise.resolve(failed.reason) };
    }
    const state = { progress: 'waits for another download' };
    const done = this.queue.then(() => this.pull(model, state));
    this.queue = done;
    const download: Download = {
      get progress() {
        return state.progress;
      },
      done,
    };
    this.running.set(model, download);
    return download;
  }

  /** Breaks off what runs and what waits. */
  stop(): void {
    this.stopping.abort();
    this.stopping = new AbortController();
  }

  private async pull(model: string, state: { progress: string }): Promise<string | null> {
    const { signal } = this.stopping;
    let loggedAt = Number.NEGATIVE_INFINITY;
    const onProgress = (text: string) => {
      state.progress = text;
      if (performance.now() - loggedAt < logEveryMs) return;
      loggedAt = performance.now();
      this.logger.info({ model, progress: text }, 'pulling a model');
    };
    try {
      await this.engine.pull?.(model, onProgress, signal);
      this.failed.delete(model);
      await this.onPulled();
      this.logger.info({ model }, 'model pulled');
      return null;
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'it failed';
      // A worker that gives the host away has found nothing out about the model.
      if (!signal.aborted) this.failed.set(model, { at: performance.now(), reason });
      this.logger.warn({ model, err: error }, 'a model could not be pulled');
      return reason;
    } finally {
      this.running.delete(model);
    }
  }
}
