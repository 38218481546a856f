import { describe, expect, it } from 'vitest';
import { recordingsOf } from '../__fixtures__/recording.js';
import { readOpenAiError } from './error.js';

const now = Date.UTC(2026, 10, 21, 18, 0, 0);
const read = (status: number, body: unknown, headers = {}) =>
  readOpenAiError(status, headers, typeof body === 'string' ? body : JSON.stringify(body), now);
const error = (message: string, more: object = {}) => ({ error: { message, ...more } });

describe('readOpenAiError', () => {
  const request = { blame: 'request' };
  const backend = { blame: 'backend' };
  it.each([
    ['a bad request', 400, error('bad', { type: 'invalid_request_error' }), { code: 'invalid_request', ...request }],
    [
      'context',
      400,
      error("This model's maximum context length is 8192 tokens.", {
        code: 'context_length_exceeded',
        param: 'messages',
      }),
      { code: 'context_length_exceeded', param: 'messages', ...request },
    ],
    [
      'context by words alone',
      400,
      error('the request exceeds the available context size'),
      { code: 'context_length_exceeded' },
    ],
    [
      'context of vLLM',
      400,
      { object: 'error', message: "This model's maximum context length is 100", type: 'BadRequestError', code: 400 },
      { code: 'context_length_exceeded' },
    ],
    [
      'an unknown parameter',
      400,
      error("Unknown parameter: 'x'.", { code: 'unknown_parameter', param: 'x' }),
      { code: 'unsupported_parameter', param: 'x', ...request },
    ],
    [
      'an unsupported value',
      400,
      error('x', { code: 'unsupported_value', param: 'temperature' }),
      { code: 'unsupported_parameter', param: 'temperature' },
    ],
    [
      'moderation of OpenAI',
      400,
      error('flagged', { code: 'content_policy_violation' }),
      { code: 'content_policy_violation', ...request },
    ],
    [
      'moderation of Azure',
      400,
      error('x', { code: 'content_filter', innererror: { code: 'ResponsibleAIPolicyViolation' } }),
      { code: 'content_policy_violation' },
    ],
    [
      'moderation of OpenRouter',
      403,
      error('Your chosen model requires moderation', { code: 403, metadata: { reasons: ['x'] } }),
      { code: 'content_policy_violation', ...request },
    ],
    [
      'a wrong key',
      401,
      error('Incorrect API key provided: sk-abc12345', { code: 'invalid_api_key' }),
      { code: 'upstream_error', account: 'credentials', ...backend },
    ],
    [
      'a wrong country',
      403,
      error('Country not supported', { code: 'unsupported_country_region_territory' }),
      { code: 'upstream_error', account: 'credentials' },
    ],
    [
      'no credits at OpenRouter',
      402,
      error('Insufficient credits', { code: 402 }),
      { code: 'upstream_error', account: 'funds', ...backend },
    ],
    [
      'no model',
      404,
      error('The model `x` does not exist', { code: 'model_not_found' }),
      { code: 'model_not_found', ...backend },
    ],
    [
      'no model at vLLM',
      404,
      { object: 'error', message: 'The model `x` does not exist.', code: 404 },
      { code: 'model_not_found' },
    ],
    [
      'no model at OpenRouter is 400',
      400,
      error('foo/bar is not a valid model ID', { code: 400 }),
      { code: 'model_not_found', ...backend },
    ],
    [
      'no endpoint at OpenRouter',
      404,
      error('No endpoints found matching your data policy', { code: 404 }),
      { code: 'model_not_found' },
    ],
    [
      'no model at DeepSeek',
      400,
      error('Model Not Exist', { code: 'invalid_request_error' }),
      { code: 'model_not_found' },
    ],
    [
      'no model at Mistral',
      400,
      { object: 'error', message: 'Invalid model: x', type: 'invalid_model' },
      { code: 'model_not_found' },
    ],
    [
      'a retired model at Groq',
      400,
      error('The model `x` has been decommissioned', { code: 'model_decommissioned' }),
      { code: 'model_not_found' },
    ],
    ['a wrong base URL', 404, '404 page not found', { code: 'upstream_error', ...backend }],
    [
      'a field that FastAPI refuses',
      422,
      { detail: [{ loc: ['body', 'n'], msg: 'too large' }] },
      { code: 'invalid_request', message: 'body.n: too large' },
    ],
    ['too large', 413, '', { code: 'request_too_large', ...request }],
    ['a timeout', 408, error('x'), { code: 'upstream_timeout', ...backend }],
    ['a server error', 500, error('oops', { type: 'server_error' }), { code: 'upstream_error', ...backend }],
    [
      'a bad gateway page',
      502,
      '<html>secret-host.internal</html>',
      { code: 'upstream_error', message: 'The provider answered with status 502.' },
    ],
    ['overload', 503, error('x', { code: 'server_is_overloaded' }), { code: 'backend_overloaded', ...backend }],
    ['overload at the edge', 529, error('x'), { code: 'backend_overloaded' }],
    ['a timeout of the edge', 524, '', { code: 'upstream_timeout' }],
    [
      'too fast',
      429,
      error('Rate limit reached', { type: 'requests', code: 'rate_limit_exceeded' }),
      { code: 'rate_limit_exceeded', ...backend },
    ],
    [
      'out of money is no rate',
      429,
      error('You exceeded your current quota, please check your plan and billing details.', {
        type: 'insufficient_quota',
        code: 'insufficient_quota',
      }),
      { code: 'upstream_error', account: 'funds' },
    ],
    [
      'a spend limit',
      429,
      error('x', { code: 'project_spend_limit_exceeded' }),
      { code: 'upstream_error', account: 'funds' },
    ],
    [
      'a rate that advertises billing',
      429,
      error('Rate limit reached. Add a payment method, see billing details', { code: 'rate_limit_exceeded' }),
      { code: 'rate_limit_exceeded' },
    ],
    [
      'a busy provider behind OpenRouter',
      429,
      error('Provider returned error', {
        code: 429,
        metadata: { raw: 'x/y:free is temporarily rate-limited upstream', provider_name: 'P' },
      }),
      {
        code: 'rate_limit_exceeded',
        message: 'Provider returned error: x/y:free is temporarily rate-limited upstream',
      },
    ],
    [
      'an overloaded provider behind OpenRouter',
      429,
      error('x', { metadata: { error_type: 'provider_overloaded' } }),
      { code: 'backend_overloaded' },
    ],
    [
      'a context error of a provider behind OpenRouter',
      400,
      error('Provider returned error', { code: 400, metadata: { raw: '{"error":{"message":"prompt is too long"}}' } }),
      { code: 'context_length_exceeded', message: 'Provider returned error: prompt is too long' },
    ],
  ])('%s', (_name, status, body, expected) => {
    expect(read(status, body)).toMatchObject({ status, ...expected });
    if (!('account' in expected)) expect(read(status, body)).not.toHaveProperty('account');
  });

  it('tells the free day of OpenRouter from a busy provider, and waits for its end', () => {
    const message =
      'Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day';
    const reset = now + 3 * 3_600_000;
    const metadata = {
      headers: { 'X-RateLimit-Limit': '50', 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': String(reset) },
    };
    expect(read(429, error(message, { code: 429, metadata }))).toMatchObject({
      code: 'rate_limit_exceeded',
      account: 'daily-quota',
      retryAfterMs: 3 * 3_600_000,
    });
    // Without a word about the reset: midnight, UTC.
    expect(read(429, error(message))).toMatchObject({ account: 'daily-quota', retryAfterMs: 6 * 3_600_000 });
    const minute = read(429, error('Rate limit exceeded: free-models-per-min.'), {
      'x-ratelimit-reset': String(now + 20_000),
    });
    expect(minute).toMatchObject({ code: 'rate_limit_exceeded', retryAfterMs: 20_000 });
    expect(minute).not.toHaveProperty('account');
  });

  it('reads the list of Google, its waiting time and its days', () => {
    const body = (quota: string) => [
      {
        error: {
          code: 429,
          message: 'You exceeded your current quota, please check your plan and billing details.',
          status: 'RESOURCE_EXHAUSTED',
          details: [{ quotaId: quota }, { '@type': 'RetryInfo', retryDelay: '17s' }],
        },
      },
    ];
    const minute = read(429, body('GenerateRequestsPerMinutePerProject'));
    expect(minute).toMatchObject({ code: 'rate_limit_exceeded', retryAfterMs: 17_000 });
    expect(minute).not.toHaveProperty('account');
    expect(read(429, body('GenerateRequestsPerDayPerProject'))).toMatchObject({ account: 'daily-quota' });
  });

  it.each([
    ['headers', { 'retry-after-ms': '1500', 'retry-after': '9' }, 'x', 1500],
    ['its words', {}, 'Rate limit reached. Please try again in 7m12s.', 432_000],
    ['nothing', {}, 'x', null],
  ])('takes the waiting time from %s', (_name, headers, message, expected) => {
    expect(read(429, error(message, { code: 'rate_limit_exceeded' }), headers).retryAfterMs).toBe(expected);
  });

  it('says whose key was refused, and shows none', () => {
    const failure = read(
      401,
      error('Incorrect API key provided: sk-proj-abcdef123456. Find yours at https://platform.openai.com'),
    );
    expect(failure.message).toBe(
      "The provider refused the gateway's account: Incorrect API key provided: [key]. Find yours at [url]",
    );
  });

  it('reads every recorded error of the /v1 layer of Ollama', () => {
    const failed = ['/v1/chat/completions', '/v1/completions', '/v1/embeddings']
      .flatMap((path) => recordingsOf(path))
      .filter((r) => r.status >= 400);
    expect(failed.length).toBeGreaterThan(15);
    for (const { name, status, bodyText } of failed) {
      const failure = read(status, bodyText);
      expect(failure.message, name).not.toBe('');
      if (status === 400) expect(failure.blame, name).toBe('request');
      if (name.includes('unknown-model')) expect(failure.code, name).toBe('model_not_found');
    }
  });
});
