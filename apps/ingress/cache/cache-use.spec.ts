import { describe, expect, it } from 'vitest';
import { Deployment, type GeneralSettings } from '#contracts';
import { sampleDeployment } from '#testing';
import type { CacheControls } from '#wire';
import { settingsDigestOf } from './cache-key.js';
import { cacheUseOf, isUsable, isWhole } from './cache-use.js';
import { entryOf, storedText } from './cache.fixtures.js';

const settings: GeneralSettings['cache'] = {
  enabled: true,
  type: 'nats',
  ttlMs: 60_000,
  scope: 'team',
  mode: 'default_on',
  namespace: null,
};
const plain = { read: true, write: true, ttlMs: 60_000, maxAgeMs: null, place: 'nats' };

describe('cacheUseOf', () => {
  it.each<[string, Partial<typeof settings>, CacheControls | undefined, object | null]>([
    ['nothing said', {}, undefined, plain],
    ['off', { enabled: false }, undefined, null],
    ['opt-in, and nobody did', { mode: 'default_off' }, undefined, null],
    ['opt-in, and said no', { mode: 'default_off' }, { useCache: false }, null],
    ['opt-in, and said yes', { mode: 'default_off' }, { useCache: true }, plain],
    ['no-cache', {}, { noCache: true }, { ...plain, read: false }],
    ['no-store', {}, { noStore: true }, { ...plain, write: false }],
    ['neither', {}, { noCache: true, noStore: true }, null],
    ['a ttl', {}, { ttlSeconds: 5 }, { ...plain, ttlMs: 5_000 }],
    ['a ttl of nothing', {}, { ttlSeconds: 0 }, { ...plain, ttlMs: 0, write: false }],
    ['an absurd ttl', {}, { ttlSeconds: 1e12 }, { ...plain, ttlMs: 7 * 86_400_000 }],
    ['an age', {}, { maxAgeSeconds: 5 }, { ...plain, maxAgeMs: 5_000 }],
    ['no age at all', {}, { maxAgeSeconds: 0 }, { ...plain, read: false, maxAgeMs: 0 }],
    ['a kind that is cached', { callTypes: ['chat'] }, undefined, plain],
    ['a kind that is not', { callTypes: ['embedding'] }, undefined, null],
    ['no kind', { callTypes: [] }, undefined, null],
  ])('%s', (_name, config, controls, expected) => {
    expect(cacheUseOf({ ...settings, ...config }, controls, 'chat', null)).toEqual(expected);
  });

  it.each([
    ['redis', null, 'redis'],
    ['redis', 'may-train', 'redis'],
    ['redis', 'may-retain', 'redis'],
    ['redis', 'no-retention', 'local'],
    ['redis', 'local', 'local'],
    ['nats', 'local', 'nats'],
    ['local', null, 'local'],
  ] as const)('with %s and the demand %s entries are in %s', (type, demanded, place) => {
    expect(cacheUseOf({ ...settings, type }, undefined, 'chat', demanded)?.place).toBe(place);
  });
});

const deployment = sampleDeployment({
  id: 'd1',
  backendId: 'b1',
  provider: 'openai',
  upstreamModel: 'upstream-1',
  params: { temperature: 0 },
  dataPolicy: 'may-retain',
});

describe('isUsable', () => {
  const entry = entryOf({ settings: settingsDigestOf(deployment) });
  const use = { read: true, write: true, ttlMs: 1_000, maxAgeMs: null, place: 'nats' } as const;
  const aged = { ...use, maxAgeMs: 100 };
  const prompted: Deployment = { ...deployment, systemPrompt: { text: 'Be brief.', mode: 'prepend' } };
  it.each([
    ['a fresh entry', use, deployment, null, 1_000_999, true],
    ['an expired one', use, deployment, null, 1_001_000, false],
    ['one that is young enough for the request', aged, deployment, null, 1_000_100, true],
    ['one that is too old for it', aged, deployment, null, 1_000_101, false],
    ['one of a deployment that is gone', use, undefined, null, 1_000_000, false],
    ['one made under another system prompt', use, prompted, null, 1_000_000, false],
    ['one made with other parameters', use, { ...deployment, params: {} }, null, 1_000_000, false],
    ['one whose deployment only got another path', use, { ...deployment, path: 'x' }, null, 1_000_000, true],
    ['one of the cloud, for a local demand', use, deployment, 'local', 1_000_000, false],
    ['one that may be retained, where it may', use, deployment, 'may-retain', 1_000_000, true],
  ] as const)('%s', (_name, how, now, demanded, nowMs, expected) => {
    expect(isUsable(entry, how, now, demanded, nowMs)).toBe(expected);
  });
});

describe('isWhole', () => {
  const [choice] = storedText('Hello.').choices;
  if (choice === undefined) throw new Error('no choice');
  const ended = (finish: 'stop' | 'length' | 'tool_calls' | 'content_filter' | null) =>
    storedText('', { choices: [{ ...choice, finish }] });
  it.each([
    ['an answer', storedText('Hello.'), null, true],
    ['a tool call', ended('tool_calls'), null, true],
    ['one without a reason', ended(null), null, true],
    ['one without content', storedText(''), null, false],
    ['one of two without content', storedText('', { choices: [choice, { ...choice, blocks: [] }] }), null, false],
    ['one that a filter cut', ended('content_filter'), null, false],
    ['one cut although the client named no limit', ended('length'), null, false],
    ["one cut by the client's own limit", ended('length'), 5, true],
    ["one cut before the client's limit", ended('length'), 6, false],
  ] as const)('%s', (_name, answer, asked, expected) => {
    expect(isWhole(answer, asked)).toBe(expected);
  });
});
