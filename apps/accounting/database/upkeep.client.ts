/** What has to be done from time to time: partitions for coming months, retention, attempts that nobody closed. */
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Environment } from '#config';
import { Snapshots } from '#service';
import { Logger } from '#telemetry';
import { durationMs, parseDuration } from '../keys/duration.js';
import { ReaperStore } from '../usage/reaper.store.js';
import { Database } from './database.client.js';
import { PartitionStore } from './partition.store.js';

const partitionsEveryMs = 3_600_000;
const reapEveryMs = 10_000;
/** An event is never redelivered after this: the stream USAGE keeps 7 days. Attempt ids are remembered for much longer. */
const rememberAttemptsDays = 35;
/** Kept prompts, where `signalbox.prompt_retention` does not say. */
const defaultPromptDays = 30;
const dayMs = 86_400_000;

@Injectable()
export class Upkeep implements OnModuleInit, OnApplicationShutdown {
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly busy = new Set<string>();
  private stopped = false;

  constructor(
    private readonly environment: Environment,
    private readonly database: Database,
    private readonly partitions: PartitionStore,
    private readonly reaper: ReaperStore,
    private readonly snapshots: Snapshots,
    private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    void this.start();
  }

  onApplicationShutdown(): void {
    this.stopped = true;
    for (const timer of this.timers) clearInterval(timer);
  }

  private async start(): Promise<void> {
    await this.database.whenReady();
    if (this.stopped) return;
    this.every(partitionsEveryMs, 'partitions', () => this.keepPartitions(new Date()));
    // Services that shut down may still report: they have the drain time for it.
    this.every(reapEveryMs, 'reaper', () => this.reapAll());
  }

  /** A batch at a time: after an outage there may be thousands. */
  private async reapAll(): Promise<void> {
    while (!this.stopped && (await this.reaper.reap(this.environment.drainMs / 1_000)) > 0);
  }

  /** Makes partitions around `now` and drops what is past its retention; without a retention setting usage is kept. */
  async keepPartitions(now: Date): Promise<void> {
    await this.partitions.ensure(now);
    const general = this.snapshots.current()?.general;
    const keepDays = general?.spendRetentionDays ?? null;
    if (keepDays !== null) {
      const dropped = await this.partitions.dropExpired(now, keepDays);
      if (dropped.length > 0) this.logger.info({ partitions: dropped, keepDays }, 'old usage was dropped');
    }
    await this.partitions.deleteBefore('attempts', daysBefore(now, rememberAttemptsDays));
    const keepPrompts = general?.extras['prompt_retention'];
    const retention = typeof keepPrompts === 'string' ? parseDuration(keepPrompts) : null;
    await this.partitions.deleteBefore(
      'prompt_log',
      retention === null ? daysBefore(now, defaultPromptDays) : new Date(now.getTime() - durationMs(retention)),
    );
  }

  private every(ms: number, name: string, work: () => Promise<unknown>): void {
    const run = async () => {
      if (this.busy.has(name)) return;
      this.busy.add(name);
      try {
        await work();
      } catch (error) {
        this.logger.warn({ err: error, work: name }, 'upkeep failed and will be tried again');
      } finally {
        this.busy.delete(name);
      }
    };
    this.timers.push(setInterval(() => void run(), ms).unref());
    void run();
  }
}

function daysBefore(now: Date, days: number): Date {
  return new Date(now.getTime() - days * dayMs);
}
