import { mkdtemp, open, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { AttemptId, type UsageCloseEvent } from '#contracts';
import { activeTraceparent, contextFromTraceparent, Logger, Metrics, runInContext } from '#telemetry';
import { openingOf } from '../bus/test/fixtures.js';
import { usageClose } from './usage.fixtures.js';
import { UsageReporter } from './usage-reporter.client.js';
import { UsageSpool } from './usage-spool.client.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signalbox-spool-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const event = (id: string): UsageCloseEvent => ({ ...usageClose, attemptId: AttemptId.parse(id) });
const spoolOf = async (...ids: string[]) => {
  const spool = new UsageSpool(folder, 'ingress');
  await spool.start();
  for (const id of ids) await spool.append(event(id));
  return spool;
};
const idsIn = async (spool: UsageSpool) => (await spool.oldest())?.events.map((one) => one.attemptId) ?? null;

test('a process takes over what another of its service left, under whatever name', async () => {
  await spoolOf('a.0', 'b.0');
  await writeFile(join(folder, 'ingress-4000.jsonl'), `${JSON.stringify(event('c.0'))}\n{"half a li`);
  await writeFile(join(folder, 'provider-cloud-1.jsonl'), `${JSON.stringify(event('d.0'))}\n`);
  const next = new UsageSpool(folder, 'ingress');
  expect(await next.start()).toBe(3);
  const found: string[] = [];
  for (let file = await next.oldest(); file !== null; file = await next.oldest()) {
    found.push(...file.events.map((one) => one.attemptId));
    await file.remove();
  }
  expect(found.sort()).toEqual(['a.0', 'b.0', 'c.0']);
  expect(await readdir(folder)).toEqual(['provider-cloud-1.jsonl']);
  expect(next.size).toBe(0);
});

test('a process whose file was taken over goes on with a new one', async () => {
  const first = await spoolOf('a.0');
  const second = new UsageSpool(folder, 'ingress');
  await second.start();
  await first.append(event('b.0'));
  expect(await idsIn(second)).toEqual(['a.0']);
  expect(await idsIn(first)).toEqual(['b.0']);
});

test('what comes while a file is sent goes into another, and no file grows without end', async () => {
  const spool = await spoolOf('a.0');
  const oldest = await spool.oldest();
  await spool.append(event('b.0'));
  await oldest?.remove();
  expect(await idsIn(spool)).toEqual(['b.0']);
  await Promise.all(Array.from({ length: 2_500 }, (_none, n) => spool.append(event(`n${n}.0`))));
  expect(spool.size).toBe(2_501);
  expect((await readdir(folder)).length).toBe(4);
});

test('a file that a process is just beginning to write is not thrown away by the one that takes it over', async () => {
  const file = await open(join(folder, 'ingress-1-000001.jsonl'), 'a');
  const next = new UsageSpool(folder, 'ingress');
  await next.start();
  await file.appendFile(`${JSON.stringify(event('a.0'))}\n`);
  await file.close();
  expect(await idsIn(next)).toEqual(['a.0']);
});

const WithAttempt = z.object({ attemptId: z.string() });

/** A bus that can be away; what it has stored is in `stored`, as subject and attempt. */
function busOf() {
  const bus = {
    connected: true,
    refuses: false,
    stored: new Set<string>(),
    publishDurable: (contract: { subject: string }, payload: unknown, { onSent }: { onSent?: () => void }) => {
      if (bus.refuses) return Promise.reject(new Error('the stream is full'));
      onSent?.();
      bus.stored.add(`${contract.subject} ${WithAttempt.parse(payload).attemptId}`);
      return Promise.resolve();
    },
  };
  return bus;
}

const reporterOn = (bus: ReturnType<typeof busOf>) =>
  new UsageReporter({
    bus,
    logger: Logger.create('ingress', 'error'),
    metrics: new Metrics({ service: 'ingress', version: 'test', processMetrics: false }),
    source: 'ingress',
    service: 'ingress',
    spoolFolder: folder,
  });

test('events wait on disk while the bus is away, and all are sent when it is back', async () => {
  const bus = busOf();
  bus.connected = false;
  await spoolOf(...Array.from({ length: 1_200 }, (_none, n) => `n${n}.0`));
  const first = reporterOn(bus);
  await first.start();
  await first.stop();
  expect(bus.stored.size).toBe(0);
  bus.connected = true;
  const second = reporterOn(bus);
  await second.start();
  await second.stop();
  expect(bus.stored.size).toBe(1_200);
  expect(bus.stored).toContain('usage.close n1199.0');
  expect(await readdir(folder)).toEqual([]);
});

test('what was kept is sent outside the trace of the request that was the first to wait', async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const { promise: sentIn, resolve } = Promise.withResolvers<string | null>();
  const away = busOf();
  const bus = Object.assign(busOf(), {
    connected: false,
    publishDurable: (...told: Parameters<typeof away.publishDurable>) => {
      resolve(activeTraceparent());
      return away.publishDurable(...told);
    },
  });
  const reporter = reporterOn(bus);
  await reporter.start();
  const request = contextFromTraceparent('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01');
  await runInContext(request, () => reporter.open(openingOf('hello')));
  bus.connected = true;
  expect(await sentIn).toBeNull();
  await reporter.stop();
  context.disable();
});

describe('the word that an attempt begins', () => {
  test.each([
    ['is not connected', { connected: false }],
    ['does not take it', { refuses: true }],
  ])('lies on disk where the bus %s, and whoever comes next sends it', async (_what, trouble) => {
    const bus = Object.assign(busOf(), trouble);
    const first = reporterOn(bus);
    await first.start();
    await first.open(openingOf('hello'));
    Object.assign(bus, { connected: true, refuses: false });
    const second = reporterOn(bus);
    await second.start();
    await second.stop();
    expect(bus.stored).toEqual(new Set(['usage.open req_1.0']));
    await first.stop();
  });

  test('has left with the message, and waits for no acknowledgement', async () => {
    const bus = busOf();
    const { publishDurable } = bus;
    bus.publishDurable = (...all) => publishDurable(...all).then(() => new Promise(() => {}));
    await reporterOn(bus).open(openingOf('hello'));
    expect(bus.stored).toEqual(new Set(['usage.open req_1.0']));
  });
});
