import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { packed, unpacked } from './packing.js';

const sent = (json: string) => {
  const bytes = packed(json);
  return typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
};

it('gives back what was packed, short or long', () => {
  const value = fc.oneof(fc.jsonValue(), fc.string({ minLength: 270_000, maxLength: 271_000, unit: 'grapheme' }));
  fc.assert(
    fc.property(value, (any) => {
      const json = JSON.stringify(any);
      expect(unpacked(sent(json))).toBe(json);
    }),
    { numRuns: 40 },
  );
});

it('leaves short texts readable, and makes a long report a fraction of itself', () => {
  expect(packed('{"v":1}')).toBe('{"v":1}');
  const lines = Array.from({ length: 20_000 }, (_none, n) => ({
    customer: `customer-${n}`,
    spend: n / 7,
    requests: n,
  }));
  const json = JSON.stringify(lines);
  expect(json.length).toBeGreaterThan(1024 * 1024);
  expect(sent(json).length).toBeLessThan(json.length / 3);
});

it('reads a part of a larger buffer', () => {
  const json = JSON.stringify(randomBytes(200_000).toString('hex'));
  const whole = Buffer.concat([Buffer.from('+'), sent(json)]);
  expect(unpacked(whole.subarray(1))).toBe(json);
});

it('throws on a frame that was cut', () => {
  expect(() => unpacked(sent(JSON.stringify('x'.repeat(300_000))).subarray(0, 12))).toThrow();
});
