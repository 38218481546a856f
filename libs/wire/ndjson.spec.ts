import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NdjsonDecoder } from './ndjson.js';

const encoder = new TextEncoder();

function decode(chunks: readonly Uint8Array[], maxLineLength?: number) {
  const decoder = new NdjsonDecoder(maxLineLength === undefined ? {} : { maxLineLength });
  const values = chunks.flatMap((chunk) => decoder.push(chunk));
  values.push(...decoder.end());
  return { values, failure: decoder.failure?.code ?? null };
}

const bytewise = (bytes: Uint8Array) => Array.from(bytes, (byte) => Uint8Array.of(byte));

describe('NdjsonDecoder', () => {
  it.each([
    ['several lines in one chunk', '{"a":1}\n{"a":2}\n', [{ a: 1 }, { a: 2 }]],
    ['a last line without its end', '{"a":1}\n{"a":2}', [{ a: 1 }, { a: 2 }]],
    ['blank lines and CRLF', '\n{"a":1}\r\n \r\n{"a":2}\r\n', [{ a: 1 }, { a: 2 }]],
    ['U+2028 inside a string', '{"a":"x\u2028y"}\n', [{ a: 'x\u2028y' }]],
    ['no bytes', '', []],
  ])('%s', (_name, text, expected) => {
    expect(decode([encoder.encode(text)])).toEqual({ values: expected, failure: null });
    expect(decode(bytewise(encoder.encode(text)))).toEqual({ values: expected, failure: null });
  });

  it.each([
    ['no JSON', '{"a":1}\nnonsense\n{"a":2}\n', 'invalid_json'],
    ['a cut line at the end', '{"a":1}\n{"a":', 'invalid_json'],
    ['a line beyond the bound', `{"a":1}\n{"a":"${'x'.repeat(50)}"}\n`, 'line_too_long'],
  ])('%s: keeps what came before and stops', (_name, text, code) => {
    expect(decode([encoder.encode(text)], 40)).toEqual({ values: [{ a: 1 }], failure: code });
    expect(decode(bytewise(encoder.encode(text)), 40)).toEqual({ values: [{ a: 1 }], failure: code });
  });

  it('gives back any JSON in any cut (property)', () => {
    fc.assert(
      fc.property(fc.array(fc.json(), { maxLength: 6 }), fc.infiniteStream(fc.nat(9)), (texts, sizes) => {
        const bytes = encoder.encode(texts.map((text) => `${text}\n`).join(''));
        const chunks: Uint8Array[] = [];
        for (let start = 0; start < bytes.length;) {
          const size = 1 + Number(sizes.next().value);
          chunks.push(bytes.subarray(start, start + size));
          start += size;
        }
        expect(decode(chunks)).toEqual({ values: texts.map((text): unknown => JSON.parse(text)), failure: null });
      }),
    );
  });
});
