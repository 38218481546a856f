import { AttemptOutcome, type AttemptOutcomeEvent } from '#contracts';
import { describe, expect, it } from 'vitest';
import { consequenceOf, isFreeModel } from './consequence.js';

function failure(spec: Partial<Omit<AttemptOutcomeEvent, 'backendId' | 'deploymentId'>>): AttemptOutcomeEvent {
  return AttemptOutcome.payload.parse({
    v: 1,
    backendId: 'b',
    deploymentId: 'd',
    modelGroup: 'g',
    ok: false,
    errorCode: 'upstream_error',
    upstreamStatus: null,
    blame: 'backend',
    retryAfterMs: null,
    durationMs: 1,
    firstTokenMs: null,
    inputTokens: 0,
    outputTokens: 0,
    stream: false,
    at: '2026-01-01T00:00:00Z',
    ...spec,
  });
}

const hour = 3_600_000;

describe('consequenceOf', () => {
  it.each([
    ['a refused connection takes the host out', { errorCode: 'upstream_unreachable' }, false, 'backend', null],
    [
      'no worker takes the backend out for a moment',
      { errorCode: 'service_unavailable', blame: 'gateway' as const },
      false,
      'backend',
      1_000,
    ],
    [
      'a 429 cools the deployment',
      { errorCode: 'rate_limit_exceeded', upstreamStatus: 429 },
      false,
      'deployment',
      null,
    ],
    ['as long as Retry-After says', { upstreamStatus: 429, retryAfterMs: 7_000 }, false, 'deployment', 7_000],
    [
      'a 429 for money cools the account',
      { errorCode: 'insufficient_quota', upstreamStatus: 429 },
      false,
      'backend',
      300_000,
    ],
    ['so does a 402', { upstreamStatus: 402 }, false, 'backend', 300_000],
    ['a refused credential cools the account', { upstreamStatus: 401 }, false, 'backend', 60_000],
    ['a 403 cools the deployment', { upstreamStatus: 403 }, false, 'deployment', 60_000],
    [
      'a model that is gone cools itself only',
      { errorCode: 'model_not_found', upstreamStatus: 404 },
      false,
      'deployment',
      60_000,
    ],
    ['also where OpenRouter says 400', { upstreamStatus: 400 }, true, 'deployment', 60_000],
    [
      "a free model's spent day cools all free ones",
      { upstreamStatus: 429, retryAfterMs: 9 * hour },
      true,
      'free-models',
      9 * hour,
    ],
    ['its busy provider only itself', { upstreamStatus: 429, retryAfterMs: 20_000 }, true, 'deployment', 20_000],
    ['a paid model has no such day', { upstreamStatus: 429, retryAfterMs: 9 * hour }, false, 'deployment', 9 * hour],
    [
      "the worker's word on the day",
      { upstreamStatus: 429, scope: 'free-models' as const },
      true,
      'free-models',
      300_000,
    ],
    [
      'a day of other providers is that of the model',
      { upstreamStatus: 429, scope: 'free-models' as const, retryAfterMs: 5 * hour },
      false,
      'deployment',
      5 * hour,
    ],
    [
      'a free model that the worker knows to be merely limited',
      { upstreamStatus: 429, scope: 'deployment' as const, retryAfterMs: 9 * hour },
      true,
      'deployment',
      9 * hour,
    ],
    ["the worker's word on money", { upstreamStatus: 429, scope: 'backend' as const }, false, 'backend', 300_000],
    ['an account without a key', { scope: 'backend' as const }, false, 'backend', 60_000],
    ['a refused account', { upstreamStatus: 403, scope: 'backend' as const }, false, 'backend', 60_000],
    [
      'an overload with a time',
      { errorCode: 'backend_overloaded', upstreamStatus: 503, retryAfterMs: 4_000 },
      false,
      'deployment',
      4_000,
    ],
    [
      'no day is longer than 25 hours',
      { upstreamStatus: 429, retryAfterMs: 900 * hour },
      false,
      'deployment',
      25 * hour,
    ],
  ])('%s', (_name, spec, free, scope, cooldownMs) => {
    expect(consequenceOf(failure(spec), free)).toMatchObject({ kind: 'out', scope, cooldownMs });
  });

  it.each([
    ['a 500 is counted', { upstreamStatus: 500 }, 'counted'],
    ['an overload without a time is counted', { errorCode: 'backend_overloaded', upstreamStatus: 503 }, 'counted'],
    ['a full queue of ours shows nothing', { errorCode: 'backend_overloaded', blame: 'gateway' as const }, 'neutral'],
    ['a timeout is counted', { errorCode: 'upstream_timeout' }, 'counted'],
    ['a bad request shows that the host lives', { errorCode: 'invalid_request', blame: 'request' as const }, 'alive'],
    ['a client that left shows nothing', { errorCode: 'client_closed_request', blame: 'request' as const }, 'neutral'],
    ['a fault of the gateway shows nothing', { errorCode: 'internal_error', blame: 'gateway' as const }, 'neutral'],
  ])('%s', (_name, spec, kind) => {
    expect(consequenceOf(failure(spec), false).kind).toBe(kind);
  });
});

describe('isFreeModel', () => {
  it.each([
    ['openrouter', 'qwen/qwen3-coder:free', true],
    ['openrouter', 'qwen/qwen3-coder', false],
    ['ollama', 'mine:free', false],
  ] as const)('%s %s: %s', (provider, model, expected) => {
    expect(isFreeModel(provider, model)).toBe(expected);
  });
});
