/** Keys that the config file declares. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GetKeyInfo, LookUpKey } from '#contracts';
import { startNats, startPostgres, type TestDatabase, type TestServer } from '#testing';
import { digestOfKey } from '../keys/key-digest.js';
import { readUsage } from '../usage/usage-row.js';
import { UsageStore } from '../usage/usage.store.js';
import { startAccounting, type AccountingService } from './accounting-service.js';
import { closeEvent, sampleSnapshot } from './samples.js';

const pepper = 'pepper-of-the-tests';
const declared = (alias: string, variable: string, fields: object) => ({
  alias,
  secret: { from: 'env', name: variable },
  path: 'key_management.keys[0]',
  fields,
});
const withKeys = (...declaredKeys: object[]) => sampleSnapshot({ declaredKeys });
const first = declared('solar-bot-prod', 'SOLAR_KEY', { max_budget: 25, budget_duration: '1d', team_id: 'solar' });

let nats: TestServer;
let postgres: TestDatabase;
let service: AccountingService;

const start = () =>
  startAccounting({
    natsUrl: nats.url,
    databaseUrl: postgres.url,
    snapshot: withKeys(first),
    variables: { SOLAR_KEY: 'sk-solar-1', SOLAR_KEY_2: 'sk-solar-2', OTHER_KEY: 'sk-other' },
  });
const lookUp = async (key: string) =>
  (await service.bus.request(LookUpKey, { v: 1, digest: digestOfKey(key, pepper) })).key;
const eventually = (read: () => Promise<unknown>) => expect.poll(read, { timeout: 10_000 });

beforeAll(async () => {
  [nats, postgres] = await Promise.all([startNats(), startPostgres()]);
  service = await start();
});
afterAll(async () => {
  await service.stop();
  await Promise.all([nats.stop(), postgres.stop()]);
});

describe('a declared key', () => {
  it('exists as soon as the service is ready, with its team and budget', async () => {
    expect(await lookUp('sk-solar-1')).toMatchObject({ alias: 'solar-bot-prod', teamId: 'solar' });
    const info = await service.bus.request(GetKeyInfo, { v: 1, key: { by: 'alias', alias: 'solar-bot-prod' } });
    expect(info.key).toMatchObject({ max_budget: 25, origin: 'config', created_by: 'config', key_name: 'sk-...ar-1' });
  });

  it('keeps its identity and its spend when the service starts again', async () => {
    const before = await lookUp('sk-solar-1');
    const read = readUsage('usage.close', closeEvent('r1', { payer: { keyId: before?.id } }));
    if (read.kind === 'close') await service.get(UsageStore).post([read.row], []);
    await service.stop();
    service = await start();
    await eventually(() => lookUp('sk-solar-1')).toMatchObject({ id: before?.id });
    const info = await service.bus.request(GetKeyInfo, { v: 1, key: { by: 'alias', alias: 'solar-bot-prod' } });
    expect(info.key.total_spend).toBe(0.0015);
  });

  it('follows the file: fields, secret, and whether it is there', async () => {
    const before = await lookUp('sk-solar-1');
    const changed = declared('solar-bot-prod', 'SOLAR_KEY_2', { rpm_limit: 3 });
    await service.publishConfig(withKeys(changed, declared('other', 'OTHER_KEY', {})));
    await eventually(() => lookUp('sk-solar-2')).toMatchObject({
      id: before?.id,
      budgetScopes: [],
      limits: { rpm: 3 },
    });
    expect(await lookUp('sk-solar-1')).toBeNull();
    await service.publishConfig(withKeys(changed));
    await eventually(() => lookUp('sk-other')).toBeNull();
    await service.publishConfig(withKeys(first));
    await eventually(() => lookUp('sk-solar-1')).toMatchObject({ id: before?.id });
  });

  it('that is wrong or has no secret harms no other', async () => {
    await service.publishConfig(
      withKeys(declared('bad', 'OTHER_KEY', { max_budget: -1 }), declared('unset', 'NOT_SET', {}), first),
    );
    await service.publishConfig(
      withKeys(
        declared('bad', 'OTHER_KEY', { max_budget: -1 }),
        declared('twin', 'SOLAR_KEY', {}),
        first,
        declared('last', 'OTHER_KEY', {}),
      ),
    );
    await eventually(() => lookUp('sk-other')).toMatchObject({ alias: 'last' });
    expect(await lookUp('sk-solar-1')).toMatchObject({ alias: 'solar-bot-prod' });
  });

  it('leaves its secret nowhere in the database', async () => {
    const { rows } = await service.sql.query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
    );
    for (const { name } of rows) {
      const found = await service.sql.query(`SELECT 1 FROM "${name}" t WHERE t::text LIKE '%sk-solar-%'`);
      expect(found.rows, name).toEqual([]);
    }
  });
});
