import { afterEach, describe, expect, it } from 'vitest';
import { RedisServer, type RedisServerOptions } from '#testing';
import type { AnswerShelf } from './answer-shelf.js';
import { entryOf } from './cache.fixtures.js';
import { redisShelf, type RedisPlace } from './redis-shelf.client.js';

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const clean of cleanUps.splice(0).reverse()) await clean();
});

const nowhere: RedisPlace = { url: null, host: null, port: null, username: null, password: null, tls: false };

async function started(options: RedisServerOptions = {}): Promise<RedisServer> {
  const server = await RedisServer.start(options);
  cleanUps.push(() => server.stop());
  return server;
}

function shelfAt(place: Partial<RedisPlace>): AnswerShelf {
  const shelf = redisShelf({ ...nowhere, ...place });
  cleanUps.push(() => shelf.stop());
  return shelf;
}

describe('the shelf in Redis', () => {
  it('keeps entries under names of its own, for as long as they live', async () => {
    const server = await started();
    const shelf = shelfAt({ url: server.url });
    expect(await shelf.get('k')).toBeNull();
    expect(await shelf.put('k', entryOf(), 60_000)).toBe(true);
    expect(await shelf.get('k')).toEqual(entryOf());
    expect([...server.entries.keys()]).toEqual(['signalbox:answer:k']);
    expect(server.entries.get('signalbox:answer:k')?.expiresAtMs).toBeLessThanOrEqual(Date.now() + 60_000);
  });

  it('signs in, by URL or by its parts', async () => {
    const server = await started({ password: 'open-sesame' });
    const { hostname: host, port } = new URL(server.url);
    await shelfAt({ url: server.url }).put('k', entryOf(), 1_000);
    expect(await shelfAt({ host, port: Number(port), password: 'open-sesame' }).get('k')).toEqual(entryOf());
  });

  it('does not keep what is too large', async () => {
    const server = await started();
    const large = entryOf({ content: { kind: 'body', text: 'x'.repeat(4_000_001), inputTokens: 1 } });
    expect(await shelfAt({ url: server.url }).put('k', large, 1_000)).toBe(false);
    expect(server.entries.size).toBe(0);
  });

  it('takes what it cannot read as absent', async () => {
    const server = await started();
    const shelf = shelfAt({ url: server.url });
    for (const text of ['no JSON', '{"v":2}']) {
      server.entries.set('signalbox:answer:k', { value: Buffer.from(text), expiresAtMs: Infinity });
      expect(await shelf.get('k')).toBeNull();
    }
  });

  it('rejects while the server is away, and works again when it is back', async () => {
    const server = await started();
    const shelf = shelfAt({ url: server.url });
    await shelf.put('k', entryOf(), 60_000);
    await server.stop();
    await expect
      .poll(() =>
        shelf.get('k').then(
          () => 'answered',
          () => 'away',
        ),
      )
      .toBe('away');
    await server.start();
    await expect.poll(() => shelf.get('k').catch(() => null), { timeout: 10_000 }).toEqual(entryOf());
  });
});
