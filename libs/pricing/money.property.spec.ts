import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isUsdAmount, nanoOfTokens, nanoOfUsd, perMillionOfPerToken, usdOfNano } from './money.js';

const nano = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
/** A price in USD per million tokens with up to six decimals, as text and as millionths. */
const price = fc.integer({ min: 0, max: 600_000_000 }).map((millionths) => ({
  millionths,
  text: `${Math.floor(millionths / 1e6)}.${String(millionths % 1e6).padStart(6, '0')}`,
}));

describe('nanoOfUsd', () => {
  it.each([
    ['25.00', 25_000_000_000],
    ['0.1', 100_000_000],
    ['.5', 500_000_000],
    ['0', 0],
    [0.1 + 0.2, 300_000_001],
    [1.5e-7, 150],
    ['1e3', 1_000_000_000_000],
    ['0.0000000001', 1],
  ])('reads %s as %i nano-dollars, rounding up', (text, expected) => {
    expect(nanoOfUsd(text)).toBe(expected);
  });

  it.each(['-1', '', 'ten', '1,5', '1.2.3', 'NaN', 'Infinity', '0x10', ' ', '.', '1e', '10000000000'])(
    'refuses %j',
    (text) => {
      expect(() => nanoOfUsd(text)).toThrow(RangeError);
    },
  );

  it('comes back from its text form unchanged', () => {
    fc.assert(
      fc.property(nano, (amount) => {
        expect(nanoOfUsd(usdOfNano(amount))).toBe(amount);
      }),
    );
  });

  it('tells apart what is an amount', () => {
    expect([isUsdAmount('1.5'), isUsdAmount(0), isUsdAmount('-1'), isUsdAmount('x')]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe('usdOfNano', () => {
  it.each([
    [0, '0'],
    [1, '0.000000001'],
    [1_500_000_000, '1.5'],
    [-250_000_000, '-0.25'],
    [1_000_000_000_000, '1000'],
  ])('writes %i as %s', (amount, expected) => {
    expect(usdOfNano(amount)).toBe(expected);
  });
});

describe('perMillionOfPerToken', () => {
  it.each([
    [2.5e-6, '2.5'],
    [1.5e-7, '0.15'],
    ['0.00000015', '0.15'],
    ['0.000003', '3'],
    [0, '0'],
    [1, '1000000'],
    ['0.0000000001', '0.0001'],
  ])('turns %s per token into %s', (perToken, expected) => {
    expect(perMillionOfPerToken(perToken)).toBe(expected);
  });
});

describe('nanoOfTokens', () => {
  it('is exact for a million tokens', () => {
    fc.assert(
      fc.property(price, ({ text, millionths }) => {
        expect(nanoOfTokens(1_000_000, text)).toBe(millionths * 1_000);
      }),
    );
  });

  it('never charges less than the exact price, and at most one nano-dollar more', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000_000 }), price, (tokens, { text, millionths }) => {
        const exact = BigInt(tokens) * BigInt(millionths);
        const charged = BigInt(nanoOfTokens(tokens, text)) * 1_000n;
        expect(charged >= exact && charged - exact < 1_000n).toBe(true);
      }),
    );
  });

  it('grows with the tokens', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.nat(1_000_000), price, (a, b, { text }) => {
        expect(nanoOfTokens(Math.max(a, b), text)).toBeGreaterThanOrEqual(nanoOfTokens(Math.min(a, b), text));
      }),
    );
  });

  it('charges nothing for no tokens', () => {
    expect(nanoOfTokens(0, '10')).toBe(0);
  });
});
