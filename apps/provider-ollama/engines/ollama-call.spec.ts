import { describe, expect, it } from 'vitest';
import type { StreamEvent, UpstreamDecoder } from '#wire';
import { backendOf, openingOf } from '../test/fixtures.js';
import { boundedDecoder, prepareOllamaCall } from './ollama-call.js';

const backend = backendOf('gpu-1', 'http://gpu:11434');
const facts = {
  apiBase: backend.apiBase,
  headers: { 'x-extra': '1' },
  capabilities: ['completion', 'tools'],
  makeCallId: () => 'call_1',
  nowMs: 0,
};

function bodyOf(prepared: ReturnType<typeof prepareOllamaCall>): unknown {
  if (prepared.kind === 'refused') return prepared.failure;
  const { body } = prepared.parts.request;
  return typeof body === 'string' ? JSON.parse(body) : body;
}

describe('prepareOllamaCall', () => {
  it('asks the native API, streamed also for a client that wants a whole answer', () => {
    const prepared = prepareOllamaCall(openingOf(backend, 'm', { stream: false }), facts);
    expect(prepared).toMatchObject({
      kind: 'call',
      parts: { request: { method: 'POST', url: 'http://gpu:11434/api/chat', headers: { 'x-extra': '1' } } },
    });
    expect(bodyOf(prepared)).toMatchObject({ model: 'm', stream: true });
  });

  it('refuses a prompt that does not fit instead of cutting it in silence, unless the deployment wants that', () => {
    expect(bodyOf(prepareOllamaCall(openingOf(backend, 'm'), facts))).toMatchObject({ truncate: false });
    const lenient = openingOf(backend, 'm', {}, { params: { truncate: true } });
    expect(bodyOf(prepareOllamaCall(lenient, facts))).toMatchObject({ truncate: true });
  });

  it('is not made where leaving out older turns does not make the prompt fit', () => {
    const text = 'word '.repeat(400);
    const user = { role: 'user', content: [{ type: 'text', text }] };
    const attempt = { truncateToTokens: 300, maxInputTokens: 512 };
    const chat = openingOf(backend, 'm', { request: { messages: [user] }, inputTokens: 401 }, attempt);
    expect(prepareOllamaCall(chat, facts)).toMatchObject({
      kind: 'refused',
      failure: { code: 'context_length_exceeded', message: expect.stringMatching(/512 tokens.*401 tokens/) },
    });
    const request = { prompts: [text] };
    const completion = { requestKind: 'completion', dialect: 'openai-completion', request } as const;
    expect(prepareOllamaCall(openingOf(backend, 'm', completion, attempt), facts)).toMatchObject({ kind: 'refused' });
  });

  it('asks for each prompt of a completion by itself', () => {
    const request = { prompts: ['one', 'two'], suffix: 'end' };
    const open = openingOf(backend, 'm', { requestKind: 'completion', dialect: 'openai-completion', request });
    expect(bodyOf(prepareOllamaCall(open, facts, 1))).toMatchObject({ prompt: 'two', suffix: 'end' });
  });

  it('has no endpoint for speech', () => {
    const request = { path: 'audio/speech', json: {}, form: null };
    const open = openingOf(backend, 'm', { requestKind: 'raw', dialect: 'openai-speech', request });
    expect(prepareOllamaCall(open, facts)).toMatchObject({
      kind: 'refused',
      failure: { code: 'invalid_request', blame: 'request' },
    });
  });
});

describe('boundedDecoder', () => {
  const inner: UpstreamDecoder = { push: (): StreamEvent[] => [{ type: 'end' }], end: () => [] };

  it('lets an answer through that is quick enough, and fails one that goes on for too long', () => {
    let now = 1_000;
    const decoder = boundedDecoder(inner, 500, () => now);
    expect(decoder.push(new Uint8Array())).toEqual([{ type: 'end' }]);
    now = 1_500;
    expect(decoder.push(new Uint8Array())).toEqual([{ type: 'end' }]);
    now = 1_501;
    expect(decoder.push(new Uint8Array())).toMatchObject([{ type: 'failure', failure: { code: 'upstream_timeout' } }]);
  });
});
