/** Fetches models that a host lacks, one at a time, and remembers how far it is. */
import type { Logger } from '#telemetry';
import type { Engine } from '../engines/engine.js';

/** A download that failed is not begun again before this. */
const retryAfterMs = 60_000;
/** Lines of progress come many times a second; the log wants one now and then. */
const logEveryMs = 10_000;

export class ModelPulls {
  private readonly progress = new Map<string, string>();
  private readonly failedAt = new Map<string, number>();
  private queue: Promise<void> = Promise.resolve();
  private stopping = new AbortController();

  constructor(
    private readonly engine: Engine,
    private readonly logger: Logger,
    private readonly onPulled: () => Promise<unknown>,
  ) {}

  /** Begins the download unless it runs or has just failed; returns how far it is, in words. */
  begin(model: string): string {
    const running = this.progress.get(model);
    if (running !== undefined) return running;
    const failed = this.failedAt.get(model);
    if (failed !== undefined && performance.now() - failed < retryAfterMs) return 'the last try failed';
    this.progress.set(model, 'waiting');
    this.queue = this.queue.then(() => this.pull(model));
    return 'just begun';
  }

  stop(): void {
    this.stopping.abort();
    this.stopping = new AbortController();
  }

  private async pull(model: string): Promise<void> {
    let loggedAt = Number.NEGATIVE_INFINITY;
    try {
      await this.engine.pull?.(
        model,
        (text) => {
          this.progress.set(model, text);
          if (performance.now() - loggedAt < logEveryMs) return;
          loggedAt = performance.now();
          this.logger.info({ model, progress: text }, 'pulling a model');
        },
        this.stopping.signal,
      );
      this.logger.info({ model }, 'model pulled');
      this.failedAt.delete(model);
      await this.onPulled();
    } catch (error) {
      this.failedAt.set(model, performance.now());
      this.logger.warn({ model, err: error }, 'a model could not be pulled');
    } finally {
      this.progress.delete(model);
    }
  }
}
