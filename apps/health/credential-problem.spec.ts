import { describe, expect, it } from 'vitest';
import { AttemptOutcome } from '#contracts';
import { credentialProblem } from './credential-problem.js';

const failed = (changes: object) =>
  AttemptOutcome.payload.parse({
    v: 1,
    backendId: 'openai',
    deploymentId: 'd1',
    modelGroup: 'gpt',
    ok: false,
    errorCode: 'upstream_error',
    upstreamStatus: null,
    blame: 'backend',
    retryAfterMs: null,
    durationMs: 5,
    firstTokenMs: null,
    inputTokens: 0,
    outputTokens: 0,
    stream: false,
    at: '2026-11-21T00:00:00Z',
    ...changes,
  });

describe('the outcome of an attempt', () => {
  it.each([
    [{ upstreamStatus: 401 }, 'refused'],
    [{ upstreamStatus: 402 }, 'no-credit'],
    [{ upstreamStatus: 429, errorCode: 'insufficient_quota' }, 'no-credit'],
    [{ upstreamStatus: 429, errorCode: 'insufficient_quota', scope: 'free-models' }, null],
    [{ upstreamStatus: 403 }, null],
    [{ upstreamStatus: 500 }, null],
    [{ upstreamStatus: 401, blame: 'request' }, null],
    [{ upstreamStatus: 401, ok: true }, null],
  ])('%o tells of the account: %s', (changes, problem) => expect(credentialProblem(failed(changes))).toBe(problem));
});
