import { describe, expect, it } from 'vitest';
import type { Plan } from '#contracts';
import { attemptOf } from '../completion/attempt.fixtures.js';
import { answerHeaders, headerSafe } from './response-headers.js';

const own = attemptOf('own', 'a', { modelGroup: 'm' });
const retry = attemptOf('own', 'a', { modelGroup: 'm', retry: 1 });
const onlyForLong = attemptOf('long', 'b', { modelGroup: 'long', onlyAfter: 'context_length_exceeded' });
const fallback = attemptOf('other', 'c', { modelGroup: 'other' });
const plan: Plan = {
  v: 1,
  revision: 'r',
  model: 'm',
  modelGroup: 'm',
  attempts: [own, retry, onlyForLong, fallback],
  reasons: [],
  complexity: null,
};

describe('the headers of an answer', () => {
  it.each([
    ['the first attempt', [own], '0', '0'],
    ['a retry', [own, retry], '0', '1'],
    ['a fallback', [own, retry, fallback], '1', '1'],
    ['a fallback after a failure that is not tried again', [own, fallback], '1', '0'],
  ])('count what was tried, not what was planned: %s', (_what, tried, fallbacks, retries) => {
    const attempt = tried.at(-1) ?? own;
    const headers = answerHeaders({
      plan,
      attempt,
      tried,
      costUsd: 0,
      overheadMs: 1,
      explain: false,
      truncated: false,
    });
    expect(headers).toMatchObject({
      'x-litellm-model-group': attempt.modelGroup,
      'x-litellm-attempted-fallbacks': fallbacks,
      'x-litellm-attempted-retries': retries,
    });
  });

  it('are ASCII', () => {
    expect(headerSafe('größe\n🙂')).toBe('gr??e???');
  });
});
