/** Makes the partitions of coming months and drops those that are past their retention. */
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Database } from './database.client.js';
import { isExpiredPartition, monthPartition, type MonthPartition } from './partition.js';

const partitioned = [
  { table: 'usage_events', column: 'started_at' },
  { table: 'ledger', column: 'posted_at' },
] as const;
type Partitioned = (typeof partitioned)[number];

/** "sigp" in ASCII. */
const partitionLock = 0x73_69_67_70;
/** From last month (late events) to two months ahead (accounting may be away for a while). */
const offsets = [-1, 0, 1, 2];
/** Rows deleted by one statement, so that none runs into the statement timeout. */
const deleteChunk = 5_000;

@Injectable()
export class PartitionStore {
  constructor(private readonly database: Database) {}

  /** Makes the partitions around `now` that are missing; returns their names. */
  async ensure(now: Date): Promise<string[]> {
    const made: string[] = [];
    for (const table of partitioned) {
      for (const offset of offsets) {
        const partition = monthPartition(table.table, now, offset);
        if (await this.make(table, partition)) made.push(partition.name);
      }
    }
    return made;
  }

  /** Drops months of usage that lie wholly before the last `keepDays`, with their ledger; returns their names. */
  async dropExpired(now: Date, keepDays: number): Promise<string[]> {
    const dropped: string[] = [];
    for (const { table } of partitioned) {
      for (const name of await this.partitionsOf(table)) {
        if (!isExpiredPartition(table, name, now, keepDays)) continue;
        await this.database.run((manager) => manager.query(`DROP TABLE IF EXISTS "${name}"`));
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

  private make(table: Partitioned, partition: MonthPartition): Promise<boolean> {
    return this.database.transaction(async (manager) => {
      await manager.query('SELECT pg_advisory_xact_lock($1)', [partitionLock]);
      if (await exists(manager, partition.name)) return false;
      await attach(manager, table, partition);
      return true;
    });
  }
}

async function exists(manager: EntityManager, name: string): Promise<boolean> {
  const [row] = await manager.query<{ found: boolean }[]>('SELECT to_regclass($1) IS NOT NULL AS found', [name]);
  return row?.found === true;
}

/** Rows of that month may already lie in the default partition (a wrong clock, a long outage): they move along. */
async function attach(
  manager: EntityManager,
  { table, column }: Partitioned,
  partition: MonthPartition,
): Promise<void> {
  const { name, from, to } = partition;
  await manager.query(`CREATE TABLE "${name}" (LIKE ${table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)`);
  await manager.query(
    `WITH moved AS (DELETE FROM ${table}_default WHERE ${column} >= $1 AND ${column} < $2 RETURNING *)
     INSERT INTO "${name}" SELECT * FROM moved`,
    [from, to],
  );
  await manager.query(`ALTER TABLE ${table} ATTACH PARTITION "${name}" FOR VALUES FROM ('${from}') TO ('${to}')`);
}
