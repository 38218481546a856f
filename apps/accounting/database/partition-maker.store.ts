/** Makes partitions, within a transaction of the caller's. */
import type { EntityManager } from 'typeorm';
import { monthPartition, type MonthPartition } from './partition.js';

export const partitioned = [
  { table: 'usage_events', column: 'started_at' },
  { table: 'ledger', column: 'posted_at' },
] as const;
type Partitioned = (typeof partitioned)[number];

/** "sigp" in ASCII. */
const partitionLock = 0x73_69_67_70;
/** From last month (late events) to two months ahead (accounting may be away for a while). */
const offsets = [-1, 0, 1, 2];
type Transaction = <T>(work: (manager: EntityManager) => Promise<T>) => Promise<T>;

/** Makes the partitions around `now` that are missing, each in a transaction of its own; returns their names. */
export async function ensurePartitions(transaction: Transaction, now: Date): Promise<string[]> {
  const made: string[] = [];
  for (const table of partitioned) {
    for (const offset of offsets) {
      const partition = monthPartition(table.table, now, offset);
      if (await transaction((manager) => make(manager, table, partition))) made.push(partition.name);
    }
  }
  return made;
}

async function make(manager: EntityManager, table: Partitioned, partition: MonthPartition): Promise<boolean> {
  await manager.query('SELECT pg_advisory_xact_lock($1)', [partitionLock]);
  if (await exists(manager, partition.name)) return false;
  await attach(manager, table, partition);
  return true;
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
