import { describe, expect, it } from 'vitest';
import { problemsOf, snapshotOf, withModel } from './testing/config-texts.js';

const withCache = (params: string) => withModel(`litellm_settings:\n  cache: true\n  cache_params: {${params}}\n`);
const cacheOf = (params: string, env: Record<string, string> = {}) =>
  snapshotOf(withCache(params), { env }).general.cache;

describe('cache_params', () => {
  it('need nothing but `cache: true`', () => {
    expect(cacheOf('ttl: 60')).toEqual({
      enabled: true,
      type: 'nats',
      ttlMs: 60_000,
      scope: 'team',
      mode: 'default_on',
      namespace: null,
      callTypes: null,
      redis: null,
    });
  });

  it('know the kinds of calls by either name', () => {
    const { callTypes } = cacheOf('supported_call_types: [acompletion, completion, text_completion, aembedding]');
    expect(callTypes).toEqual(['chat', 'completion', 'embedding']);
    expect(problemsOf(withCache('supported_call_types: [atranscription, rerank]'))).toEqual([
      expect.stringContaining("supported_call_types: 'atranscription' is not cached here"),
      expect.stringContaining("'rerank' is not cached here"),
      expect.stringContaining('nothing is left to cache'),
    ]);
  });

  it.each([
    [
      'type: redis, host: cache, port: "6380"',
      {},
      { url: null, host: 'cache', port: 6380, password: null, tls: false },
    ],
    [
      'type: redis, host: cache, ssl: true, username: box, password: s3cret',
      { REDIS_URL: 'redis://elsewhere' },
      {
        url: null,
        host: 'cache',
        port: null,
        username: 'box',
        password: { from: 'file', path: 'litellm_settings.cache_params.password' },
        tls: true,
      },
    ],
    [
      'type: redis, host: cache, password: os.environ/CACHE_PW',
      { CACHE_PW: 's3cret' },
      { host: 'cache', password: { from: 'env', name: 'CACHE_PW' } },
    ],
    ['type: redis', { REDIS_URL: 'redis://cache' }, { url: { from: 'env', name: 'REDIS_URL' } }],
    [
      'type: redis',
      { REDIS_HOST: 'cache', REDIS_PORT: '7000', REDIS_PASSWORD: 's3cret', REDIS_USERNAME: 'box' },
      { host: 'cache', port: 7000, username: 'box', password: { from: 'env', name: 'REDIS_PASSWORD' } },
    ],
  ])('find Redis: %s with %j', (params, env, redis) => {
    const cache = cacheOf(params, env);
    expect(cache).toMatchObject({ type: 'redis', redis });
    expect(JSON.stringify(cache)).not.toContain('s3cret');
  });

  it('of other caches, and misspelt ones, are warned about', () => {
    expect(problemsOf(withCache('similarity_threshold: 0.8, db: 3, tll: 5'))).toEqual([
      expect.stringContaining(
        "warning: litellm_settings.cache_params.similarity_threshold: 'similarity_threshold' has no",
      ),
      expect.stringContaining("'db' has no effect here: write the number into cache_params.url"),
      expect.stringContaining("unknown key 'tll', ignored. Did you mean 'ttl'?"),
    ]);
    expect(problemsOf(withCache('type: redis, host: h, port: x'))).toEqual([
      expect.stringContaining('error: litellm_settings.cache_params.port'),
    ]);
  });

  it('become the built-in cache where Redis is nowhere, or the type is unknown', () => {
    expect(cacheOf('type: redis').type).toBe('nats');
    expect(cacheOf('type: s3').type).toBe('nats');
    expect(problemsOf(withCache('type: qdrant-semantic'))).toEqual([
      expect.stringContaining("'qdrant-semantic' is not supported; the built-in cache is used"),
    ]);
  });
});
