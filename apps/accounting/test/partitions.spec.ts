/** Months come and go. */
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNats, startPostgres, type TestDatabase, type TestServer } from '#testing';
import { Upkeep } from '../database/upkeep.client.js';
import { readUsage } from '../usage/usage-row.js';
import { UsageStore } from '../usage/usage.store.js';
import { startAccounting, type AccountingService } from './accounting-service.js';
import { closeEvent, sampleSnapshot } from './samples.js';

let nats: TestServer;
let postgres: TestDatabase;
let service: AccountingService;

beforeAll(async () => {
  [nats, postgres] = await Promise.all([startNats(), startPostgres()]);
  const snapshot = sampleSnapshot({}, { spendRetentionDays: 90, extras: { prompt_retention: '7d' } });
  service = await startAccounting({ natsUrl: nats.url, databaseUrl: postgres.url, snapshot });
});
afterAll(async () => {
  await service.stop();
  await Promise.all([nats.stop(), postgres.stop()]);
});

async function post(id: string, startedAt: string): Promise<void> {
  const read = readUsage('usage.close', closeEvent(id, { startedAt }));
  if (read.kind === 'close') await service.get(UsageStore).post([read.row], []);
}

async function placeOf(id: string): Promise<string | undefined> {
  const { rows } = await service.sql.query<{ place: string }>(
    'SELECT tableoid::regclass::text AS place FROM usage_events WHERE request_id = $1',
    [id],
  );
  return rows[0]?.place;
}

describe('partitions', () => {
  it('take along the rows that came before them', async () => {
    await post('early', '2031-05-10T00:00:00.000Z');
    expect(await placeOf('early')).toBe('usage_events_default');
    await service.get(Upkeep).keepPartitions(new Date('2031-05-01T00:00:00Z'));
    expect(await placeOf('early')).toBe('usage_events_2031_05');
    await post('more', '2031-06-10T00:00:00.000Z');
    expect(await placeOf('more')).toBe('usage_events_2031_06');
  });

  it('go when their time is over, with attempts and kept prompts; what is younger stays', async () => {
    await service.sql.query(
      `INSERT INTO prompt_log (attempt_id, request_id, at, model) VALUES ('old', 'old', '2031-07-20', 'm'), ('new', 'new', '2031-07-30', 'm')`,
    );
    await service.get(Upkeep).keepPartitions(new Date('2031-08-01T00:00:00Z'));
    expect(await placeOf('early')).toBe('usage_events_2031_05');
    await service.get(Upkeep).keepPartitions(new Date('2031-09-05T00:00:00Z'));
    expect(await placeOf('early')).toBeUndefined();
    expect(await placeOf('more')).toBe('usage_events_2031_06');
    const attempts = await service.sql.query('SELECT attempt_id FROM attempts');
    expect(attempts.rows).toEqual([]);
    const prompts = await service.sql.query('SELECT attempt_id FROM prompt_log');
    expect(prompts.rows).toEqual([]);
  });

  it('of several replicas are made once', async () => {
    const now = new Date('2035-01-15T00:00:00Z');
    await Promise.all([1, 2, 3].map(() => service.get(Upkeep).keepPartitions(now)));
    const client = new Client({ connectionString: postgres.url });
    await client.connect();
    const { rows } = await client.query(`SELECT to_regclass('usage_events_2035_03')::text AS made`);
    await client.end();
    expect(rows).toEqual([{ made: 'usage_events_2035_03' }]);
  });
});
