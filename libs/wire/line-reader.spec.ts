import { describe, expect, it } from 'vitest';
import { LineReader } from './line-reader.js';

const encode = (text: string) => new TextEncoder().encode(text);

describe('LineReader', () => {
  it('replaces bytes that are no UTF-8, the same in any cut', () => {
    const bytes = Uint8Array.of(0x61, 0xc3, 0x28, 0xf0, 0x9f, 0x98, 0x0a, 0xff, 0x0a, 0xe2, 0x82);
    const whole = new LineReader();
    const lines = [...whole.push(bytes), ...whole.end()];
    const cut = new LineReader();
    expect([
      ...Array.from(bytes, (byte) => Uint8Array.of(byte)).flatMap((chunk) => cut.push(chunk)),
      ...cut.end(),
    ]).toEqual(lines);
    expect(lines).toEqual(['a\uFFFD(\uFFFD', '\uFFFD', '\uFFFD']);
  });

  it('bounds a line that never ends, and says so once it is too long', () => {
    const reader = new LineReader({ maxLineLength: 10 });
    for (let i = 0; i < 10; i += 1) expect(reader.push(encode('x'))).toEqual([]);
    expect(reader.failure).toBeNull();
    reader.push(encode('x'));
    expect(reader.failure).toMatchObject({ name: 'WireFormatError', code: 'line_too_long' });
    expect(reader.push(encode('\nnext\n'))).toEqual([]);
    expect(reader.end()).toEqual([]);
  });

  it('has a bound of one mebibyte by default', () => {
    const reader = new LineReader();
    expect(reader.push(encode(`${'x'.repeat(1024 * 1024)}\n`))).toHaveLength(1);
    reader.push(encode('x'.repeat(1024 * 1024 + 1)));
    expect(reader.failure?.code).toBe('line_too_long');
  });

  it('does not change what it was given', () => {
    const chunk = encode('a\nb');
    const reader = new LineReader();
    reader.push(chunk);
    chunk.fill(0);
    expect(reader.end()).toEqual(['b']);
  });
});
