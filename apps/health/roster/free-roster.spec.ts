import { describe, expect, it } from 'vitest';
import { backendOf, deploymentOf } from '../../provider-ollama/test/fixtures.js';
import { offeredModels, retiredModels, rosterMessageId } from './free-roster.js';

const account = backendOf('openrouter', 'https://openrouter.ai/api/v1', {
  kind: 'cloud',
  provider: 'openrouter',
  dialect: 'openai',
});
const now = new Date('2026-01-02T03:00:00Z');
const offered = (...names: string[]) =>
  offeredModels(names.map((name) => ({ name, sizeBytes: null, contextLength: 131_072, capabilities: ['tools'] })));
const deployments = [
  deploymentOf('1', 'openrouter', 'meta/llama:free', { modelName: 'cheap' }),
  deploymentOf('2', 'openrouter', 'qwen/qwen3:free'),
  deploymentOf('3', 'openrouter', 'openai/gpt-4o'),
  deploymentOf('4', 'openrouter', '*:free'),
  deploymentOf('5', 'elsewhere', 'old/model:free'),
];
const retired = (list: ReturnType<typeof offered> | null, of = account) =>
  retiredModels(deployments, of, list, new Map(), now);

describe('retired models', () => {
  it('are free models of the account that the list no longer has, with a stand-in that is not configured yet', () => {
    expect(retired(offered('qwen/qwen3:free', 'meta/llama-4:free', 'openai/gpt-4o'))).toEqual([
      {
        deploymentId: '1',
        modelName: 'cheap',
        upstreamModel: 'meta/llama:free',
        replacement: { upstreamModel: 'meta/llama-4:free', contextLength: 131_072, capabilities: ['tools'] },
      },
    ]);
  });

  it('have no stand-in where nothing else is free', () => {
    expect(retired(offered('qwen/qwen3:free', 'x/paid'))).toMatchObject([{ replacement: null }]);
  });

  it('need what was known of them while they were there', () => {
    const before = new Map(
      [{ id: 'meta/llama:free', contextLength: 8, strengths: ['vision'], created: 0, expires: null }].map((model) => [
        model.id,
        model,
      ]),
    );
    const list = [...offered('a/a:free'), { ...offered('z/z:free')[0], id: 'z/z:free', strengths: ['vision'] }].map(
      (model) => ({ contextLength: 1, created: 0, expires: null, ...model }),
    );
    const found = retiredModels(deployments.slice(0, 1), account, list, before, now);
    expect(found[0]?.replacement?.upstreamModel).toBe('z/z:free');
  });

  it('are none without a list', () => {
    expect(retired(null)).toEqual([]);
    expect(retired([])).toEqual([]);
  });

  it('are none at other providers', () => {
    expect(retired(offered('x'), { ...account, provider: 'groq' })).toEqual([]);
  });
});

it('is the same news for the same models of one day, in any order', () => {
  const [one, two] = [retired(offered('x')), retired(offered('x')).toReversed()];
  expect(rosterMessageId(account, one, now)).toBe(rosterMessageId(account, two, new Date('2026-01-02T23:00:00Z')));
  expect(rosterMessageId(account, one, now)).not.toBe(rosterMessageId(account, one, new Date('2026-01-03T03:00:00Z')));
});
