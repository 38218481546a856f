import { describe, expect, it } from 'vitest';
import { backendOf, deploymentOf, snapshotOf } from '../test/fixtures.js';
import { backendsToServe, keptWarm, queueLimitsOf } from './host-settings.js';

const general = { maxQueueLength: 100, maxModelWaitMs: 20_000 };

describe('queueLimitsOf', () => {
  it.each<[string, Parameters<typeof backendOf>[2], string | undefined, number]>([
    ['what the config says', { maxParallelRequests: 7 }, '3', 7],
    ['what OLLAMA_NUM_PARALLEL says', {}, '3', 3],
    ["Ollama's own default", {}, undefined, 1],
    ["Ollama's own default where the variable is nonsense", {}, 'many', 1],
    ['one for LM Studio, which swaps models too', { provider: 'lm_studio', dialect: 'openai' }, '3', 1],
    ['many for vLLM, which schedules for itself', { provider: 'hosted_vllm', dialect: 'openai' }, undefined, 64],
  ])('%s', (_name, more, variable, parallel) => {
    expect(queueLimitsOf(backendOf('b', 'http://x', more), general, variable)).toEqual({
      maxParallel: parallel,
      maxLength: 100,
      maxModelWaitMs: 20_000,
    });
  });
});

it('serves as many at once as the engine has slots, unless the config says otherwise', () => {
  const llama = { provider: 'llamafile', dialect: 'openai' } as const;
  expect(queueLimitsOf(backendOf('b', 'http://x', llama), general, undefined, 4).maxParallel).toBe(4);
  const written = { ...llama, maxParallelRequests: 2 };
  expect(queueLimitsOf(backendOf('b', 'http://x', written), general, undefined, 4).maxParallel).toBe(2);
});

describe('backendsToServe', () => {
  const snapshot = snapshotOf([
    backendOf('a', 'http://a'),
    backendOf('b', 'http://b'),
    backendOf('c', 'https://c', { kind: 'cloud', dialect: 'openai' }),
  ]);

  it('are all local ones, or only those that the worker was started for', () => {
    expect(backendsToServe(snapshot, null).map(({ id }) => id)).toEqual(['a', 'b']);
    expect(backendsToServe(snapshot, ['b', 'c', 'd']).map(({ id }) => id)).toEqual(['b']);
  });
});

it('keeps warm what is named, by either name, on this host', () => {
  const [a, b] = [backendOf('a', 'http://a'), backendOf('b', 'http://b')];
  const deployments = [
    deploymentOf('1', 'a', 'qwen3', { modelName: 'fast' }),
    deploymentOf('2', 'a', 'llama3.2'),
    deploymentOf('3', 'b', 'qwen3'),
    deploymentOf('4', 'a', '*'),
  ];
  const snapshot = snapshotOf([a, b], deployments, { keepWarm: ['fast', 'llama3.2', '*'] });
  expect(keptWarm(snapshot, a).map(({ id }) => id)).toEqual(['1', '2']);
});
