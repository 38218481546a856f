/** Finds attempts that were never closed and closes them. */
import { Injectable } from '@nestjs/common';
import { UsageOpen } from '#contracts';
import { Logger, Metrics } from '#telemetry';
import { Database } from '../database/database.client.js';
import { BudgetPosting } from './budget-posting.store.js';
import { reapedRow } from './reap.js';
import { UsageStore } from './usage.store.js';

const batch = 200;

interface AbandonedRecord {
  readonly attemptId: string;
  readonly startedAt: Date;
  readonly expiresAt: Date;
  readonly leaseIds: string[];
  readonly event: unknown;
}

@Injectable()
export class ReaperStore {
  constructor(
    private readonly database: Database,
    private readonly usage: UsageStore,
    private readonly budgets: BudgetPosting,
    private readonly logger: Logger,
    private readonly metrics: Metrics,
  ) {}

  /** Closes attempts that expired more than `graceSeconds` ago by the database's clock; returns how many. */
  async reap(graceSeconds: number): Promise<number> {
    // Two replicas may post an opening and its close in the same moment, and neither sees the other's.
    await this.database.run((manager) =>
      manager.query('DELETE FROM usage_open o USING attempts a WHERE a.attempt_id = o.attempt_id'),
    );
    const { charges, closed } = await this.database.transaction(async (tx) => {
      // Rows that another replica is closing are left to it.
      const found = await tx.query<AbandonedRecord[]>(
        `SELECT attempt_id AS "attemptId", started_at AS "startedAt", expires_at AS "expiresAt",
           lease_ids AS "leaseIds", event
         FROM usage_open WHERE expires_at < now() - make_interval(secs => $1)
         ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED`,
        [graceSeconds, batch],
      );
      if (found.length === 0) return { charges: [], closed: 0 };
      const rows = found.map((record) => reapedRow({ ...record, event: UsageOpen.payload.parse(record.event) }));
      const { settlement, posting } = await this.usage.postWithin(tx, rows, []);
      return { charges: posting.charges, closed: settlement.charges.length };
    });
    if (charges.length > 0) this.budgets.committed(charges);
    if (closed > 0) {
      this.metrics.count('signalbox_usage_events_total', { result: 'estimated' }, closed);
      this.logger.warn({ attempts: closed }, 'attempts that nobody closed were charged with their reservation');
    }
    return closed;
  }
}
