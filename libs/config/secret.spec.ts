import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatPath } from './source/places.js';
import { resolveHeaders, resolveSecret, Secret } from './secret.js';

describe('Secret', () => {
  it.each([
    ['sk-abcdefghijklmnop1234', 'sk-...1234'],
    ['abcdefghijklmnop1234', '...1234'],
    ['short', '...'],
    ['', '...'],
  ])('prints %s as %s', (value, shown) => {
    const secret = new Secret(value);
    expect([String(secret), JSON.stringify({ secret }), inspect(secret)]).toEqual([
      shown,
      `{"secret":"${shown}"}`,
      `Secret(${shown})`,
    ]);
    expect(secret.reveal()).toBe(value);
  });

  it('never gives itself away when printed, whatever its value', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 8 }), (value) => {
        const secret = new Secret(value);
        for (const shown of [
          String(secret),
          JSON.stringify([secret]),
          inspect({ secret }, { depth: 9, showHidden: true }),
        ]) {
          expect(shown).not.toContain(value);
        }
      }),
    );
  });
});

describe('resolveSecret', () => {
  const files: Record<string, string> = {
    '': 'general_settings:\n  master_key: sk-main\nmodel_list:\n  - litellm_params: {api_key: sk-one}\n  - litellm_params: {api_key: os.environ/INNER}\nproxy_config: {"a.b": {c: sk-quoted}}\n',
    'more.yaml': 'general_settings: {master_key: sk-included}\n',
  };
  const sources = {
    env: { KEY: 'sk-env', EMPTY: '', INNER: 'sk-inner' },
    readFile: (include: string | null) => files[include ?? ''] ?? '',
  };
  const resolved = (ref: Parameters<typeof resolveSecret>[0]) => resolveSecret(ref, sources)?.reveal() ?? null;

  it.each([
    ['KEY', 'sk-env'],
    ['EMPTY', null],
    ['GONE', null],
  ])('finds the variable %s', (name, expected) => {
    expect(resolved({ from: 'env', name })).toBe(expected);
  });

  it.each([
    ['general_settings.master_key', 'sk-main'],
    ['model_list[0].litellm_params.api_key', 'sk-one'],
    ['model_list[1].litellm_params.api_key', 'sk-inner'],
    [formatPath(['proxy_config', 'a.b', 'c']), 'sk-quoted'],
    ['more.yaml#general_settings.master_key', 'sk-included'],
    ['model_list[7].litellm_params.api_key', null],
    ['general_settings', null],
  ])('finds %s in the file', (path, expected) => {
    expect(resolved({ from: 'file', path })).toBe(expected);
  });
});

describe('resolveHeaders', () => {
  it('fills in variables and leaves out those that are not set', () => {
    const headers = { Authorization: 'os.environ/TOKEN', 'X-A': 'plain', 'X-B': 'os.environ/GONE' };
    expect(resolveHeaders(headers, { TOKEN: 'secret' })).toEqual({ Authorization: 'secret', 'X-A': 'plain' });
  });
});
