import { describe, expect, it } from 'vitest';
import { errorClassOf, retriesAllowed, type RetryPolicy } from './retry-policy.js';

const policy: RetryPolicy = { count: 2, perClass: {} };

describe('errorClassOf', () => {
  it.each([
    ['upstream_error', 500, 'InternalServerError'],
    ['upstream_error', 401, 'AuthenticationError'],
    ['upstream_error', 429, 'RateLimitError'],
    ['upstream_error', null, 'InternalServerError'],
    ['upstream_error', 502, 'BadGatewayError'],
    ['upstream_error', 529, 'ServiceUnavailableError'],
    ['model_not_found', 404, 'NotFoundError'],
    ['upstream_timeout', null, 'TimeoutError'],
    ['rate_limit_exceeded', 429, 'RateLimitError'],
    ['content_policy_violation', 400, 'ContentPolicyViolationError'],
    ['context_length_exceeded', 400, 'BadRequestError'],
  ] as const)('%s with status %s is %s', (code, upstreamStatus, expected) => {
    expect(errorClassOf({ code, upstreamStatus })).toBe(expected);
  });
});

describe('retriesAllowed', () => {
  it.each([
    ['upstream_error', 503, 2],
    ['upstream_timeout', null, 2],
    ['rate_limit_exceeded', 429, 2],
    ['upstream_unreachable', null, 0],
    ['insufficient_quota', 429, 0],
    ['upstream_error', 401, 0],
    ['model_not_found', 404, 0],
    ['invalid_request', 400, 0],
  ] as const)('%s with status %s: %i', (code, upstreamStatus, expected) => {
    expect(retriesAllowed(policy, { code, upstreamStatus }, 'm')).toBe(expected);
  });

  it('takes the number of the class where the config has one, also 0', () => {
    const own: RetryPolicy = { count: 2, perClass: { TimeoutError: 0, RateLimitError: 5, AuthenticationError: 1 } };
    expect(retriesAllowed(own, { code: 'upstream_timeout', upstreamStatus: null }, 'm')).toBe(0);
    expect(retriesAllowed(own, { code: 'rate_limit_exceeded', upstreamStatus: 429 }, 'm')).toBe(5);
    expect(retriesAllowed(own, { code: 'upstream_error', upstreamStatus: 401 }, 'm')).toBe(1);
  });

  it('takes the number of the wider class where its own has none, and of the group where that has numbers', () => {
    const own: RetryPolicy = {
      count: 2,
      perClass: { InternalServerError: 4, BadGatewayError: 1 },
      perGroup: { other: { TimeoutError: 6 } },
    };
    const of = (upstreamStatus: number, group = 'm') =>
      retriesAllowed(own, { code: 'upstream_error', upstreamStatus }, group);
    expect([of(503), of(502), of(500), of(429)]).toEqual([4, 1, 4, 2]);
    expect([of(503, 'other'), of(504, 'other')]).toEqual([2, 6]);
  });

  it('never repeats a refused connection or an empty account, whatever the config says', () => {
    const own: RetryPolicy = { count: 9, perClass: { InternalServerError: 9, AuthenticationError: 9 } };
    expect(retriesAllowed(own, { code: 'upstream_unreachable', upstreamStatus: null }, 'm')).toBe(0);
    expect(retriesAllowed(own, { code: 'insufficient_quota', upstreamStatus: 402 }, 'm')).toBe(0);
  });
});
