/** Budgets as metrics, from a real PostgreSQL. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Metrics } from '#telemetry';
import { startNats, startPostgres, type TestDatabase, type TestServer } from '#testing';
import { BudgetMeter } from '../budgets/budget-meter.store.js';
import { startAccounting, type AccountingService } from './accounting-service.js';
import { sampleSnapshot } from './samples.js';

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

async function lines(): Promise<string[]> {
  await service.get(BudgetMeter).look(new Date());
  const text = await service.get(Metrics).text();
  return text.split('\n').filter((line) => line.startsWith('signalbox_budget_'));
}

const insert = `INSERT INTO budget (scope, unit, limit_n, duration, owner_kind, owner_id, label)
  SELECT scope, split_part(scope, '/', 1), "limit", duration, split_part(scope, '/', 2), split_part(scope, '/', 3), label
  FROM json_to_recordset($1) AS r (scope text, "limit" bigint, duration text, label text)`;

it('shows limit, use and renewal of each budget in its current window', async () => {
  const budgets = [
    { scope: 'usd/key/k1', limit: 2_000_000_000, duration: '1d', label: 'laptop' },
    { scope: 'usd/team/t1', limit: 1_000_000_000, duration: null, label: null },
    { scope: 'tokens/key/k1', limit: 100, duration: null, label: 'laptop' },
  ];
  await service.sql.query(insert, [JSON.stringify(budgets)]);
  await service.sql.query(
    `INSERT INTO scope_window (scope, window_id, unit, limit_n, settled) VALUES
       ('usd/team/t1', 'all', 'usd', 1000000000, 900000000),
       ('usd/key/k1', '1d:1999-01-01', 'usd', 2000000000, 2000000000),
       ('tokens/key/k1', 'all', 'tokens', 100, 25)`,
  );
  const shown = await lines();
  expect(shown).toEqual(
    expect.arrayContaining([
      'signalbox_budget_limit_usd{scope="key",budget="laptop"} 2',
      'signalbox_budget_limit_usd{scope="team",budget="t1"} 1',
      'signalbox_budget_spent_usd{scope="team",budget="t1"} 0.9',
      // The window of another day does not count.
      'signalbox_budget_spent_usd{scope="key",budget="laptop"} 0',
      'signalbox_budget_used_ratio{scope="team",budget="t1"} 0.9',
      'signalbox_budget_used_ratio{scope="key",budget="laptop (tokens)"} 0.25',
    ]),
  );
  const renewal = shown.find((line) => line.startsWith('signalbox_budget_reset_timestamp_seconds'));
  expect(renewal).toMatch(/\{scope="key",budget="laptop"\} \d+$/);
  expect(Number(renewal?.split(' ').at(-1)) * 1000).toBeGreaterThan(Date.now());
});

it('shows two hundred at most, the most used, and the rest as one', async () => {
  const many = Array.from({ length: 300 }, (_, index) => ({
    scope: `usd/key/many${String(index)}`,
    limit: 1_000_000_000,
    duration: null,
    label: `many ${String(index)}`,
  }));
  await service.sql.query(insert, [JSON.stringify(many)]);
  const shown = await lines();
  expect(shown.filter((line) => line.startsWith('signalbox_budget_used_ratio'))).toHaveLength(200);
  const limits = shown.filter((line) => line.startsWith('signalbox_budget_limit_usd'));
  expect(limits.find((line) => line.includes('_other'))).toBeDefined();
  const sum = limits.reduce((total, line) => total + Number(line.split(' ').at(-1)), 0);
  expect(sum).toBeCloseTo(303, 6);
  expect(shown).toContain('signalbox_budget_used_ratio{scope="team",budget="t1"} 0.9');
});

it('forgets a budget that is gone', async () => {
  await service.sql.query(`DELETE FROM budget WHERE scope LIKE 'usd/key/%'`);
  expect((await lines()).filter((line) => line.includes('scope="key"'))).toEqual([
    'signalbox_budget_used_ratio{scope="key",budget="laptop (tokens)"} 0.25',
  ]);
});
