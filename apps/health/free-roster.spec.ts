import { describe, expect, it } from 'vitest';
import { backendOf, deploymentOf } from '../provider-ollama/test/fixtures.js';
import { goneFreeModels, rosterMessageId } from './free-roster.js';

const account = backendOf('openrouter', 'https://openrouter.ai/api/v1', {
  kind: 'cloud',
  provider: 'openrouter',
  dialect: 'openai',
});
const offered = (...names: string[]) =>
  names.map((name) => ({ name, sizeBytes: null, contextLength: null, capabilities: null }));
const deployments = [
  deploymentOf('1', 'openrouter', 'meta/llama:free', { modelName: 'cheap' }),
  deploymentOf('2', 'openrouter', 'qwen/qwen3:free'),
  deploymentOf('3', 'openrouter', 'openai/gpt-4o'),
  deploymentOf('4', 'openrouter', '*:free'),
  deploymentOf('5', 'elsewhere', 'old/model:free'),
];

describe('goneFreeModels', () => {
  it('names free models of the account that the list no longer has', () => {
    expect(goneFreeModels(deployments, account, offered('qwen/qwen3:free'))).toEqual([
      { deploymentId: '1', modelName: 'cheap', upstreamModel: 'meta/llama:free' },
    ]);
  });

  it('says nothing without a list', () => {
    expect(goneFreeModels(deployments, account, null)).toEqual([]);
    expect(goneFreeModels(deployments, account, [])).toEqual([]);
  });

  it('leaves other providers alone', () => {
    const other = { ...account, provider: 'groq' };
    expect(goneFreeModels(deployments, other, offered('x'))).toEqual([]);
  });
});

it('is the same news for the same models of one day, in any order', () => {
  const [one, two] = [
    goneFreeModels(deployments, account, offered('x')),
    goneFreeModels(deployments.toReversed(), account, offered('x')),
  ];
  const morning = new Date('2026-01-02T03:00:00Z');
  expect(rosterMessageId(account, one, morning)).toBe(rosterMessageId(account, two, new Date('2026-01-02T23:00:00Z')));
  expect(rosterMessageId(account, one, morning)).not.toBe(
    rosterMessageId(account, one, new Date('2026-01-03T03:00:00Z')),
  );
});
