import { describe, expect, test } from 'vitest';
import { usedTokens, type Answered } from './attempt-usage.js';

const answer = (changes: Partial<Answered>): Answered => ({
  asked: true,
  cancelled: false,
  failure: null,
  finishReason: null,
  outputCharacters: 0,
  usage: null,
  ...changes,
});
const counted = (inputTokens: number, outputTokens: number) => ({
  inputTokens,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  outputTokens,
  reasoningTokens: 0,
  costUsd: null,
});
const failure: Answered['failure'] = {
  code: 'upstream_error',
  status: null,
  message: 'gone',
  blame: 'backend',
  retryAfterMs: null,
};

describe('an attempt used', () => {
  test.each<[string, Partial<Answered>, number, number, string]>([
    ['what the upstream counted', { finishReason: 'stop', usage: counted(7, 9) }, 7, 9, 'upstream'],
    ['what was seen, where it did not count', { finishReason: 'stop', outputCharacters: 41 }, 100, 11, 'counted'],
    ['the prompt, where the client left before any output', { cancelled: true }, 100, 0, 'counted'],
    ['the prompt and what was seen, where it left later', { cancelled: true, outputCharacters: 8 }, 100, 2, 'counted'],
    ['nothing, where it left before the upstream was asked', { cancelled: true, asked: false }, 0, 0, 'counted'],
    ['nothing, where the upstream refused', { failure }, 0, 0, 'counted'],
    ['what was seen until it broke off', { failure, outputCharacters: 4 }, 100, 1, 'counted'],
    [
      'no less than was seen of a stopped answer',
      { cancelled: true, usage: counted(7, 1), outputCharacters: 80 },
      7,
      20,
      'counted',
    ],
    [
      'what the upstream counted, where the client left after the end',
      { cancelled: true, finishReason: 'stop', usage: counted(7, 1), outputCharacters: 80 },
      7,
      1,
      'upstream',
    ],
  ])('%s', (_what, changes, inputTokens, outputTokens, source) => {
    expect(usedTokens(100, answer(changes))).toMatchObject({ inputTokens, outputTokens, source });
  });
});
