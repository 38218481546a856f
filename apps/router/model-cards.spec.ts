import { describe, expect, it } from 'vitest';
import { modelCards } from './model-cards.js';
import { buildRouteIndex } from './route-index.js';
import { snapshotOf } from './route.fixtures.js';

const no = { tools: null, vision: null, jsonSchema: null, reasoning: null };
const price = (input: string) => ({
  inputPerMillion: input,
  outputPerMillion: '1',
  cacheReadPerMillion: null,
  cacheWritePerMillion: null,
  perRequest: null,
  source: 'config' as const,
});

const index = buildRouteIndex(
  snapshotOf({
    deployments: [
      {
        modelName: 'm',
        host: 'one',
        id: 'a',
        maxInputTokens: 1_000,
        price: price('0'),
        capabilities: { ...no, tools: false, vision: false },
      },
      {
        modelName: 'm',
        host: 'openai',
        id: 'b',
        kind: 'cloud',
        maxInputTokens: 8_000,
        price: price('2'),
        capabilities: { ...no, tools: true, vision: false },
      },
      { modelName: 'vectors', host: 'one', id: 'c', mode: 'embedding', price: price('0') },
      { modelName: 'ollama/*', host: 'one', id: 'd', upstreamModel: '*' },
      { modelName: 'openai/*', host: 'openai', id: 'e', kind: 'cloud', upstreamModel: '*' },
    ],
    routing: {
      aliases: {
        short: { model: 'm', hidden: false },
        shorter: { model: 'short', hidden: false },
        secret: { model: 'm', hidden: true },
      },
    },
    routers: [
      {
        modelName: 'smart',
        tiers: { SIMPLE: ['short'], COMPLEX: ['vectors'] },
        defaultModel: 'smart',
        boundaries: { simpleMedium: 0.15, mediumComplex: 0.35, complexReasoning: 0.6 },
        weights: {},
        tokenThresholds: { simple: 15, complex: 400 },
        keywords: { code: [], reasoning: [], technical: [], simple: [] },
        reasoningOverrideMinScore: 0.15,
        lengthFloors: {},
      },
    ],
  }),
);
const has = (name: string, capabilities: string[] | null = null, contextLength: number | null = null) => ({
  name,
  sizeBytes: null,
  contextLength,
  capabilities,
});
const installed = new Map([
  [
    'one',
    [
      has('qwen3:8b', ['completion', 'tools', 'thinking'], 40_960),
      has('m'),
      has('vectors:latest', ['embedding'], 512),
      has('spare:1b', ['embedding'], 2_048),
    ],
  ],
  ['openai', [has('gpt-4o'), has('whisper-1')]],
]);
const everything = { isAdmin: false, models: [], teamModels: [] };
const names = (models: string[] = [], teamModels: string[] = []) =>
  modelCards(index, { isAdmin: false, models, teamModels }, installed).map((card) => card.id);
const card = (id: string) => modelCards(index, everything, installed).find((one) => one.id === id);

describe('the list of models', () => {
  it('has aliases first, then groups, complexity routers, and what hosts have behind a wildcard', () => {
    expect(names()).toEqual([
      'short',
      'shorter',
      'm',
      'vectors',
      'smart',
      'ollama/qwen3:8b',
      'ollama/m',
      'ollama/vectors:latest',
      'ollama/spare:1b',
      'openai/gpt-4o',
      'openai/whisper-1',
    ]);
  });

  it('leaves out hidden aliases and patterns', () => {
    expect(names()).not.toContain('secret');
    expect(names().some((name) => name.includes('*'))).toBe(false);
  });

  it('holds only what the key and its team may use; the right to a model is one to its aliases', () => {
    expect(names(['m'])).toEqual(['short', 'shorter', 'm']);
    expect(names(['m', 'vectors'], ['vectors'])).toEqual(['vectors']);
    expect(names(['ollama/*'])).toEqual(['ollama/qwen3:8b', 'ollama/m', 'ollama/vectors:latest', 'ollama/spare:1b']);
  });
});

describe("an alias of the key's own", () => {
  const listed = (models: string[], aliases: Record<string, string>, more: { teamModels?: string[] } = {}) =>
    modelCards(index, { isAdmin: false, models, teamModels: [], aliases, ...more }, installed);

  it('is a name like the others, in front of them', () => {
    expect(listed(['m'], { mine: 'm' }).map((one) => one.id)).toEqual(['mine', 'short', 'shorter', 'm']);
    expect(listed(['mine'], { mine: 'short' })).toMatchObject([{ id: 'mine', deploymentIds: ['a', 'b'] }]);
  });

  it('leads to a model that only a pattern has', () => {
    expect(listed(['mine'], { mine: 'ollama/qwen3:8b' })).toMatchObject([{ id: 'mine', maxInputTokens: 40_960 }]);
  });

  it('is left out where it leads nowhere, or where the team may not have its model', () => {
    expect(listed(['mine'], { mine: 'nobody' })).toEqual([]);
    expect(listed(['mine'], { mine: 'm' }, { teamModels: ['vectors'] })).toEqual([]);
  });
});

describe('a card', () => {
  it('says what any deployment of the group can, and the loosest policy', () => {
    expect(card('shorter')).toMatchObject({
      maxInputTokens: 8_000,
      capabilities: { tools: true, vision: false, reasoning: null },
      dataPolicy: 'may-retain',
      price: null,
      deploymentIds: ['a', 'b'],
    });
  });

  it('has a price where it is the same everywhere', () => {
    expect(card('vectors')).toMatchObject({ mode: 'embedding', price: { inputPerMillion: '0' } });
  });

  it('of a complexity router covers all its tiers, also where they run in a circle', () => {
    expect(card('smart')).toMatchObject({ provider: 'auto_router', deploymentIds: ['a', 'b', 'c'] });
  });

  it('says what the host says where the config is silent', () => {
    expect(card('ollama/qwen3:8b')).toMatchObject({
      mode: 'chat',
      maxInputTokens: 40_960,
      capabilities: { tools: true, vision: false, reasoning: true },
    });
    expect(card('vectors')).toMatchObject({ maxInputTokens: 512 });
    expect(card('ollama/spare:1b')).toMatchObject({ mode: 'embedding' });
  });

  it('of a model behind a wildcard says what the table knows of it', () => {
    expect(card('openai/gpt-4o')).toMatchObject({
      maxInputTokens: 128_000,
      capabilities: { tools: true },
      price: { inputPerMillion: '2.5', source: 'table' },
    });
    expect(card('openai/whisper-1')).toMatchObject({
      mode: 'transcription',
      price: { units: { perSecond: '0.0001' } },
    });
  });
});
