import { describe, expect, it } from 'vitest';
import type { FormPart, RawRequest } from '../neutral/chat-request.js';
import { countedUnits, passthroughSize } from './size.js';

const json = (path: string, body: Record<string, unknown>): RawRequest => ({ path, json: body, form: null });
const form = (path: string, bytes: Uint8Array, ...fields: FormPart[]): RawRequest => ({
  path,
  json: null,
  form: [
    ...fields,
    { name: 'file', filename: 'a', contentType: 'audio/wav', base64: Buffer.from(bytes).toString('base64') },
  ],
});

/** Ten seconds of 16 kHz speech as recorders write it. */
function wav(): Uint8Array {
  const bytes = Buffer.alloc(44 + 320_000);
  bytes.write('RIFF', 0, 'latin1');
  bytes.write('WAVEfmt ', 8, 'latin1');
  bytes.writeUInt32LE(32_000, 28);
  return bytes;
}

describe('what a request may be billed for', () => {
  it.each([
    [json('images/generations', { prompt: 'a lamp', n: 3 }), { images: 3 }],
    [json('images/generations', { prompt: 'a lamp', n: 'many' }), { images: 1 }],
    [form('images/edits', wav(), { name: 'n', value: '2' }), { images: 2 }],
    [json('audio/speech', { input: 'x'.repeat(24) }), { characters: 24, seconds: 2 }],
    [json('rerank', { query: 'x', documents: ['y'] }), { searches: 1 }],
    [json('moderations', { input: 'x' }), {}],
  ])('%#', (request, units) => {
    expect(passthroughSize(request).units).toEqual(units);
    expect(countedUnits(request)).toEqual(units);
  });

  it('knows the length of a WAVE file by its header', () => {
    const request = form('audio/transcriptions', wav());
    expect(passthroughSize(request).units.seconds).toBeCloseTo(10, 1);
    expect(countedUnits(request).seconds).toBeCloseTo(10, 1);
  });

  it('bounds the length of other audio by the lowest rate, and counts a usual one', () => {
    const request = form('audio/transcriptions', new Uint8Array(48_000));
    expect(passthroughSize(request).units.seconds).toBeCloseTo(48, 1);
    expect(countedUnits(request).seconds).toBeCloseTo(6, 1);
  });

  it('counts the text, and no picture as text', () => {
    const words = passthroughSize(json('moderations', { input: 'one two three four' })).inputTokens;
    expect(words).toBeGreaterThan(2);
    const picture = `data:image/png;base64,${'A'.repeat(50_000)}`;
    const withPicture = json('moderations', {
      input: [
        { type: 'text', text: 'one two three four' },
        { type: 'image_url', image_url: { url: picture } },
      ],
    });
    expect(passthroughSize(withPicture).inputTokens).toBeLessThan(100);
    expect(
      passthroughSize(json('rerank', { query: 'one', documents: ['two', { text: 'three' }] })).inputTokens,
    ).toBeGreaterThan(2);
  });

  it('reserves for pictures that are billed by the token', () => {
    expect(passthroughSize(json('images/generations', { prompt: 'x', n: 2 })).maxOutputTokens).toBeGreaterThan(12_000);
    expect(passthroughSize(json('audio/speech', { input: 'x' })).maxOutputTokens).toBeNull();
  });
});
