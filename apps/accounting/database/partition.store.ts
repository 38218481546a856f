/** Makes the partitions of coming months and drops those that are past their retention. */
import { Injectable } from '@nestjs/common';
import { Database } from './database.client.js';
import { ensurePartitions, partitioned } from './partition-maker.store.js';
import { isExpiredPartition } from './partition.js';

/** Rows deleted by one statement, so that none runs into the statement timeout. */
const deleteChunk = 5_000;

/** "sigx" in ASCII. */
const dropLock = 0x73_69_67_78;

@Injectable()
export class PartitionStore {
  constructor(private readonly database: Database) {}

  /** Makes the partitions around `now` that are missing; returns their names. */
  ensure(now: Date): Promise<string[]> {
    return ensurePartitions((work) => this.database.transaction(work), now);
  }

  /** Drops months of usage that lie wholly before the last `keepDays`, with their ledger; returns their names. */
  async dropExpired(now: Date, keepDays: number): Promise<string[]> {
    const dropped: string[] = [];
    for (const { table } of partitioned) {
      for (const name of await this.partitionsOf(table)) {
        if (!isExpiredPartition(table, name, now, keepDays)) continue;
        // Two replicas that drop the same table at once would trip over each other's catalogue rows.
        await this.database.transaction(async (tx) => {
          await tx.query('SELECT pg_advisory_xact_lock($1)', [dropLock]);
          await tx.query(`DROP TABLE IF EXISTS "${name}"`);
        });
        dropped.push(name);
      }
    }
    return dropped;
  }

  /** Deletes rows of `table` from before `before`, in chunks; returns how many. */
  async deleteBefore(table: 'attempts' | 'prompt_log', before: Date): Promise<number> {
    const { key, at } =
      table === 'attempts' ? { key: 'attempt_id', at: 'started_at' } : { key: 'attempt_id', at: 'at' };
    let total = 0;
    for (;;) {
      const [, count] = await this.database.run((manager) =>
        manager.query<[unknown, number]>(
          `DELETE FROM ${table} WHERE ${key} IN (SELECT ${key} FROM ${table} WHERE ${at} < $1 LIMIT ${deleteChunk})`,
          [before],
        ),
      );
      total += count;
      if (count < deleteChunk) return total;
    }
  }

  private async partitionsOf(table: string): Promise<string[]> {
    const rows = await this.database.run((manager) =>
      manager.query<{ name: string }[]>(
        'SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = $1::regclass',
        [table],
      ),
    );
    return rows.map((row) => row.name);
  }
}
