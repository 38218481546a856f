import { describe, expect, it } from 'vitest';
import type { Attempt } from '#contracts';
import { sampleBackend } from '#testing';
import { attemptOf, failureOf } from './attempt.fixtures.js';
import { nextAttempt } from './retry-policy.js';

const a = attemptOf('a', 'host-1');
const b = attemptOf('b', 'host-2');
const aAgain = attemptOf('a', 'host-1', { retry: 1 });
const other = attemptOf('c', 'host-1', { modelGroup: 'other', fallbackFrom: 'm' });
const retry = { count: 2, perClass: {} };

describe('after a failure', () => {
  it.each([
    ['the next deployment is tried', [a, b], 'upstream_error', 1],
    ['a deployment that may recover is tried again', [a, aAgain], 'upstream_error', 1],
    [
      'a refused connection is not repeated, nor any model of that host',
      [a, aAgain, other, b],
      'upstream_unreachable',
      3,
    ],
    ['a missing model is looked for elsewhere', [a, aAgain, b], 'model_not_found', 2],
    ['a timeout goes on', [a, b], 'upstream_timeout', 1],
    ['a rate limit goes on', [a, b], 'rate_limit_exceeded', 1],
    ['nothing is left', [a], 'upstream_error', null],
  ] as const)('%s', (_name, attempts, code, expected) => {
    expect(nextAttempt({ attempts, retry }, { index: 0, failure: failureOf(code) }, [])).toBe(expected);
  });

  it('that the request caused, nothing else is tried', () => {
    const failure = failureOf('invalid_request', { blame: 'request' });
    expect(nextAttempt({ attempts: [a, b], retry }, { index: 0, failure }, [])).toBeNull();
  });

  it('of a parameter that a provider does not have, another provider of the pool is asked, and no other model', () => {
    const failure = failureOf('unsupported_parameter', { blame: 'request', details: { param: 'n' } });
    const at = (provider: string, more: Partial<Attempt> = {}) =>
      attemptOf(provider + (more.modelGroup ?? ''), 'x', {
        backend: sampleBackend({ id: provider, provider }),
        ...more,
      });
    const [ollama, cloud] = [at('ollama'), at('openai')];
    const ollamaAgain = { ...ollama, retry: 1 };
    const fallback = at('anthropic', { modelGroup: 'other', fallbackFrom: 'm' });
    const next = (attempts: readonly Attempt[]) => nextAttempt({ attempts, retry }, { index: 0, failure }, []);
    expect(next([ollama, ollamaAgain, cloud])).toBe(2);
    expect(next([ollama, ollamaAgain, fallback])).toBeNull();
    expect(next([ollama, fallback, cloud])).toBe(2);
    expect(
      nextAttempt({ attempts: [ollama, cloud], retry }, { index: 1, failure }, [{ index: 0, failure }]),
    ).toBeNull();
  });

  it('of an account, its other models are left out', () => {
    const failure = failureOf('upstream_error', { details: { account: 'funds' } });
    expect(nextAttempt({ attempts: [a, other, b], retry }, { index: 0, failure }, [])).toBe(2);
  });

  it.each(['funds', 'daily-quota'])('for want of %s, the same deployment is not asked again', (account) => {
    const failure = failureOf('rate_limit_exceeded', { details: { account, upstreamStatus: 429 } });
    expect(nextAttempt({ attempts: [a, aAgain, b], retry }, { index: 0, failure }, [])).toBe(2);
  });

  it('of a request that may wait no longer, the same deployment is not asked again later', () => {
    const busy = failureOf('backend_overloaded', { blame: 'gateway' });
    const impatient = failureOf('backend_overloaded', { blame: 'gateway', details: { impatient: true } });
    expect(nextAttempt({ attempts: [a, aAgain], retry }, { index: 0, failure: busy }, [])).toBe(1);
    expect(nextAttempt({ attempts: [a, aAgain], retry }, { index: 0, failure: impatient }, [])).toBeNull();
    expect(nextAttempt({ attempts: [a, aAgain, b], retry }, { index: 0, failure: impatient }, [])).toBe(2);
  });

  it('of the free day, the free models of the account are left out, and those that cost something are not', () => {
    const day = failureOf('rate_limit_exceeded', { scope: 'free-models', details: { account: 'daily-quota' } });
    const free = attemptOf('f', 'host-1', { upstreamModel: 'm:free' });
    expect(nextAttempt({ attempts: [a, free, other], retry }, { index: 0, failure: day }, [])).toBe(2);
    const later = { ...day, retryAfterMs: 3_600_000 };
    expect(nextAttempt({ attempts: [a, aAgain, b], retry }, { index: 0, failure: later }, [])).toBe(2);
  });

  it.each([
    [8_000, 1],
    [8_001, 2],
  ])('that asks for %i ms of rest, the same deployment is tried again only where that is short', (rest, expected) => {
    const failure = failureOf('rate_limit_exceeded', { retryAfterMs: rest });
    expect(nextAttempt({ attempts: [a, aAgain, b], retry }, { index: 0, failure }, [])).toBe(expected);
  });

  it('of a context that is too small, only a larger one is tried', () => {
    const larger = attemptOf('large', 'host-3', { onlyAfter: 'context_length_exceeded' });
    const failure = failureOf('context_length_exceeded', { blame: 'request' });
    expect(nextAttempt({ attempts: [a, b, larger], retry }, { index: 0, failure }, [])).toBe(2);
    expect(nextAttempt({ attempts: [a, b, other], retry }, { index: 0, failure }, [])).toBe(2);
    expect(nextAttempt({ attempts: [a, b], retry }, { index: 0, failure }, [])).toBeNull();
  });

  it('of a body that is too large for this upstream, another model is tried', () => {
    const failure = failureOf('request_too_large', { blame: 'request', details: { upstreamStatus: 413 } });
    expect(nextAttempt({ attempts: [a, aAgain, b, other], retry }, { index: 0, failure }, [])).toBe(3);
    expect(nextAttempt({ attempts: [a, aAgain, b], retry }, { index: 0, failure }, [])).toBeNull();
  });

  it('of a context that is too small, a larger one is found where an earlier model failed otherwise', () => {
    const larger = attemptOf('large', 'host-3', { onlyAfter: 'context_length_exceeded', fallbackFrom: 'm' });
    const plan = { attempts: [a, larger, other], retry };
    const down = { index: 0, failure: failureOf('upstream_error') };
    const long = { index: 2, failure: failureOf('context_length_exceeded', { blame: 'request' }) };
    expect(nextAttempt(plan, down, [])).toBe(2);
    expect(nextAttempt(plan, long, [down])).toBe(1);
    expect(nextAttempt(plan, { index: 1, failure: long.failure }, [down, long])).toBeNull();
  });

  it('of a context that is too small, the list of a model that was not tried does not answer', () => {
    const larger = attemptOf('large', 'host-3', { onlyAfter: 'context_length_exceeded', fallbackFrom: 'other' });
    const plan = { attempts: [a, other, larger], retry };
    const long = { index: 0, failure: failureOf('context_length_exceeded', { blame: 'request' }) };
    expect(nextAttempt(plan, long, [])).toBe(1);
    expect(nextAttempt(plan, { index: 1, failure: long.failure }, [long])).toBe(2);
  });

  it('attempts that wait for another kind of failure are passed over', () => {
    const larger = attemptOf('large', 'host-3', { onlyAfter: 'context_length_exceeded' });
    expect(
      nextAttempt({ attempts: [a, larger, b], retry }, { index: 0, failure: failureOf('upstream_error') }, []),
    ).toBe(2);
  });

  it('retries end where the policy says', () => {
    const attempts = [a, aAgain, attemptOf('a', 'host-1', { retry: 2 }), attemptOf('a', 'host-1', { retry: 3 })];
    const failure = failureOf('upstream_error');
    expect(nextAttempt({ attempts, retry }, { index: 1, failure }, [{ index: 0, failure }])).toBe(2);
    expect(nextAttempt({ attempts, retry }, { index: 2, failure }, [])).toBeNull();
  });

  it('what an earlier failure ruled out stays out', () => {
    const dead = { index: 0, failure: failureOf('upstream_unreachable') };
    expect(
      nextAttempt({ attempts: [a, b, aAgain], retry }, { index: 1, failure: failureOf('upstream_error') }, [dead]),
    ).toBeNull();
  });
});
