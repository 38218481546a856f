import { INVALID_SPAN_CONTEXT, trace } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { GatewayError, RequestId } from '#contracts';
import { errorDialectOf } from './client-dialect.js';
import { corsHeaders, preflightHeaders } from './cors.js';
import { errorAnswer } from './error-body.js';
import { readJsonObject } from './json-body.js';
import { requestIdOf } from './request-id.js';
import { scopeHeaders } from './request-scope.js';
import { headerSafe } from './response-headers.js';

describe('errors', () => {
  const options = { dialect: 'openai', requestId: 'req_1', isAdmin: false } as const;

  it('have the shape of the dialect', () => {
    const error = new GatewayError('invalid_api_key');
    expect(errorAnswer(error, options).body).toEqual({
      error: {
        message: 'Incorrect API key provided.',
        type: 'authentication_error',
        param: null,
        code: 'invalid_api_key',
      },
    });
    expect(errorAnswer(error, { ...options, dialect: 'anthropic' }).body).toMatchObject({
      type: 'error',
      error: { type: 'authentication_error' },
      request_id: 'req_1',
    });
  });

  it('keep what is for admins from everybody else', () => {
    const error = new GatewayError('no_healthy_backend', { model: 'm', adminText: 'http://10.0.0.7 refuses' });
    expect(JSON.stringify(errorAnswer(error, options))).not.toContain('10.0.0.7');
    expect(JSON.stringify(errorAnswer(error, { ...options, isAdmin: true }))).toContain('10.0.0.7');
  });

  it.each([
    ['insufficient_quota', { retryAfterMs: 90_000 }, 429, { 'retry-after': '90', 'x-should-retry': 'false' }],
    ['rate_limit_exceeded', { retryAfterMs: 1_200 }, 429, { 'retry-after': '2', 'retry-after-ms': '1200' }],
    ['rate_limit_exceeded', {}, 429, { 'retry-after': '5' }],
    ['no_healthy_backend', {}, 503, { 'retry-after': '5' }],
    ['service_unavailable', {}, 503, { 'retry-after': '5' }],
    ['backend_overloaded', { retryAfterMs: 2_000 }, 503, { 'retry-after': '2' }],
    ['backend_overloaded', {}, 503, { 'x-should-retry': 'false' }],
    ['upstream_error', {}, 502, { 'x-should-retry': 'false' }],
    ['invalid_request', {}, 400, {}],
  ] as const)('%s tells when to come back', (code, details, status, headers) => {
    const answer = errorAnswer(new GatewayError(code, details), options);
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject(headers);
    expect(answer.headers['x-should-retry']).toBe('x-should-retry' in headers ? 'false' : undefined);
  });

  it('name the request as the SDKs of the dialect read it', () => {
    const span = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
    const scope = { requestId: RequestId.parse('req_1'), traceId: null, span, limitHeaders: {} };
    const named = { 'x-request-id': 'req_1', 'x-litellm-call-id': 'req_1' };
    expect(scopeHeaders({ ...scope, dialect: 'openai' })).toEqual(named);
    expect(scopeHeaders({ ...scope, dialect: 'anthropic' })).toEqual({ ...named, 'request-id': 'req_1' });
  });

  it('of used-up budgets take the configured status', () => {
    expect(errorAnswer(new GatewayError('insufficient_quota'), { ...options, budgetStatus: 400 }).status).toBe(400);
  });

  it.each([
    ['/v1/messages', 'anthropic'],
    ['/v1/messages/count_tokens', 'anthropic'],
    ['/messages?beta=true', 'anthropic'],
    ['/v1/chat/completions', 'openai'],
    ['/v1/messages-other', 'openai'],
  ])('under %s speak %s', (path, dialect) => {
    expect(errorDialectOf(path)).toBe(dialect);
  });

  it.each([
    ['/v1/models', 'anthropic'],
    ['/models/claude', 'anthropic'],
    ['/v1/models-other', 'openai'],
    ['/v1/chat/completions', 'openai'],
  ])('under %s speak %s to a client of Anthropic', (path, dialect) => {
    expect(errorDialectOf(path, '2023-06-01')).toBe(dialect);
  });
});

describe('CORS', () => {
  it.each([
    ['https://app.example', { origins: null, hasMasterKey: true }, true],
    ['https://app.example', { origins: null, hasMasterKey: false }, false],
    ['http://localhost:3000', { origins: null, hasMasterKey: false }, true],
    ['http://127.0.0.1:8080', { origins: null, hasMasterKey: false }, true],
    ['http://localhost.evil.example', { origins: null, hasMasterKey: false }, false],
    ['https://app.example', { origins: ['https://app.example'], hasMasterKey: true }, true],
    ['https://other.example', { origins: ['https://app.example'], hasMasterKey: true }, false],
    ['null', { origins: null, hasMasterKey: false }, false],
  ])('%s under %j: %s', (origin, rule, letIn) => {
    expect(corsHeaders(origin, rule) !== null).toBe(letIn);
  });

  it('never lets cookies across', () => {
    expect(corsHeaders('https://app.example', { origins: null, hasMasterKey: true })).not.toHaveProperty(
      'access-control-allow-credentials',
    );
  });

  it('allows the headers that SDKs ask for, and nothing odd', () => {
    expect(preflightHeaders('authorization, x-stainless-os')['access-control-allow-headers']).toBe(
      'authorization, x-stainless-os',
    );
    expect(preflightHeaders('bad\r\nheader')['access-control-allow-headers']).not.toContain('\r');
  });
});

describe('a JSON body', () => {
  const read = (text: string) => readJsonObject(Buffer.from(text));

  it.each(['', '[1]', '"x"', 'null', '{"a":', '\xff'])('that is no object is refused clearly: %j', (text) => {
    expect(() => readJsonObject(Buffer.from(text, 'latin1'))).toThrow(GatewayError);
  });

  it('cannot reach a prototype', () => {
    const body = read('{"__proto__": {"isAdmin": true}, "a": 1}');
    expect(Object.keys(body)).toEqual(['a']);
    expect(Reflect.get({}, 'isAdmin')).toBeUndefined();
  });
});

describe('ids and headers', () => {
  it('take a harmless request id and make one up otherwise', () => {
    const random = () => new Uint8Array(16);
    expect(requestIdOf('my-request-0001', random)).toBe(RequestId.parse('my-request-0001'));
    for (const bad of [null, 'short', 'with space here', 'x'.repeat(65), 'line\nbreak-here'])
      expect(requestIdOf(bad, random)).toMatch(/^req_0{24}$/);
  });

  it('hold nothing that splits a header', () => {
    expect(headerSafe('a\r\nset-cookie: x ü')).toBe('a??set-cookie: x ?');
  });
});
