import { describe, expect, it } from 'vitest';
import { recording } from '../__fixtures__/recording.js';
import { readAnthropicError } from './error.js';

const now = Date.UTC(2026, 10, 21);
const read = (status: number, type: string, message: string, headers = {}) =>
  readAnthropicError(
    status,
    headers,
    JSON.stringify({ type: 'error', error: { type, message }, request_id: 'req_1' }),
    now,
  );

describe('readAnthropicError', () => {
  const request = { blame: 'request' };
  const backend = { blame: 'backend' };
  it.each([
    [
      400,
      'invalid_request_error',
      'messages.0.content: Input should be a valid list',
      { code: 'invalid_request', param: 'messages.0.content', ...request },
    ],
    [
      400,
      'invalid_request_error',
      'logprobs: Extra inputs are not permitted',
      { code: 'unsupported_parameter', param: 'logprobs', ...request },
    ],
    [
      400,
      'invalid_request_error',
      'prompt is too long: 210000 tokens > 200000 maximum',
      { code: 'context_length_exceeded', ...request },
    ],
    [
      400,
      'invalid_request_error',
      'input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000',
      { code: 'context_length_exceeded' },
    ],
    [
      400,
      'invalid_request_error',
      'Output blocked by content filtering policy',
      { code: 'content_policy_violation', ...request },
    ],
    [
      400,
      'invalid_request_error',
      'Your credit balance is too low to access the Anthropic API.',
      { code: 'upstream_error', account: 'funds', ...backend },
    ],
    [401, 'authentication_error', 'invalid x-api-key', { code: 'upstream_error', account: 'credentials', ...backend }],
    [402, 'billing_error', 'x', { code: 'upstream_error', account: 'funds' }],
    [403, 'permission_error', 'x', { code: 'upstream_error', account: 'credentials' }],
    [404, 'not_found_error', 'model: claude-nope', { code: 'model_not_found', ...backend }],
    [413, 'request_too_large', 'x', { code: 'request_too_large', ...request }],
    [
      429,
      'rate_limit_error',
      'Number of request tokens has exceeded your per-minute rate limit',
      { code: 'rate_limit_exceeded', ...backend },
    ],
    [
      429,
      'rate_limit_error',
      'You have reached your organization spend limit',
      { code: 'upstream_error', account: 'funds' },
    ],
    [500, 'api_error', 'Internal server error', { code: 'upstream_error', ...backend }],
    [504, 'timeout_error', 'x', { code: 'upstream_timeout' }],
    [529, 'overloaded_error', 'Overloaded', { code: 'backend_overloaded', ...backend }],
  ])('%i %s: %s', (status, type, message, expected) => {
    expect(read(status, type, message)).toMatchObject({ status, ...expected });
    if (!('account' in expected)) expect(read(status, type, message)).not.toHaveProperty('account');
  });

  it('waits as long as the headers say', () => {
    expect(read(429, 'rate_limit_error', 'x', { 'retry-after': '12' }).retryAfterMs).toBe(12_000);
    const headers = {
      'anthropic-ratelimit-requests-remaining': '0',
      'anthropic-ratelimit-requests-reset': '2026-11-21T00:00:30Z',
    };
    expect(read(429, 'rate_limit_error', 'x', headers).retryAfterMs).toBe(30_000);
    expect(read(529, 'overloaded_error', 'x').retryAfterMs).toBeNull();
  });

  it.each([
    [404, '404 page not found', 'upstream_error'],
    [502, '<html>Bad Gateway</html>', 'upstream_error'],
    [413, '', 'request_too_large'],
  ])('%i without a body of its own', (status, body, code) => {
    expect(readAnthropicError(status, {}, body, now)).toMatchObject({ code, status });
  });

  it('reads the recorded error of a compatible server', () => {
    const { status, bodyText } = recording('v1-messages-unknown-model');
    expect(readAnthropicError(status, {}, bodyText, now)).toMatchObject({
      code: 'model_not_found',
      message: "model 'nope' not found",
    });
  });

  it('says whose account it is', () => {
    expect(read(401, 'authentication_error', 'invalid x-api-key').message).toMatch(
      /^The provider refused the gateway's account/u,
    );
  });
});
