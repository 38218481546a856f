/** Opens PostgreSQL through TypeORM and brings the schema up to date. Nothing else in the suite connects to it. */
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { z } from 'zod';
import { entities } from './entities/list.entity.js';
import { schemaSteps } from './migrations/list.js';
import type { SchemaStep } from './migrations/migration.js';
import { ensurePartitions } from './partition-maker.store.js';
import { QueryTrace } from './query-trace.subscriber.js';

/** "sigb" in ASCII: the advisory lock under which one replica at a time changes the schema. */
const migrationLock = 0x73_69_67_62;

/** Longest statement of ordinary work: a lock or a slow disk must not pile up requests. Milliseconds. */
const statementTimeoutMs = 2_000;
const connectTimeoutMs = 2_000;

export interface DataSourceOptions {
  readonly url: string;
  readonly poolSize: number;
  readonly onPoolError: (error: unknown) => void;
}

/** Connects, with a bounded pool; throws where the server is away. */
export function openDataSource(options: DataSourceOptions): Promise<DataSource> {
  return connect(options.url, options.poolSize, statementTimeoutMs, options.onPoolError);
}

/** How the connections of a pool are used at this moment. */
export interface PoolUse {
  readonly idle: number;
  readonly used: number;
  /** Work that waits for a connection. */
  readonly waiting: number;
}

const Pool = z.object({ totalCount: z.number(), idleCount: z.number(), waitingCount: z.number() });

/** What the driver's pool says of itself; null for one that says nothing. */
export function poolUse({ driver }: DataSource): PoolUse | null {
  const pool = Pool.safeParse('master' in driver ? driver.master : null).data;
  if (pool === undefined) return null;
  return { idle: pool.idleCount, used: pool.totalCount - pool.idleCount, waiting: pool.waitingCount };
}

/**
 * Takes the steps of the schema that are missing and makes the partitions around `now`, one replica at a time, before
 * anything is posted; returns the names of the steps taken.
 */
export async function migrate(url: string, now: Date): Promise<string[]> {
  // Two connections: one holds the lock, one works. No statement timeout, since an index over months takes its time.
  const dataSource = await connect(url, 2, 0, () => {});
  try {
    const holder = dataSource.createQueryRunner();
    try {
      await holder.query('SELECT pg_advisory_lock($1)', [migrationLock]);
      const taken = await dataSource.runMigrations({ transaction: 'each' });
      await ensurePartitions((work) => dataSource.transaction(work), now);
      await holder.query('SELECT pg_advisory_unlock($1)', [migrationLock]);
      return taken.map((migration) => migration.name);
    } finally {
      await holder.release();
    }
  } finally {
    await dataSource.destroy();
  }
}

function connect(
  url: string,
  poolSize: number,
  timeoutMs: number,
  onPoolError: (error: unknown) => void,
): Promise<DataSource> {
  return new DataSource({
    type: 'postgres',
    url,
    entities,
    subscribers: [QueryTrace],
    migrations: schemaSteps.map(migrationClass),
    migrationsTableName: 'schema_steps',
    synchronize: false,
    logging: false,
    poolSize,
    parseInt8: true,
    installExtensions: false,
    connectTimeoutMS: connectTimeoutMs,
    poolErrorHandler: onPoolError,
    extra: {
      application_name: 'signalbox-accounting',
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      idleTimeoutMillis: 60_000,
      ...(timeoutMs > 0 ? { statement_timeout: timeoutMs, query_timeout: timeoutMs * 3 } : {}),
    },
  }).initialize();
}

function migrationClass(step: SchemaStep): new () => MigrationInterface {
  return class implements MigrationInterface {
    readonly name = step.name;

    async up(runner: QueryRunner): Promise<void> {
      for (const statement of step.up) await runner.query(statement);
    }

    async down(runner: QueryRunner): Promise<void> {
      for (const statement of step.down) await runner.query(statement);
    }
  };
}
