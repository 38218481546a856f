/** Messages that are longer than what a NATS server takes. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import type { Bus } from '#bus';
import { bucketContract, requestContract } from '#contracts';
import { startNats, type TestServer } from '#testing';
import { connectBus } from './fixtures.js';

const Echo = requestContract({ subject: 'echo', request: z.string(), reply: z.string(), deadlineMs: 20_000 });
const long = JSON.stringify(Array.from({ length: 60_000 }, (_none, n) => ({ model: `model-${n}`, spend: n / 9 })));

let nats: TestServer;
let bus: Bus;

beforeAll(async () => {
  nats = await startNats();
  bus = await connectBus(nats.url, 'long');
});

afterAll(async () => {
  await bus.drain();
  await nats.stop();
});

it('a long question gets its long answer', async () => {
  expect(long.length).toBeGreaterThan(2 * 1024 * 1024);
  const serving = bus.serve(Echo, {}, (text) => Promise.resolve(text));
  expect(await bus.request(Echo, long)).toBe(long);
  await serving.stop();
});

it('an answer that no packing makes fit is refused at once, not waited for', async () => {
  const noise = randomBytes(3 * 1024 * 1024).toString('base64');
  const serving = bus.serve(Echo, {}, () => Promise.resolve(noise));
  await expect(bus.request(Echo, 'x')).rejects.toMatchObject({ code: 'internal_error' });
  await serving.stop();
});

it('a bucket keeps what is long', async () => {
  const bucket = await bus.bucket(bucketContract({ bucket: 'LONG', value: z.string(), ttlMs: 0 }));
  await bucket.put('k', long);
  expect((await bucket.get('k'))?.value).toBe(long);
});
