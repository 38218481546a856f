/** The schema on a real server: it is made once whoever comes first, and the entities fit it. */
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres, type TestDatabase } from '#testing';
import { Logger } from '#telemetry';
import { migrate, openDataSource } from '../database/data-source.client.js';
import { runMigrateCommand } from '../database/migrate-command.client.js';
import { schemaSteps } from '../database/migrations/list.js';

let postgres: TestDatabase;
let client: Client;
const now = new Date('2026-11-20T12:00:00Z');

beforeAll(async () => {
  postgres = await startPostgres();
  client = new Client({ connectionString: postgres.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await postgres.stop();
});

describe('the schema', () => {
  it('is made once when three replicas start together', async () => {
    const taken = await Promise.all([
      migrate(postgres.url, now),
      migrate(postgres.url, now),
      migrate(postgres.url, now),
    ]);
    expect(taken.map((names) => names.length).sort((a, b) => a - b)).toEqual([0, 0, schemaSteps.length]);
  });

  it('is brought up to date by the command too, which fails where it cannot', async () => {
    const logger = Logger.create('accounting', 'error');
    const { rows } = await client.query<{ name: string }>(
      'DELETE FROM schema_steps WHERE timestamp = (SELECT max(timestamp) FROM schema_steps) RETURNING name',
    );
    const last = schemaSteps.at(-1);
    expect(rows.map(({ name }) => name)).toEqual([last?.name]);
    for (const sql of last?.down ?? []) await client.query(sql);
    expect(await runMigrateCommand(postgres.url, logger)).toBe(0);
    expect(await migrate(postgres.url, now)).toEqual([]);
    const nowhere = new URL(postgres.url);
    nowhere.pathname = '/nowhere';
    expect(await runMigrateCommand(nowhere.href, logger)).toBe(1);
    expect(await runMigrateCommand(null, logger)).toBe(1);
  });

  it('has every column of every entity, with its type', async () => {
    const dataSource = await openDataSource({ url: postgres.url, poolSize: 1, onPoolError: () => {} });
    const { rows } = await client.query<{ table: string; column: string; type: string; nullable: boolean }>(
      `SELECT table_name AS table, column_name AS column, data_type AS type, is_nullable = 'YES' AS nullable
       FROM information_schema.columns WHERE table_schema = 'public'`,
    );
    const names: Record<string, string> = { 'timestamp with time zone': 'timestamptz', ARRAY: 'text' };
    const found = new Map(rows.map((row) => [`${row.table}.${row.column}`, row]));
    for (const entity of dataSource.entityMetadatas) {
      for (const column of entity.columns) {
        const row = found.get(`${entity.tableName}.${column.databaseName}`);
        expect(row, `${entity.tableName}.${column.databaseName}`).toBeDefined();
        expect(names[row?.type ?? ''] ?? row?.type).toBe(column.type);
        expect(column.isNullable).toBe(row?.nullable);
      }
    }
    await dataSource.destroy();
  });

  it('refuses to change the ledger', async () => {
    await client.query(`INSERT INTO ledger (attempt_id, kind, source, amount) VALUES ('a.0', 'charge', 'worker', 5)`);
    await expect(client.query('UPDATE ledger SET amount = 6')).rejects.toThrow('append only');
  });

  it('lets the reading role see the logs and nothing else', async () => {
    await client.query('SET ROLE signalbox_reader');
    await expect(client.query('SELECT count(*) FROM litellm_logs')).resolves.toBeDefined();
    await expect(client.query('SELECT count(*) FROM keys')).rejects.toThrow('permission denied');
    await client.query('RESET ROLE');
  });

  it('can be taken back step by step', async () => {
    for (const step of [...schemaSteps].reverse()) for (const sql of step.down) await client.query(sql);
    const { rows } = await client.query<{ count: number }>(
      `SELECT count(*)::integer AS count FROM information_schema.tables WHERE table_schema = 'public' AND table_name <> 'schema_steps'`,
    );
    expect(rows[0]?.count).toBe(0);
  });
});
