/** Usage from the stream to the ledger, as other services send it. */
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { ListSpendLogs, UsageClose, UsageOpen, type UsageCloseEvent } from '#contracts';
import { startNats, startPostgres, type TestDatabase, type TestServer } from '#testing';
import { ReaperStore } from '../usage/reaper.store.js';
import { startAccounting, until, type AccountingService } from './accounting-service.js';
import { closeEvent, openEvent, sampleSnapshot } from './samples.js';

let nats: TestServer;
let postgres: TestDatabase;
let service: AccountingService;
let message = 0;

beforeAll(async () => {
  [nats, postgres] = await Promise.all([startNats(), startPostgres()]);
  service = await startAccounting({ natsUrl: nats.url, databaseUrl: postgres.url, snapshot: sampleSnapshot() });
});
afterAll(async () => {
  await service.stop();
  await Promise.all([nats.stop(), postgres.stop()]);
});

/** Sends an event with a message id of its own, so that only the database can recognise a repeat. */
async function send(event: UsageCloseEvent): Promise<void> {
  message += 1;
  await service.bus.publishDurable(UsageClose, event, { messageId: `m${message}` });
}

async function logs(requestId: string) {
  const reply = await service.bus.request(ListSpendLogs, { v: 1, seenBy: null, request_id: requestId });
  return reply.rows;
}

async function value(text: string, parameters: unknown[] = []): Promise<number | null> {
  const { rows } = await service.sql.query<{ value: number | null }>(text, parameters);
  return rows[0]?.value ?? null;
}

const settled = (requestId: string) => until(async () => (await logs(requestId)).length > 0);

/** Resolves when everything sent so far has been posted: a marker event sent after it is there. */
async function drained(): Promise<void> {
  const request = `marker-${message}`;
  await send(closeEvent(request));
  await settled(request);
}

