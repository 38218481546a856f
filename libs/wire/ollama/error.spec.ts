import { describe, expect, it } from 'vitest';
import { recording, recordingsOf } from '../__fixtures__/recording.js';
import { readOllamaError } from './error.js';

const native = ['/api/chat', '/api/generate', '/api/embed'];

describe('readOllamaError on recorded answers', () => {
  it.each([
    ['chat-unknown-model', { code: 'model_not_found', blame: 'backend', status: 404 }],
    ['embed-unknown-model', { code: 'model_not_found', blame: 'backend', status: 404 }],
    ['embed-model-missing', { code: 'model_not_found' }],
    ['fault-queue-full', { code: 'backend_overloaded', blame: 'backend', status: 503, retryAfterMs: null }],
    ['fault-runner-killed', { code: 'upstream_error', blame: 'backend', status: 500 }],
    ['chat-option-type', { code: 'invalid_request', blame: 'request', status: 500, param: 'temperature' }],
    ['chat-option-int', { code: 'invalid_request', blame: 'request', param: 'num_ctx' }],
    ['chat-option-stop-string', { code: 'invalid_request', blame: 'request', param: 'stop' }],
    ['chat-format-bad', { code: 'invalid_request', blame: 'request', status: 500, param: 'response_format' }],
    ['chat-schema-bad', { code: 'invalid_request', blame: 'request', status: 400 }],
    ['chat-long-refused', { code: 'context_length_exceeded', blame: 'request' }],
    ['chat-long-noshift', { code: 'context_length_exceeded', blame: 'request' }],
    ['embed-long-refused', { code: 'context_length_exceeded', blame: 'request' }],
    ['embed-long-batch-refused', { code: 'context_length_exceeded', blame: 'request' }],
    ['chat-think-unsupported', { code: 'unsupported_parameter', param: 'reasoning_effort', blame: 'request' }],
    ['chat-tools-unsupported', { code: 'unsupported_parameter', param: 'tools', blame: 'request' }],
    ['generate-suffix-unsupported', { code: 'unsupported_parameter', param: 'suffix', blame: 'request' }],
    ['chat-image-unsupported', { code: 'unsupported_parameter', param: 'messages', blame: 'request' }],
    ['chat-embed-model', { code: 'invalid_request', blame: 'request' }],
    ['embed-chat-model', { code: 'invalid_request', blame: 'request', status: 501 }],
    ['chat-model-cloud', { code: 'model_not_found', blame: 'backend', status: 403 }],
    ['chat-body-missing', { code: 'invalid_request', blame: 'request', status: 400 }],
  ])('%s', (name, expected) => {
    const { status, bodyText } = recording(name);
    expect(readOllamaError(status, bodyText)).toMatchObject(expected);
  });

  it('never blames the host for a 400 and always has a message', () => {
    const failed = native.flatMap((path) => recordingsOf(path)).filter((recorded) => recorded.status !== 200);
    expect(failed.length).toBeGreaterThan(30);
    for (const { name, status, bodyText } of failed) {
      const failure = readOllamaError(status, bodyText);
      expect(failure.message, name).not.toBe('');
      if (status === 400) expect(failure.blame, name).toBe('request');
    }
  });

  it('gives the inner message of a runner, not its JSON', () => {
    const { status, bodyText } = recording('chat-long-refused');
    expect(readOllamaError(status, bodyText).message).toBe(
      'request (1402 tokens) exceeds the available context size (256 tokens), try increasing it',
    );
  });

  it('names the model as the client does, not the registry', () => {
    const { status, bodyText } = recording('generate-suffix-unsupported');
    expect(readOllamaError(status, bodyText).message).toMatch(/^tiny-story:latest does not support insert$/u);
  });
});

describe('readOllamaError', () => {
  it.each([
    [404, '404 page not found', { code: 'upstream_error', blame: 'backend' }],
    [
      401,
      '{"error":"unauthorized","signin_url":"https://x.example/y"}',
      { code: 'upstream_error', account: 'credentials' },
    ],
    [502, '<html><body>Bad Gateway from 10.1.2.3</body></html>', { code: 'upstream_error', blame: 'backend' }],
    [429, '{"error":"too many requests"}', { code: 'rate_limit_exceeded', blame: 'backend' }],
    [413, '', { code: 'request_too_large', blame: 'request' }],
    [504, '', { code: 'upstream_timeout', blame: 'backend' }],
    [
      500,
      '{"error":"llama-server process has terminated: signal: killed"}',
      { code: 'upstream_error', blame: 'backend' },
    ],
    [404, '{"error":{"message":"model \'x\' not found","type":"not_found_error"}}', { code: 'model_not_found' }],
    [400, '{"error":"{broken"}', { code: 'invalid_request', message: '{broken' }],
  ])('%i %s', (status, body, expected) => {
    expect(readOllamaError(status, body)).toMatchObject(expected);
  });

  it('keeps addresses to itself', () => {
    const failure = readOllamaError(500, '{"error":"dial tcp 192.168.1.5:11434: connection refused"}');
    expect(failure.message).toBe('dial tcp [address]: connection refused');
  });
});
