/**
 * This release on the schema of the next one, as while replicas are exchanged one by one: a later step has added a column
 * to every table, and tables that nobody here knows.
 */
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GenerateKey, KeyDigest, LeaseBudget, ListSpendLogs, LookUpKey, UsageClose, UsageOpen } from '#contracts';
import { startNats, startPostgres, type TestDatabase, type TestServer } from '#testing';
import { migrate } from '../database/data-source.client.js';
import { Upkeep } from '../database/upkeep.client.js';
import { ReaperStore } from '../usage/reaper.store.js';
import { startAccounting, until, type AccountingService } from './accounting-service.js';
import { closeEvent, openEvent, sampleSnapshot } from './samples.js';

const later = 'OfTheNextRelease9000000000001';
let nats: TestServer;
let postgres: TestDatabase;
let service: AccountingService;

beforeAll(async () => {
  [nats, postgres] = await Promise.all([startNats(), startPostgres()]);
  await migrate(postgres.url, new Date());
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  const { rows } = await client.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
       AND NOT c.relispartition AND c.relname <> 'schema_steps'`,
  );
  expect(rows.length).toBeGreaterThan(15);
  for (const { name } of rows) {
    await client.query(
      `ALTER TABLE ${name} ADD COLUMN of_next_release text NOT NULL DEFAULT 'new', ADD COLUMN also_new jsonb`,
    );
  }
  await client.query('CREATE TABLE of_next_release (id text PRIMARY KEY)');
  await client.query('INSERT INTO schema_steps (timestamp, name) VALUES (9000000000001, $1)', [later]);
  await client.end();
  service = await startAccounting({ natsUrl: nats.url, databaseUrl: postgres.url, snapshot: sampleSnapshot() });
});
afterAll(async () => {
  await service.stop();
  await Promise.all([nats.stop(), postgres.stop()]);
});

const logs = async (request_id: string) =>
  (await service.bus.request(ListSpendLogs, { v: 1, seenBy: null, request_id })).rows;

describe('this release on the schema of the next', () => {
  it('leaves the later step as it is', async () => {
    const { rows } = await service.sql.query('SELECT name FROM schema_steps WHERE name = $1', [later]);
    expect(rows).toHaveLength(1);
    expect(await migrate(postgres.url, new Date())).toEqual([]);
  });

  it('makes keys with budgets and lends out of them', async () => {
    const digest = KeyDigest.parse('c'.repeat(64));
    const actor = { kind: 'master' as const, keyId: null, alias: null };
    const { key } = await service.bus.request(GenerateKey, {
      v: 1,
      actor,
      secret: { digest, last4: 'abcd' },
      fields: { key_alias: 'next', max_budget: 1 },
    });
    const found = await service.bus.request(LookUpKey, { v: 1, digest });
    const scope = found.key?.budgetScopes[0] ?? '';
    const wants = [{ leaseId: 'next-1', scope, need: 1_000, want: 1_000 }];
    const { answers } = await service.bus.request(LeaseBudget, { v: 1, holder: 'g', epoch: 1, wants });
    expect(answers).toMatchObject([{ kind: 'granted' }]);
    expect(key).toMatchObject({ key_alias: 'next', max_budget: 1 });
  });

  it('posts usage, corrects it, and closes what nobody closed', async () => {
    await service.bus.publishDurable(UsageOpen, openEvent('left', { expiresAt: '2020-01-01T00:00:00.000Z' }), {
      messageId: 'o',
    });
    for (const source of ['ingress', 'worker']) {
      await service.bus.publishDurable(UsageClose, closeEvent('seen', { source, payer: { tags: ['t'] } }), {
        messageId: source,
      });
    }
    await until(async () => (await logs('seen'))[0]?.source === 'worker');
    await until(async () => {
      await service.get(ReaperStore).reap(0);
      return (await logs('left')).length === 1;
    });
  });

  it('makes partitions and reads reports', async () => {
    await service.get(Upkeep).keepPartitions(new Date('2033-03-03T00:00:00Z'));
    const { rows } = await service.sql.query(`SELECT to_regclass('usage_events_2033_04')::text AS made`);
    expect(rows).toEqual([{ made: 'usage_events_2033_04' }]);
  });
});
