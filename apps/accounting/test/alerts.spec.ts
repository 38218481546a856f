/** Alerts from a charge to the receiver: sent once for each line, signed, and again until they got through. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KeyId, LeaseBudget, UpdateKey, UsageClose } from '#contracts';
import { startNats, startPostgres, type TestDatabase, type TestServer } from '#testing';
import { signatureOf } from '../alerts/signature.js';
import { SpendReports } from '../alerts/spend-reports.store.js';
import { startAccounting, until, type AccountingService } from './accounting-service.js';
import { closeEvent, sampleSnapshot } from './samples.js';

interface Received {
  readonly path: string;
  readonly signature: string | undefined;
  readonly body: string;
}

let nats: TestServer;
let postgres: TestDatabase;
let service: AccountingService;
let receiver: Server;
const received: Received[] = [];
let failures = 1;

beforeAll(async () => {
  receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      const signature = request.headers['x-signalbox-signature'];
      received.push({ path: request.url ?? '', signature: Array.isArray(signature) ? signature[0] : signature, body });
      // The first message finds the receiver out of order.
      response.writeHead(failures-- > 0 ? 503 : 200).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const { port } = receiver.address() as AddressInfo;
  [nats, postgres] = await Promise.all([startNats(), startPostgres()]);
  service = await startAccounting({
    natsUrl: nats.url,
    databaseUrl: postgres.url,
    snapshot: sampleSnapshot({}, { alerting: ['webhook', 'slack'], alertThresholds: [0.8] }),
    variables: {
      WEBHOOK_URL: `http://127.0.0.1:${port}/hook`,
      SLACK_WEBHOOK_URL: `http://127.0.0.1:${port}/slack`,
      SIGNALBOX_WEBHOOK_SECRET: 'whsec',
    },
  });
});
afterAll(async () => {
  await service.stop();
  await new Promise((resolve) => receiver.close(resolve));
  await Promise.all([nats.stop(), postgres.stop()]);
});

describe('alerts', () => {
  it('reach every target in spite of a receiver that was out of order, and once', async () => {
    const scope = 'usd/key/k1';
    await service.sql.query(
      `INSERT INTO keys (id, alias, last4, created_by, updated_by) VALUES ('k1', 'runaway', '0000', 't', 't')`,
    );
    await service.sql.query(
      `INSERT INTO budget (scope, unit, limit_n, owner_kind, owner_id) VALUES ($1, 'usd', 1000000000, 'key', 'k1')`,
      [scope],
    );
    const wants = [{ leaseId: 'l1', scope, need: 900_000_000, want: 900_000_000 }];
    await service.bus.request(LeaseBudget, { v: 1, holder: 'g', epoch: 1, wants });
    for (const [i, costNanoUsd] of [800_000_000, 50_000_000].entries()) {
      const event = closeEvent(`r${i}`, { costNanoUsd, payer: { leases: [{ id: 'l1', scope, windowId: 'all' }] } });
      await service.bus.publishDurable(UsageClose, event, { messageId: `m${i}` });
    }
    const told = (path: string) => received.filter((one) => one.path === path);
    await until(() => told('/hook').length + told('/slack').length >= 3);
    const hook = told('/hook').at(-1);
    expect(JSON.parse(hook?.body ?? '{}')).toMatchObject({
      event: 'threshold_crossed',
      event_group: 'key',
      key_alias: 'runaway',
      max_budget: 1,
      threshold_percent: 80,
    });
    const seconds = Number(/^t=(\d+),/.exec(hook?.signature ?? '')?.[1]);
    expect(hook?.signature).toBe(signatureOf(hook?.body ?? '', 'whsec', new Date(seconds * 1_000)));
    expect(told('/slack').at(-1)?.body).toContain('runaway');
    // Both charges lie above the line: one message to each target, and one more for the failure.
    await until(async () => {
      const { rows } = await service.sql.query('SELECT settled::integer FROM scope_window WHERE settled = 850000000');
      return rows.length === 1;
    });
    expect(received).toHaveLength(3);
  });

  it('come again after the spend was set back, or the limit was raised', async () => {
    const actor = { kind: 'master' as const, keyId: null, alias: null };
    const key = { by: 'id' as const, id: KeyId.parse('k1') };
    const hooks = () => received.filter((one) => one.path === '/hook').map((one) => JSON.parse(one.body) as object);
    const charge = (id: string, costNanoUsd: number) => {
      const payer = { leases: [{ id: 'l1', scope: 'usd/key/k1', windowId: 'all' }] };
      return service.bus.publishDurable(UsageClose, closeEvent(id, { costNanoUsd, payer }), { messageId: id });
    };
    let told = hooks().length;
    const next = async () => {
      await until(() => hooks().length > told);
      told = hooks().length;
      return hooks().at(-1);
    };
    await service.bus.request(UpdateKey, { v: 1, actor, key, fields: { max_budget: 1, spend: 0 } });
    await charge('again', 850_000_000);
    expect(await next()).toMatchObject({ event: 'threshold_crossed', spend: 0.85 });
    await service.bus.request(UpdateKey, { v: 1, actor, key, fields: { max_budget: 10 } });
    await charge('more', 7_500_000_000);
    expect(await next()).toMatchObject({ event: 'threshold_crossed', max_budget: 10 });
    // The line stays crossed: nobody is told of it a third time.
    await service.bus.request(UpdateKey, { v: 1, actor, key, fields: { max_budget: 10.1 } });
    const { rows } = await service.sql.query(`SELECT threshold FROM budget_alert WHERE scope = 'usd/key/k1'`);
    expect(rows).toEqual([{ threshold: '80' }]);
  });

  it('report what was spent yesterday, once', async () => {
    const before = received.length;
    await service.sql.query(
      `INSERT INTO daily_spend (day, key_id, team_id, user_id, model, upstream_model, backend_id, provider, requests,
         input_tokens, output_tokens, spend_nano_usd)
       VALUES ('2026-10-09', 'k1', '', '', 'gpt', 'gpt', 'b', 'openai', 3, 100, 50, 2500000000)`,
    );
    const now = new Date('2026-10-10T08:00:00Z');
    const reports = service.get(SpendReports);
    expect(await reports.report(now)).toMatchObject([
      {
        period: 'daily',
        total: { spendNanoUsd: 2_500_000_000, requests: 3, tokens: 150 },
        keys: [{ name: 'runaway' }],
      },
    ]);
    expect(await reports.report(now)).toEqual([]);
    await until(() => received.length === before + 2);
    const hook = received.slice(before).find((one) => one.path === '/hook');
    expect(JSON.parse(hook?.body ?? '{}')).toMatchObject({
      event: 'spend_report',
      spend: 2.5,
      models: [{ name: 'gpt' }],
    });
  });
});
