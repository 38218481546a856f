import { describe, expect, it } from 'vitest';
import { parseChatBody } from './chat.js';

const parse = (fields: object) => parseChatBody({ model: 'm', messages: [{ role: 'user', content: 'Hi' }], ...fields });

describe('gateway fields', () => {
  it.each([
    ['mock_testing_fallbacks', 'error'],
    ['mock_testing_context_fallbacks', 'context_length'],
    ['mock_testing_content_policy_fallbacks', 'content_policy'],
    ['mock_testing_rate_limit_error', 'rate_limit'],
    ['mock_timeout', 'timeout'],
  ])('%s asks for a failure', (name, stagedFailure) => {
    expect(parse({ [name]: true })).toMatchObject({ kind: 'ok', value: { gateway: { stagedFailure } } });
    expect(parse({ [name]: false })).not.toMatchObject({ value: { gateway: { stagedFailure } } });
  });

  it.each(['mock_response', 'mock_tool_calls', 'mock_delay'])('%s is refused by name', (name) => {
    expect(parse({ [name]: 'Hi' })).toMatchObject({ kind: 'invalid', param: name, code: 'unsupported_parameter' });
  });

  it('are read and kept away from the upstream', () => {
    const result = parse({
      fallbacks: ['b', { model: 'c' }],
      context_window_fallbacks: [{ m: ['long'], other: ['x'] }],
      content_policy_fallbacks: [{ '*': ['mild'] }],
      num_retries: 0,
      timeout: 1.5,
      stream_timeout: 30,
      disable_fallbacks: true,
      tags: ['a', 'b'],
      metadata: { tags: ['b', 'c'], trace_id: 't' },
      cache: { 'no-cache': true, ttl: 60, namespace: 'n', 's-maxage': 5 },
      user: 'ada',
      drop_params: true,
      additional_drop_params: ['seed'],
    });
    if (result.kind === 'invalid') throw new Error(result.message);
    const { gateway, request } = result.value;
    expect(gateway).toEqual({
      fallbacks: ['b', 'c'],
      contextWindowFallbacks: ['long'],
      contentPolicyFallbacks: ['mild'],
      numRetries: 0,
      timeoutMs: 1500,
      streamTimeoutMs: 30_000,
      disableFallbacks: true,
      tags: ['a', 'b', 'c'],
      metadata: { tags: ['b', 'c'], trace_id: 't' },
      cache: { noCache: true, ttlSeconds: 60, namespace: 'n', maxAgeSeconds: 5 },
      user: 'ada',
      dropParams: true,
      additionalDropParams: ['seed'],
    });
    expect(Object.keys(request).sort()).toEqual(['messages', 'user']);
  });

  it.each([
    [{ safety_identifier: 's' }, 's'],
    [{ safety_identifier: 's', metadata: { user_id: 'm' } }, 'm'],
    [{ safety_identifier: 's', metadata: { user_id: 'm' }, user: 'u' }, 'u'],
  ])('know the end user by any of its names: %j', (fields, user) => {
    expect(parse(fields)).toMatchObject({ value: { gateway: { user } } });
  });

  it.each([
    [{ num_retries: -1 }, 'num_retries'],
    [{ timeout: 'soon' }, 'timeout'],
    [{ tags: 'a' }, 'tags'],
    [{ fallbacks: [3] }, 'fallbacks[0]'],
    [{ cache: { ttl: 'x' } }, 'cache.ttl'],
  ])('of the wrong type are refused: %j', (fields, param) => {
    expect(parse(fields)).toMatchObject({ kind: 'invalid', param });
  });
});
