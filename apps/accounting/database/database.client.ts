/** The connection to PostgreSQL over its whole life: it comes late, goes away and comes back, and readiness follows. */
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import { Environment } from '#config';
import { GatewayError } from '#contracts';
import { Readiness } from '#service';
import { Logger, Metrics } from '#telemetry';
import { migrate, openDataSource, poolUse } from './data-source.client.js';
import { isUnavailable } from './sql-state.js';

const poolSize = 10;
const firstRetryMs = 250;
const longestRetryMs = 5_000;
const checkEveryMs = 2_000;
/** Below the deadline of those who ask for reports. */
const reportTimeoutMs = 4_500;
const hold = 'database';

@Injectable()
export class Database implements OnModuleInit, OnApplicationShutdown {
  private dataSource: DataSource | null = null;
  private timer: NodeJS.Timeout | null = null;
  private stopped = false;
  private settleReady: () => void = () => {};
  private readonly opened = new Promise<void>((resolve) => {
    this.settleReady = resolve;
  });

  constructor(
    private readonly environment: Environment,
    private readonly readiness: Readiness,
    private readonly logger: Logger,
    private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    this.readiness.hold(hold, 'connecting to PostgreSQL');
    this.metrics.set('signalbox_db_connected', {}, 0);
    this.metrics.onScrape(() => this.showPool());
    void this.open(firstRetryMs);
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    if (this.timer !== null) clearTimeout(this.timer);
    await this.dataSource?.destroy();
  }

  /** Resolves once the schema is there and the pool is open. */
  whenReady(): Promise<void> {
    return this.opened;
  }

  /** Whether it answered when it was last looked at. */
  get connected(): boolean {
    return this.readiness.reasons[hold] === undefined;
  }

  /** Runs `work` outside a transaction; throws GatewayError service_unavailable while the database is away. */
  run<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.guard((dataSource) => work(dataSource.manager));
  }

  /** Runs `work` in one transaction, rolled back where it throws. */
  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.guard((dataSource) => dataSource.transaction(work));
  }

  /** Runs a report: more memory to sort and group in, and more time, than ordinary work may have. */
  report<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.transaction(async (manager) => {
      await manager.query(`SET LOCAL work_mem = '128MB'; SET LOCAL statement_timeout = ${reportTimeoutMs}`);
      return work(manager);
    });
  }

  private async guard<T>(work: (dataSource: DataSource) => Promise<T>): Promise<T> {
    if (this.dataSource === null) throw unavailable();
    try {
      return await work(this.dataSource);
    } catch (error) {
      if (isUnavailable(error)) throw unavailable(error);
      throw error;
    }
  }

  private async open(retryMs: number): Promise<void> {
    const url = this.environment.databaseUrl;
    if (url === null) throw new Error('DATABASE_URL is not set; accounting cannot work without PostgreSQL');
    try {
      const taken = await migrate(url, new Date());
      if (taken.length > 0) this.logger.info({ steps: taken }, 'the schema was brought up to date');
      this.dataSource = await openDataSource({ url, poolSize, onPoolError: (error) => this.lost(error) });
      this.answered();
      this.logger.info({}, 'connected to PostgreSQL');
      this.settleReady();
      this.later(() => void this.check(), checkEveryMs);
    } catch (error) {
      this.lost(error);
      // Jitter, so that replicas do not all come back in the same moment.
      const waitMs = retryMs * (0.5 + Math.random());
      this.later(() => void this.open(Math.min(retryMs * 2, longestRetryMs)), waitMs);
    }
  }

  private async check(): Promise<void> {
    try {
      await this.dataSource?.query('SELECT 1');
      if (this.readiness.reasons[hold] !== undefined) this.logger.info({}, 'PostgreSQL is back');
      this.answered();
    } catch (error) {
      this.lost(error);
    }
    this.later(() => void this.check(), checkEveryMs);
  }

  private answered(): void {
    this.readiness.release(hold);
    this.metrics.set('signalbox_db_connected', {}, 1);
  }

  private showPool(): void {
    const use = this.dataSource === null ? null : poolUse(this.dataSource);
    for (const [state, value] of Object.entries(use ?? { idle: 0, used: 0, waiting: 0 }))
      this.metrics.set('signalbox_db_pool_connections', { state }, value);
  }

  private lost(error: unknown): void {
    if (this.stopped) return;
    const reason = 'PostgreSQL cannot be reached';
    if (this.readiness.reasons[hold] !== reason) this.logger.warn({ err: error }, reason);
    this.readiness.hold(hold, reason);
    this.metrics.set('signalbox_db_connected', {}, 0);
  }

  private later(work: () => void, ms: number): void {
    if (!this.stopped) this.timer = setTimeout(work, ms).unref();
  }
}

function unavailable(cause?: unknown): GatewayError {
  return new GatewayError(
    'service_unavailable',
    { message: 'The database is not available at the moment.' },
    { cause },
  );
}
