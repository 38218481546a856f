import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AttemptId, UsageClose, type UsageCloseEvent } from '#contracts';
import { Logger, Metrics } from '#telemetry';
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

test('events wait on disk while the bus is away, and all are sent when it is back', async () => {
  const stored = new Set<string>();
  const bus = { isAway: true };
  const reporter = () =>
    new UsageReporter({
      bus: {
        publishDurable: (contract, payload) => {
          if (bus.isAway) return Promise.reject(new Error('away'));
          stored.add(UsageClose.payload.parse(payload).attemptId);
          expect(contract.subject).toBe('usage.close');
          return Promise.resolve();
        },
      },
      logger: Logger.create('ingress', 'error'),
      metrics: new Metrics({ service: 'ingress', version: 'test', processMetrics: false }),
      source: 'ingress',
      service: 'ingress',
      spoolFolder: folder,
    });
  await spoolOf(...Array.from({ length: 1_200 }, (_none, n) => `n${n}.0`));
  const first = reporter();
  await first.start();
  await first.stop();
  expect(stored.size).toBe(0);
  bus.isAway = false;
  const second = reporter();
  await second.start();
  await second.stop();
  expect(stored.size).toBe(1_200);
  expect(await readdir(folder)).toEqual([]);
});