describe('usage', () => {
  it('is one row of the spend logs within a second', async () => {
    const before = Date.now();
    await send(closeEvent('r1', { traceId: '0af7651916cd43dd8448eb211c80319c', payer: { tags: ['job:a', 'job:b'] } }));
    await settled('r1');
    expect(Date.now() - before).toBeLessThan(1_000);
    expect(await logs('r1')).toMatchObject([
      {
        request_id: 'r1',
        attempt_id: 'r1.0',
        model_group: 'solar-expert',
        model: 'gemma4:26b',
        prompt_tokens: 100,
        completion_tokens: 50,
        total_tokens: 150,
        spend: 0.0015,
        key_alias: 'solar-bot',
        team_id: 'solar-qa-bot',
        status: 'success',
        request_tags: ['job:a', 'job:b'],
        startTime: '2026-11-20T10:00:00.000Z',
        completionStartTime: '2026-11-20T10:00:00.300Z',
        trace_id: '0af7651916cd43dd8448eb211c80319c',
        estimated: false,
      },
    ]);
  });

  it('is counted once however often it is delivered', async () => {
    const before = await value(`SELECT requests::integer AS value FROM spend_total WHERE kind = 'global'`);
    await Promise.all(Array.from({ length: 20 }, () => send(closeEvent('r2'))));
    await drained();
    expect(await value(`SELECT count(*)::integer AS value FROM usage_events WHERE request_id = 'r2'`)).toBe(1);
    expect(await value(`SELECT sum(amount)::integer AS value FROM ledger WHERE attempt_id = 'r2.0'`)).toBe(1_500_000);
    expect(await value(`SELECT requests::integer AS value FROM spend_total WHERE kind = 'global'`)).toBe(
      (before ?? 0) + 2,
    );
  });

  it('is corrected by a better source and by no worse one', async () => {
    await send(
      closeEvent('r3', { source: 'ingress', costNanoUsd: 900, usage: { outputTokens: 10, source: 'counted' } }),
    );
    await drained();
    // The worker's clock may differ: the row must still be found.
    await send(closeEvent('r3', { source: 'worker', costNanoUsd: 1_000, startedAt: '2026-12-01T00:00:00.000Z' }));
    await drained();
    await send(closeEvent('r3', { source: 'reaper', costNanoUsd: 5_000 }));
    await drained();
    expect(await logs('r3')).toMatchObject([{ spend: 0.000001, completion_tokens: 50, source: 'worker' }]);
    const { rows } = await service.sql.query(
      `SELECT kind, source, amount FROM ledger WHERE attempt_id = 'r3.0' ORDER BY id`,
    );
    expect(rows).toEqual([
      { kind: 'charge', source: 'ingress', amount: 900 },
      { kind: 'correction', source: 'worker', amount: 100 },
    ]);
  });

  it('keeps ledger, rows and sums equal', async () => {
    await drained();
    const rows = await value('SELECT sum(cost_nano_usd)::integer AS value FROM usage_events');
    expect(await value('SELECT sum(amount)::integer AS value FROM ledger WHERE scope IS NULL')).toBe(rows);
    expect(await value('SELECT sum(spend_nano_usd)::integer AS value FROM daily_spend')).toBe(rows);
    expect(await value(`SELECT spend_nano_usd::integer AS value FROM spend_total WHERE kind = 'global'`)).toBe(rows);
    expect(await value(`SELECT sum(output_tokens)::integer AS value FROM daily_spend`)).toBe(
      await value('SELECT sum(output_tokens)::integer AS value FROM usage_events'),
    );
  });

  it('answers the SQL of people who know LiteLLM', async () => {
    const { rows } = await service.sql.query(
      `SELECT model, count(*) as requests, sum(input_tokens) as input_toks, sum(output_tokens) as output_toks
       FROM litellm_logs WHERE created_at > timestamptz '2026-11-21' - interval '7 days'
       GROUP BY model ORDER BY output_toks DESC`,
    );
    expect(rows[0]).toMatchObject({ model: 'solar-expert' });
    expect(await value(`SELECT spend AS value FROM litellm_logs WHERE request_id = 'r3'`)).toBe('0.000001000');
  });

  it('charges the scopes that hold the reservation, in their own units', async () => {
    const scopes = ['usd/key/key-1', 'tokens/key/key-1', 'requests/team/solar-qa-bot'];
    for (const scope of scopes) {
      await service.sql.query(
        `INSERT INTO scope_window (scope, window_id, unit, limit_n) VALUES ($1, 'w', $2, 1000000000)`,
        [scope, scope.split('/')[0]],
      );
    }
    const leases = scopes.map((scope, index) => ({ id: `lease-${index}`, scope, windowId: 'w' }));
    await send(closeEvent('r4', { source: 'ingress', costNanoUsd: 500, payer: { leases } }));
    await drained();
    await send(
      closeEvent('r4', { source: 'worker', costNanoUsd: 700, usage: { outputTokens: 60 }, payer: { leases } }),
    );
    await drained();
    for (const [scope, expected] of [
      ['usd/key/key-1', 700],
      ['tokens/key/key-1', 160],
      ['requests/team/solar-qa-bot', 1],
    ]) {
      expect(await value('SELECT settled::integer AS value FROM scope_window WHERE scope = $1', [scope])).toBe(
        expected,
      );
      expect(
        await value('SELECT sum(amount)::integer AS value FROM ledger WHERE scope = $1 AND window_id = $2', [
          scope,
          'w',
        ]),
      ).toBe(expected);
    }
  });

  it('of an attempt that nobody closed is charged with its reservation, and a late word corrects it', async () => {
    const open = openEvent('r5', { expiresAt: '2026-11-20T10:10:00.000Z', payer: { reservedNanoUsd: 8_000 } });
    await service.bus.publishDurable(UsageOpen, open, { messageId: 'r5.0:open' });
    await until(async () => (await value('SELECT count(*)::integer AS value FROM usage_open')) === 1);
    await service.sql.query(`UPDATE usage_open SET expires_at = now() - interval '1 minute'`);
    const closed = await service.get(ReaperStore).reap(3_600);
    expect(closed).toBe(0);
    await service.get(ReaperStore).reap(30);
    await settled('r5');
    expect(await logs('r5')).toMatchObject([{ spend: 0.000008, estimated: true, status: 'failure' }]);
    await send(closeEvent('r5', { source: 'worker', costNanoUsd: 2_000 }));
    await drained();
    expect(await logs('r5')).toMatchObject([{ spend: 0.000002, estimated: false, status: 'success' }]);
    expect(await value('SELECT count(*)::integer AS value FROM usage_open')).toBe(0);
  });

  it('that was opened after it was closed is not opened again', async () => {
    await send(closeEvent('r6'));
    await drained();
    await service.bus.publishDurable(UsageOpen, openEvent('r6'), { messageId: 'r6.0:open' });
    await drained();
    expect(await value(`SELECT count(*)::integer AS value FROM usage_open WHERE attempt_id = 'r6.0'`)).toBe(0);
  });

  it('whose opening and close were posted in the same moment by two replicas is not left open', async () => {
    await send(closeEvent('r6b'));
    await drained();
    await service.sql.query(
      `INSERT INTO usage_open (attempt_id, started_at, expires_at, event) VALUES ('r6b.0', now(), now() + interval '1 hour', '{}')`,
    );
    await service.get(ReaperStore).reap(3_600);
    expect(await value(`SELECT count(*)::integer AS value FROM usage_open`)).toBe(0);
    expect(await logs('r6b')).toMatchObject([{ source: 'worker' }]);
  });

  it('survives text that PostgreSQL cannot store', async () => {
    await send(closeEvent('r7', { payer: { endUser: 'nul\u0000 and half \ud83d', tags: ['\u0000'] } }));
    await settled('r7');
    expect(await logs('r7')).toMatchObject([{ end_user: 'nul and half \ufffd' }]);
  });

  test.each(['"', '\\', '{a,b}', 'NULL', "'); DROP TABLE keys; --", '\n\t', ' '])(
    'keeps the text %j as it is',
    async (text) => {
      const request = `text-${message}`;
      await send(
        closeEvent(request, { modelAsked: text, payer: { endUser: text, tags: [text, 'b"c'], keyAlias: text } }),
      );
      await settled(request);
      const [row] = await logs(request);
      expect(row).toMatchObject({ model_group: text, end_user: text, request_tags: [text, 'b"c'], key_alias: text });
    },
  );

  it('lies in the month of its start, also with a clock that is wrong by years', async () => {
    await send(closeEvent('r8', { startedAt: '2001-01-01T00:00:00.000Z' }));
    await settled('r8');
    expect(await value(`SELECT count(*)::integer AS value FROM usage_events_default WHERE request_id = 'r8'`)).toBe(1);
  });
});
