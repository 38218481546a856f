/** Questions that nobody answers just now, because the service is being restarted. */
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import type { Bus } from '#bus';
import { requestContract } from '#contracts';
import { startNats, type TestServer } from '#testing';
import { connectBus, metricsOf } from './fixtures.js';

const Echo = requestContract({ subject: 'echo', request: z.string(), reply: z.string(), deadlineMs: 2_000 });

let nats: TestServer;
let bus: Bus;
const metrics = metricsOf('patient');

beforeAll(async () => {
  nats = await startNats();
  bus = await connectBus(nats.url, 'patient', metrics);
});

afterAll(async () => {
  await bus.drain();
  await nats.stop();
});

it('are refused at once without patience, and after it with some', async () => {
  await expect(bus.request(Echo, 'x')).rejects.toMatchObject({ code: 'service_unavailable' });
  const askedAt = performance.now();
  await expect(bus.request(Echo, 'x', { patienceMs: 600 })).rejects.toMatchObject({ code: 'service_unavailable' });
  expect(performance.now() - askedAt).toBeGreaterThan(400);
});

it('are put to another server where the first one says nothing', async () => {
  const answers = [new Promise<string>(() => {}), Promise.resolve('second')];
  const serving = bus.serve(Echo, {}, () => answers.shift() ?? Promise.resolve('third'));
  expect(await bus.request(Echo, 'x', { patienceMs: 5_000, deadlineMs: 300 })).toBe('second');
  await serving.stop();
});

it('are answered by whoever comes within it', async () => {
  const answer = bus.request(Echo, 'x', { patienceMs: 5_000 });
  await wait(600);
  const serving = bus.serve(Echo, {}, (text) => Promise.resolve(text));
  expect(await answer).toBe('x');
  await serving.stop();
});

it('are told as errors each time, whatever comes of them', async () => {
  const errors = async () =>
    Number(/bus_errors_total\{[^}]*"bus_no_responders"[^}]*\} (\d+)/.exec(await metrics.text())?.[1] ?? 0);
  const before = await errors();
  const answer = bus.request(Echo, 'x', { patienceMs: 5_000 });
  await wait(600);
  const serving = bus.serve(Echo, {}, (text) => Promise.resolve(text));
  await answer;
  expect(await errors()).toBeGreaterThan(before + 1);
  await serving.stop();
});
