import { describe, expect, it } from 'vitest';
import type { RawRequest } from '../neutral/chat-request.js';
import type { StreamEvent } from '../neutral/stream-event.js';
import { PassthroughDecoder } from './answer.js';
import { publicContentType } from './content-type.js';

const request: RawRequest = { path: 'images/generations', json: { prompt: 'x', n: 2 }, form: null };

function read(contentType: string | undefined, text: string | Uint8Array, size = 7): StreamEvent[] {
  const decoder = new PassthroughDecoder({ request, inputTokens: 5, nowMs: 0 });
  decoder.head(contentType === undefined ? {} : { 'content-type': contentType });
  const bytes = Buffer.from(text);
  const events: StreamEvent[] = [];
  for (let at = 0; at < bytes.length; at += size) events.push(...decoder.push(bytes.subarray(at, at + size)));
  return [...events, ...decoder.end()];
}

const bytesOf = (events: readonly StreamEvent[]) =>
  Buffer.concat(events.flatMap((event) => (event.type === 'bytes' ? [event.bytes] : [])));
const usageIn = (events: readonly StreamEvent[]) => events.find((event) => event.type === 'usage')?.usage;

describe('a whole answer', () => {
  it.each([
    [
      { data: [{}, {}], usage: { input_tokens: 7, output_tokens: 9 } },
      { inputTokens: 7, outputTokens: 9 },
      { images: 2 },
    ],
    [{ text: 'x', usage: { type: 'duration', seconds: 61 } }, { inputTokens: 5, counted: true }, { seconds: 61 }],
    [{ text: 'x', duration: 4.5 }, { counted: true }, { seconds: 4.5 }],
    [{ results: [], usage: { total_tokens: 31 } }, { inputTokens: 31, outputTokens: 0 }, {}],
    [{ results: [], meta: { billed_units: { search_units: 2 } } }, { counted: true }, { searches: 2 }],
    [{ data: [{}], usage: { cost: 0.04 } }, { costUsd: 0.04 }, { images: 1 }],
    [
      { data: [{}], usage: { input_tokens: 90, output_tokens: 1, input_tokens_details: { image_tokens: 80 } } },
      { inputTokens: 90 },
      { images: 1, imageInputTokens: 80 },
    ],
  ])('keeps its bytes and tells its usage: %j', (body, tokens, units) => {
    const events = read('application/json; charset=utf-8', JSON.stringify(body));
    expect(bytesOf(events).toString()).toBe(JSON.stringify(body));
    expect(events.filter((event) => event.type === 'bytes')).toHaveLength(1);
    expect(usageIn(events)).toMatchObject({ ...tokens, units });
    expect(events.at(-1)).toEqual({ type: 'end' });
  });

  it('that is an error inside a 200 is a failure, without addresses', () => {
    const events = read(
      'application/json',
      JSON.stringify({ error: { message: 'no route to http://10.0.0.7:8000', code: 502 } }),
    );
    expect(events).toMatchObject([{ type: 'failure', failure: { code: 'upstream_error' } }]);
    expect(JSON.stringify(events)).not.toContain('10.0.0.7');
  });

  it('of text comes in one piece', () => {
    const events = read('text/plain; charset=utf-8', 'WEBVTT\n\nHello');
    expect(events[0]).toMatchObject({ type: 'bytes', bytes: Buffer.from('WEBVTT\n\nHello') });
  });

  it('that is empty is no answer', () => {
    expect(read('application/json', '')).toEqual([]);
  });
});

describe('an answer that streams', () => {
  it('of audio goes on piece by piece, unchanged', () => {
    const bytes = Uint8Array.from({ length: 1_000 }, (_, index) => index % 256);
    const events = read('audio/mpeg', bytes, 64);
    expect(bytesOf(events)).toEqual(Buffer.from(bytes));
    expect(events.filter((event) => event.type === 'bytes').length).toBeGreaterThan(10);
    expect(usageIn(events)).toMatchObject({ inputTokens: 5, counted: true, units: { images: 2 } });
  });

  it.each([1, 5, 4_096])('of events tells the usage of its last, in cuts of %i bytes', (size) => {
    const text = `data: {"type":"x","b64_json":"AA"}\n\ndata: {"type":"done","usage":{"input_tokens":3,"output_tokens":4}}\n\n`;
    const events = read('text/event-stream', text, size);
    expect(bytesOf(events).toString()).toBe(text);
    expect(usageIn(events)).toMatchObject({ inputTokens: 3, outputTokens: 4 });
  });

  it('of events that report an error fails', () => {
    const text = `data: {"type":"error","error":{"message":"boom","type":"server_error"}}\n\n`;
    expect(read('text/event-stream', text, 4_096)).toContainEqual(expect.objectContaining({ type: 'failure' }));
  });
});

describe('the content type for the client', () => {
  it.each([
    ['audio/mpeg', 'audio/mpeg'],
    ['Application/JSON; charset=utf-8', 'application/json; charset=utf-8'],
    ['text/html', 'application/octet-stream'],
    ['image/svg+xml', 'application/octet-stream'],
    ['text/javascript; charset=utf-8', 'application/octet-stream'],
    ['audio/wav; x="\r\nset-cookie: a=b"', 'audio/wav'],
    [null, 'application/octet-stream'],
  ])('%s -> %s', (upstream, shown) => {
    expect(publicContentType(upstream)).toBe(shown);
  });
});
