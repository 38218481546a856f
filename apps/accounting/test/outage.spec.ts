/** What happens when the database is away, or an event cannot be read: nothing is lost, nothing is counted twice. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DurableMessage } from '#bus';
import { AlertUsageDead, KeyDigest, ListSpendLogs, LookUpKey, UsageClose } from '#contracts';
import { startNats, startPostgres, type TestDatabase, type TestServer } from '#testing';
import { UsageConsumer } from '../usage/usage.consumer.js';
import { startAccounting, until, type AccountingService } from './accounting-service.js';
import { Gate } from './gate.js';
import { closeEvent, sampleSnapshot } from './samples.js';

let nats: TestServer;
let postgres: TestDatabase;
let gate: Gate;
let service: AccountingService;

beforeAll(async () => {
  [nats, postgres] = await Promise.all([startNats(), startPostgres()]);
  const url = new URL(postgres.url);
  gate = await Gate.before({ host: url.hostname, port: Number(url.port) });
  url.port = String(gate.port);
  // The database comes later than accounting.
  const starting = startAccounting({
    natsUrl: nats.url,
    databaseUrl: url.href,
    sqlUrl: postgres.url,
    snapshot: sampleSnapshot(),
  });
  setTimeout(() => void gate.open(), 1_000);
  service = await starting;
});
afterAll(async () => {
  await service.stop();
  await gate.shut();
  await Promise.all([nats.stop(), postgres.stop()]);
});

const logs = async (request_id: string) =>
  (await service.bus.request(ListSpendLogs, { v: 1, seenBy: null, request_id })).rows;

describe('while the database is away', () => {
  it('accounting is not ready and says so; usage waits and is posted once it is back', async () => {
    await gate.shut();
    await until(() => !service.readiness.ready);
    expect(service.readiness.reasons).toEqual({ database: 'PostgreSQL cannot be reached' });
    const digest = KeyDigest.parse('a'.repeat(64));
    await expect(service.bus.request(LookUpKey, { v: 1, digest })).rejects.toMatchObject({
      code: 'service_unavailable',
      details: { message: 'The database is not available at the moment.' },
    });
    for (const id of ['away-1', 'away-2']) {
      await service.bus.publishDurable(UsageClose, closeEvent(id), { messageId: id });
    }
    await gate.open();
    await until(() => service.readiness.ready);
    await until(async () => (await logs('away-1')).length === 1 && (await logs('away-2')).length === 1);
    expect(await service.bus.request(LookUpKey, { v: 1, digest })).toEqual({ v: 1, key: null });
  });
});

describe('an event that cannot be posted', () => {
  interface Ending {
    readonly message: DurableMessage;
    readonly ended: string[];
  }
  let sequence = 1_000_000;

  function message(payload: unknown, deliveryCount: number, place = 0): Ending {
    if (place === 0) sequence += 1;
    const ended: string[] = [];
    return {
      ended,
      message: {
        subject: UsageClose.subject,
        payload,
        deliveryCount,
        sequence,
        place,
        traceparent: null,
        ack: () => ended.push('ack'),
        nak: (delayMs) => ended.push(`nak ${delayMs}`),
        term: () => ended.push('term'),
      },
    };
  }

  const handle = (...endings: Ending[]) => service.get(UsageConsumer).handle(endings.map((one) => one.message));

  it('holds up no other in its batch', async () => {
    const good = Array.from({ length: 9 }, (_, index) => message(closeEvent(`good-${index}`), 1));
    // More tokens than the column can hold: it can be read, but not be posted.
    const bad = message(closeEvent('absurd', { usage: { inputTokens: 2 ** 40 } }), 1);
    const unreadable = message({ v: 1, nonsense: true }, 2);
    await handle(...good.slice(0, 4), bad, unreadable, ...good.slice(4));
    for (const { ended } of good) expect(ended).toEqual(['ack']);
    expect(bad.ended).toEqual(['nak 1000']);
    expect(unreadable.ended).toEqual(['nak 2000']);
    expect(await logs('good-8')).toHaveLength(1);
  });

  it('ends in the table of dead letters after five deliveries, with an alert', async () => {
    const alerts: unknown[] = [];
    const watching = await service.bus.consume({
      stream: 'EVENTS',
      durable: 'test',
      subjects: [AlertUsageDead.subject],
      batch: 10,
      handle: (messages) => {
        for (const one of messages) {
          alerts.push(one.payload);
          one.ack();
        }
        return Promise.resolve();
      },
    });
    const absurd = message(closeEvent('absurd', { usage: { inputTokens: 2 ** 40 } }), 5);
    const unreadable = message({ v: 1, nonsense: '\u0000' }, 5);
    await handle(absurd, unreadable);
    expect([absurd.ended, unreadable.ended]).toEqual([['term'], ['term']]);
    const { rows } = await service.sql.query('SELECT subject, reason FROM usage_dead ORDER BY sequence');
    expect(rows).toMatchObject([
      { subject: 'usage.close', reason: expect.stringContaining('out of range') },
      { subject: 'usage.close', reason: expect.stringContaining('attemptId') },
    ]);
    await until(() => alerts.length === 2);
    expect(alerts).toContainEqual(
      expect.objectContaining({ subject: 'usage.close', sequence: unreadable.message.sequence }),
    );
    await watching.stop();
  });

  it('is kept beside others that travelled in the same message', async () => {
    const first = message({ v: 1, twin: 'first' }, 5);
    const second = message({ v: 1, twin: 'second' }, 5, 1);
    await handle(first, second);
    const { rows } = await service.sql.query(
      `SELECT subject, payload FROM usage_dead WHERE payload LIKE '%twin%' ORDER BY id`,
    );
    expect(rows).toEqual([
      { subject: 'usage.close', payload: '{"v":1,"twin":"first"}' },
      { subject: 'usage.close#1', payload: '{"v":1,"twin":"second"}' },
    ]);
  });

  it('of a later release waits for somebody who can read it', async () => {
    const newer = message({ ...closeEvent('newer'), v: 2 }, 9);
    await handle(newer);
    expect(newer.ended).toEqual(['nak 60000']);
  });
});
