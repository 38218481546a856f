import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SseDecoder, type SseEvent } from './sse.js';

const encoder = new TextEncoder();

function decode(chunks: readonly Uint8Array[], maxLineLength?: number): { events: SseEvent[]; decoder: SseDecoder } {
  const decoder = new SseDecoder(maxLineLength === undefined ? {} : { maxLineLength });
  const events = chunks.flatMap((chunk) => decoder.push(chunk));
  events.push(...decoder.end());
  return { events, decoder };
}

const decodeText = (text: string) => decode([encoder.encode(text)]).events;

/** Cuts bytes at the given places (fractions of the length). */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...places.map((place) => Math.floor(place * bytes.length)), bytes.length].sort((a, b) => a - b);
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

describe('SseDecoder', () => {
  it.each([
    ['LF', 'data: a\n\ndata: b\n\n', ['a', 'b']],
    ['CRLF', 'data: a\r\n\r\ndata: b\r\n\r\n', ['a', 'b']],
    ['CR', 'data: a\r\rdata: b\r\r', ['a', 'b']],
    ['mixed ends', 'data: a\r\n\ndata: b\r\r\n', ['a', 'b']],
    ['no space after the colon', 'data:a\n\n', ['a']],
    ['only the first space is taken off', 'data:  a\n\n', [' a']],
    ['several data lines are joined by LF', 'data: a\ndata: b\ndata\n\n', ['a\nb\n']],
    ['an event without data is none', 'event: ping\n\n: hi\n\ndata: a\n\n', ['a']],
    ['empty data is data', 'data:\n\n', ['']],
    ['a stream that ends without its blank line', 'data: a\n\ndata: [DONE]', ['a', '[DONE]']],
    ['U+2028 and U+2029 end no line', 'data: a\u2028b\u2029c\u0085d\n\n', ['a\u2028b\u2029c\u0085d']],
    ['a byte order mark', '\uFEFFdata: a\n\n', ['a']],
    ['id, retry and unknown fields', 'id: 7\nretry: 10\nfoo: bar\ndata: a\n\n', ['a']],
  ])('%s', (_name, text, expected) => {
    expect(decodeText(text).map((event) => event.data)).toEqual(expected);
  });

  it('gives the name of an event once', () => {
    expect(decodeText('event: error\ndata: {}\n\ndata: x\n\n')).toEqual([
      { event: 'error', data: '{}' },
      { event: '', data: 'x' },
    ]);
  });

  it('counts comments and gives none of them out', () => {
    const { events, decoder } = decode([encoder.encode(': OPENROUTER PROCESSING\n\n: again\ndata: {"a":1}\n\n')]);
    expect(events).toEqual([{ event: '', data: '{"a":1}' }]);
    expect(decoder.comments).toBe(2);
  });

  it('does not take the LF of a CRLF that is cut in two for a blank line', () => {
    expect(decode([encoder.encode('data: a\r'), encoder.encode('\ndata: b\r\n\r\n')]).events).toEqual([
      { event: '', data: 'a\nb' },
    ]);
  });

  it('joins a character that is cut in two', () => {
    const bytes = encoder.encode('data: 🙂\n\n');
    expect(decode([bytes.subarray(0, 8), bytes.subarray(8, 9), bytes.subarray(9)]).events).toEqual([
      { event: '', data: '🙂' },
    ]);
  });

  it.each([
    ['a line', 'data: ok\n\n', 'data: aaaaaaaaaaaaaaaaaaaaaa'],
    ['the data of an event', 'data: ok\n\n', 'data: aaaaaaa\ndata: aaaaaaa\ndata: aaaaaaaa\n'],
  ])('refuses %s beyond the bound and keeps what came before', (_name, good, bad) => {
    const { events, decoder } = decode([encoder.encode(good + bad)], 20);
    expect(events).toEqual([{ event: '', data: 'ok' }]);
    expect(decoder.failure?.code).toBe('line_too_long');
    expect(decoder.push(encoder.encode('data: b\n\n'))).toEqual([]);
  });

  it('gives the same events for any cut (property)', () => {
    const piece = fc.oneof(
      fc.constantFrom('\n', '\r', '\r\n', '\n\n', 'data: ', 'data:', 'event: x', ': c', '\u2028', '🙂', 'ü', '\uFEFF'),
      fc.string({ unit: 'grapheme', maxLength: 8 }),
    );
    const text = fc.array(piece, { maxLength: 40 }).map((pieces) => encoder.encode(pieces.join('')));
    const bytes = fc.oneof(text, fc.uint8Array({ maxLength: 60 }));
    fc.assert(
      fc.property(bytes, fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 }), (input, places) => {
        const whole = decode([input], 30);
        for (const chunks of [
          cut(input, places),
          cut(
            input,
            Array.from(input, (_, i) => i / input.length),
          ),
        ]) {
          const parts = decode(chunks, 30);
          expect(parts.events).toEqual(whole.events);
          expect(parts.decoder.failure?.code).toBe(whole.decoder.failure?.code);
          expect(parts.decoder.comments).toBe(whole.decoder.comments);
        }
      }),
      { numRuns: 500 },
    );
  });
});
