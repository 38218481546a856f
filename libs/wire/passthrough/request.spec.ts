import { describe, expect, it } from 'vitest';
import type { FormPart } from '../neutral/chat-request.js';
import { passthroughEndpoints as at } from './endpoints.js';
import { parsePassthroughForm, parsePassthroughJson } from './request.js';

const file = (name: string): FormPart => ({ name, filename: 'a.wav', contentType: 'audio/wav', base64: 'AAAA' });

describe('a JSON body', () => {
  it('goes on as it came, without what is the gateway’s', () => {
    const parsed = parsePassthroughJson(
      {
        model: 'voice',
        input: 'Hello',
        voice: 'af_sky',
        lang_code: 'a',
        speed: null,
        fallbacks: ['other'],
        metadata: { tags: ['x'] },
        num_retries: 2,
        extra_body: { volume: 2, input: 'never' },
      },
      at.speech,
    );
    expect(parsed).toMatchObject({
      kind: 'ok',
      value: {
        model: 'voice',
        stream: false,
        gateway: { fallbacks: ['other'], tags: ['x'], numRetries: 2 },
        request: { path: 'audio/speech', form: null },
      },
    });
    expect(parsed.kind === 'ok' && parsed.value.request.json).toEqual({
      input: 'Hello',
      voice: 'af_sky',
      lang_code: 'a',
      volume: 2,
    });
  });

  it.each([
    ['speech', { input: 'x', stream_format: 'sse' }, true],
    ['generations', { prompt: 'x', stream: true }, true],
    ['generations', { prompt: 'x', stream: false }, false],
  ] as const)('to %s with %o streams: %s', (name, body, stream) => {
    expect(parsePassthroughJson(body, at[name])).toMatchObject({ kind: 'ok', value: { stream, model: null } });
  });

  it.each([
    ['rerank', { query: 'x' }, 'documents'],
    ['rerank', { query: 'x', documents: [] }, 'documents'],
    ['rerank', { query: 7, documents: ['x'] }, 'query'],
    ['speech', { model: 'm' }, 'input'],
    ['speech', { model: 'm', input: '' }, 'input'],
    ['moderations', { input: { a: 1 } }, 'input'],
    ['generations', { prompt: 'x', model: 7 }, 'model'],
    ['generations', { prompt: 'x', api_base: 'http://elsewhere' }, 'api_base'],
    ['transcriptions', { model: 'm', file: 'x' }, null],
  ] as const)('to %s is refused: %o', (name, body, param) => {
    expect(parsePassthroughJson(body, at[name])).toMatchObject({ kind: 'invalid', param });
  });
});

describe('a form', () => {
  it('keeps its files and fields in their order', () => {
    const parts = [
      { name: 'model', value: 'ears' },
      { name: 'timestamp_granularities[]', value: 'word' },
      { name: 'timestamp_granularities[]', value: 'segment' },
      { name: 'num_retries', value: '2' },
      { name: 'tags', value: '["x"]' },
      { name: 'stream', value: 'true' },
      file('file'),
    ];
    expect(parsePassthroughForm(parts, at.transcriptions)).toMatchObject({
      kind: 'ok',
      value: {
        model: 'ears',
        stream: true,
        gateway: { numRetries: 2, tags: ['x'] },
        request: { path: 'audio/transcriptions', json: null, form: [parts[1], parts[2], parts[5], parts[6]] },
      },
    });
  });

  it.each([
    ['transcriptions', [{ name: 'model', value: 'm' }], 'file'],
    ['transcriptions', [{ name: 'file', value: 'no file' }], 'file'],
    ['edits', [file('image[]')], 'prompt'],
    ['variations', [file('picture')], 'image'],
    ['transcriptions', [file('file'), { name: 'api_key', value: 'sk-1' }], 'api_key'],
  ] as const)('to %s is refused: %o', (name, parts, param) => {
    expect(parsePassthroughForm(parts, at[name])).toMatchObject({ kind: 'invalid', param });
  });

  it('with several pictures is one with a picture', () => {
    const parts = [file('image[]'), file('image[]'), { name: 'prompt', value: 'a lamp' }];
    expect(parsePassthroughForm(parts, at.edits).kind).toBe('ok');
  });

  it('of very many parts is refused', () => {
    const parts = Array.from({ length: 501 }, () => file('file'));
    expect(parsePassthroughForm(parts, at.transcriptions)).toMatchObject({ kind: 'invalid' });
  });
});
