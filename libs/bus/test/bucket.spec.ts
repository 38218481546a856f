import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Bus } from '#bus';
import { bucketContract } from '#contracts';
import { startNats, type TestServer } from '#testing';
import { connectBus } from './fixtures.js';

let nats: TestServer;
let bus: Bus;

beforeAll(async () => {
  nats = await startNats();
  bus = await connectBus(nats.url, 'bucket');
});

afterAll(async () => {
  await bus.drain();
  await nats.stop();
});

describe('a bucket in memory', () => {
  it('drops its oldest entries when it is full', async () => {
    const contract = bucketContract({ bucket: 'TEST', value: z.string(), ttlMs: 60_000, maxMemoryBytes: 64 * 1024 });
    const bucket = await bus.bucket(contract);
    const text = 'x'.repeat(8 * 1024);
    for (let n = 0; n < 20; n += 1) await bucket.put(`k${n}`, text);
    expect(await bucket.get('k0')).toBeNull();
    expect((await bucket.get('k19'))?.value).toBe(text);
    expect((await (await bus.bucket(contract)).keys()).length).toBeLessThan(8);
  });

  it('treats what does not fit its schema as absent', async () => {
    const shared = { bucket: 'OTHER', ttlMs: 0, maxMemoryBytes: 64 * 1024 };
    await (await bus.bucket(bucketContract({ ...shared, value: z.number() }))).put('k', 1);
    expect(await (await bus.bucket(bucketContract({ ...shared, value: z.string() }))).get('k')).toBeNull();
  });
});
