/** Whatever a file holds, loading it ends in a snapshot that keeps its contract, or in problems; never in an exception. */
import { readFileSync, readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ConfigSnapshot } from '#contracts';
import { load } from './testing/config-texts.js';

const folder = new URL('../../test/fixtures/samples/', import.meta.url);
const samples = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), 'utf8'));
const env = {
  LITELLM_MASTER_KEY: 'sk-master-from-env',
  OPENAI_API_KEY: 'sk-openai-from-env',
  SOLAR_BOT_KEY: 'sk-bot-from-env',
  PLAIN: 'plain',
};

const keys = [
  'model_list', 'litellm_params', 'model_info', 'model', 'model_name', 'api_base', 'api_key', 'rpm', 'weight', 'order', 'timeout',
  'router_settings', 'litellm_settings', 'general_settings', 'signalbox', 'fallbacks', 'default_fallbacks', 'model_group_alias',
  'max_budget', 'cache_params', 'type', 'tiers', 'key_management', 'keys', 'key_alias', 'environment_variables', 'include',
  'proxy_config', 'credential_list', 'extra_headers', 'timezone', 'data_policy', 'id', 'constructor', 'toString', '',
]; // prettier-ignore
const scalar = fc.oneof(
  fc.constantFrom(
    null,
    true,
    false,
    0,
    -1,
    1.5,
    1e300,
    '',
    'a',
    '*',
    'openai/*',
    'ollama/x',
    'auto_router/complexity_router',
  ),
  fc.constantFrom(
    'os.environ/PLAIN',
    'os.environ/NOPE',
    'http://h:1',
    'http://',
    'https://[',
    'local',
    '1d',
    'x'.repeat(300),
  ),
  fc.integer(),
);
const node = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...keys), tie('value'), { maxKeys: 3 }),
  ),
})).value;

/** Puts `value` at a random place of `tree`: each number of `turns` picks a child. */
function graft(tree: unknown, turns: readonly number[], value: unknown, key: string): unknown {
  const [turn, ...rest] = turns;
  if (turn === undefined || typeof tree !== 'object' || tree === null) return value;
  if (Array.isArray(tree)) {
    const items: unknown[] = tree;
    return items.map((item, index) => (index === turn % items.length ? graft(item, rest, value, key) : item));
  }
  const entries = Object.entries(tree);
  const at = turn % (entries.length + 1);
  if (at === entries.length) return Object.fromEntries([...entries, [key, value]]);
  return Object.fromEntries(
    entries.map(([name, child], index) => [name, index === at ? graft(child, rest, value, key) : child]),
  );
}

describe('loadConfigFile', () => {
  it('survives samples with anything grafted into them', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...samples),
        fc.array(
          fc.record({
            turns: fc.array(fc.nat(20), { minLength: 1, maxLength: 5 }),
            value: node,
            key: fc.constantFrom(...keys),
          }),
          { minLength: 1, maxLength: 3 },
        ),
        (sample, grafts) => {
          const tree = grafts.reduce<unknown>(
            (at, { turns, value, key }) => graft(at, turns, value, key),
            parse(sample),
          );
          const loaded = load(JSON.stringify(tree), { env });
          expect(JSON.stringify(loaded)).not.toMatch(/from-env/);
          if (loaded.kind === 'ok') expect(ConfigSnapshot.safeParse(loaded.snapshot).error?.issues ?? []).toEqual([]);
          else expect(loaded.problems.some(({ severity }) => severity === 'error')).toBe(true);
        },
      ),
      { numRuns: 600 },
    );
  });

  it('survives any text', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom(
            'a',
            ':',
            ' ',
            '\n',
            '-',
            '[',
            ']',
            '{',
            '}',
            '&',
            '*',
            '!',
            '"',
            '#',
            '<<',
            '\t',
            '0',
            '|',
          ),
        }),
        (text) => {
          expect(['ok', 'invalid']).toContain(load(text).kind);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('survives a sample that was cut anywhere, as an editor may leave it', () => {
    for (const sample of samples) {
      for (let length = 0; length < sample.length; length += 37) {
        expect(['ok', 'invalid']).toContain(load(sample.slice(0, length), { env }).kind);
      }
    }
  });
});
