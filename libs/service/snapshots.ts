/** The configuration in force, as the router publishes it. */
import type { Bus } from '#bus';
import { ConfigBucket, type ConfigSnapshot } from '#contracts';
import type { Logger, Metrics } from '#telemetry';
import type { Readiness } from './readiness.js';

const hold = 'config';

export class Snapshots {
  private latest: ConfigSnapshot | null = null;
  private readonly handlers = new Set<(snapshot: ConfigSnapshot) => void>();
  private watcher: { stop(): void } | null = null;

  constructor(
    private readonly bus: Bus,
    private readonly logger: Logger,
    private readonly metrics: Metrics,
    private readonly readiness: Readiness,
  ) {}

  /** Begins to watch; the process is not ready before the first snapshot. */
  async start(): Promise<void> {
    this.readiness.hold(hold, 'no configuration yet');
    const bucket = await this.bus.bucket(ConfigBucket);
    this.watcher = bucket.watch((key, value) => {
      if (key === 'snapshot' && value !== null) this.take(value);
    });
  }

  /** null before the first one. */
  current(): ConfigSnapshot | null {
    return this.latest;
  }

  whenReady(): Promise<ConfigSnapshot> {
    if (this.latest !== null) return Promise.resolve(this.latest);
    return new Promise((resolve) => {
      const once = (snapshot: ConfigSnapshot) => {
        this.handlers.delete(once);
        resolve(snapshot);
      };
      this.handlers.add(once);
    });
  }

  /** Called with each new snapshot, and at once where there is one. */
  onChange(handler: (snapshot: ConfigSnapshot) => void): void {
    this.handlers.add(handler);
    if (this.latest !== null) handler(this.latest);
  }

  stop(): void {
    this.watcher?.stop();
  }

  private take(snapshot: ConfigSnapshot): void {
    const before = this.latest?.revision;
    this.latest = snapshot;
    this.readiness.release(hold);
    if (before !== undefined && before !== snapshot.revision)
      this.metrics.forget('signalbox_config_info', { revision: before });
    this.metrics.set('signalbox_config_info', { revision: snapshot.revision }, 1);
    if (before !== snapshot.revision) this.logger.info({ revision: snapshot.revision }, 'configuration in force');
    for (const handler of this.handlers) {
      try {
        handler(snapshot);
      } catch (error) {
        this.logger.error({ err: error }, 'a configuration could not be taken over');
      }
    }
  }
}
