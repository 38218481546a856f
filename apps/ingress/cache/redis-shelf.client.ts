/** Type `redis`: a Redis server (or Valkey, KeyDB ...), shared by every ingress that uses it. Bounded by its own `maxmemory`. */
import { createClient } from '@redis/client';
import { readEntry, type AnswerShelf } from './answer-shelf.js';

export interface RedisPlace {
  readonly url: string | null;
  readonly host: string | null;
  readonly port: number | null;
  readonly username: string | null;
  readonly password: string | null;
  readonly tls: boolean;
}

const keyPrefix = 'signalbox:answer:';
const maxCharacters = 4_000_000;
const connectTimeoutMs = 2_000;
const longestPauseMs = 5_000;

/** Connects now, so that the first request need not wait for it, and again by itself; while it is away every call rejects at once. */
export function redisShelf(place: RedisPlace): AnswerShelf {
  const client = createClient({
    ...addressOf(place),
    disableOfflineQueue: true,
    keyPrefix,
    RESP: 2,
    name: 'signalbox',
  });
  // Without a listener an outage would end the process; each call that meets it rejects.
  client.on('error', () => undefined);
  let connecting: Promise<unknown> | null = null;
  const ready = async () => {
    if (client.isReady) return;
    if (!client.isOpen) connecting = client.connect();
    await connecting;
  };
  ready().catch(() => undefined);
  return {
    get: async (key) => {
      await ready();
      const text = await client.get(key);
      return text === null ? null : readEntry(text);
    },
    put: async (key, entry, ttlMs) => {
      const text = JSON.stringify(entry);
      if (text.length > maxCharacters) return false;
      await ready();
      await client.set(key, text, { expiration: { type: 'PX', value: Math.ceil(ttlMs) } });
      return true;
    },
    stop: () => {
      if (client.isOpen) client.destroy();
      return Promise.resolve();
    },
  };
}

function addressOf({ url, host, port, username, password, tls }: RedisPlace) {
  const reconnectStrategy = (retries: number) => Math.min(longestPauseMs, 100 * 2 ** retries);
  const common = { connectTimeout: connectTimeoutMs, reconnectStrategy };
  const sign = {
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password }),
  };
  if (url !== null) return { url, ...sign, socket: common };
  const address = { host: host ?? '127.0.0.1', port: port ?? 6379 };
  return { ...sign, socket: tls ? { ...common, ...address, tls: true as const } : { ...common, ...address } };
}
