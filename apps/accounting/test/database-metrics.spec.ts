/** What accounting shows of its database: the use of the pool, and how long the ledger takes. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { UsageClose } from '#contracts';
import { Metrics } from '#telemetry';
import { startNats, startPostgres, type TestDatabase, type TestServer } from '#testing';
import { Database } from '../database/database.client.js';
import { startAccounting, until, type AccountingService } from './accounting-service.js';
import { closeEvent, sampleSnapshot } from './samples.js';

let nats: TestServer;
let postgres: TestDatabase;
let service: AccountingService;

beforeAll(async () => {
  [nats, postgres] = await Promise.all([startNats(), startPostgres()]);
  service = await startAccounting({ natsUrl: nats.url, databaseUrl: postgres.url, snapshot: sampleSnapshot() });
});
afterAll(async () => {
  await service.stop();
  await Promise.all([nats.stop(), postgres.stop()]);
});

async function shown(series: string): Promise<number> {
  const lines = (await service.get(Metrics).text()).split('\n');
  return Number(
    lines
      .find((line) => line.startsWith(`${series} `))
      ?.split(' ')
      .at(-1),
  );
}
const connections = (state: string) => shown(`signalbox_db_pool_connections{state="${state}"}`);

it('connections are idle or used, and work that has none is seen waiting', async () => {
  const database = service.get(Database);
  const gate = Promise.withResolvers<void>();
  const busy = Array.from({ length: 12 }, () =>
    database.transaction(async (manager) => {
      await manager.query('SELECT 1');
      await gate.promise;
    }),
  );
  await until(async () => (await connections('used')) === 10);
  expect(await connections('waiting')).toBeGreaterThanOrEqual(2);
  expect(await connections('idle')).toBe(0);
  gate.resolve();
  await Promise.all(busy);
  await until(async () => (await connections('used')) === 0);
  expect(await connections('waiting')).toBe(0);
  expect(await connections('idle')).toBe(10);
});

it('each batch of usage says how long it took', async () => {
  const before = (await shown('signalbox_usage_insert_duration_seconds_count')) || 0;
  await service.bus.publishDurable(UsageClose, closeEvent('timed'), { messageId: 'timed' });
  await until(async () => (await shown('signalbox_usage_insert_duration_seconds_count')) > before);
  expect(await shown('signalbox_usage_insert_duration_seconds_sum')).toBeLessThan(5);
});
