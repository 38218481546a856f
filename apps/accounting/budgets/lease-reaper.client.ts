/** Ends leases whose holders are gone, once nothing can be posted on them any more. */
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Bus } from '#bus';
import { Logger } from '#telemetry';
import { Database } from '../database/database.client.js';
import { leasePolicy, LeaseStore } from './lease.store.js';
import { PostedMark } from './posted-mark.js';

/** Tells how much usage waits in the stream. */
export abstract class UsageBacklog {
  /** null while nobody knows. */
  abstract pending(): Promise<number | null>;
}

const everyMs = 5_000;

@Injectable()
export class LeaseReaper implements OnModuleInit, OnApplicationShutdown {
  private timer: NodeJS.Timeout | null = null;
  /** In the time of the database. */
  private readonly posted = new PostedMark(leasePolicy.drainMs);
  private busy = false;

  constructor(
    private readonly leases: LeaseStore,
    private readonly backlog: UsageBacklog,
    private readonly database: Database,
    private readonly bus: Bus,
    private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.bus.onStatus((connected) => {
      if (!connected) this.posted.disturb();
    });
    this.timer = setInterval(() => void this.run(), everyMs).unref();
  }

  onApplicationShutdown(): void {
    if (this.timer !== null) clearInterval(this.timer);
  }

  private async run(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      await this.look();
    } catch (error) {
      this.posted.disturb();
      this.logger.debug({ err: error }, 'leases could not be looked after');
    } finally {
      this.busy = false;
    }
  }

  /** One round: when all usage is known to be posted, and which leases may end by that. */
  async look(): Promise<number> {
    const pending = this.bus.connected ? await this.backlog.pending() : null;
    const [row] = await this.database.run((manager) => manager.query<{ now: Date }[]>('SELECT now() AS now'));
    const now = row?.now.getTime() ?? 0;
    return this.leases.endExpired(this.posted.look(pending === 0, now));
  }
}
