import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { costOf, estimateCost } from './cost.js';
import type { PriceTerms } from './cost.js';

const price: PriceTerms = {
  inputPerMillion: '2.5',
  outputPerMillion: '10',
  cacheReadPerMillion: '1.25',
  cacheWritePerMillion: null,
  perRequest: null,
};
const tokens = (inputTokens: number, outputTokens: number, cachedInputTokens = 0, cacheWriteTokens = 0) => ({
  inputTokens,
  outputTokens,
  cachedInputTokens,
  cacheWriteTokens,
});

describe('costOf', () => {
  it('adds input and output: 312 and 535 tokens of gpt-4o cost 0.00613 USD', () => {
    expect(costOf(tokens(312, 535), price)).toBe(6_130_000);
  });

  it('charges cached input at its own price', () => {
    expect(costOf(tokens(1_000, 0, 400), price)).toBe(600 * 2_500 + 400 * 1_250);
  });

  it('charges cached input as other input where there is no price for it', () => {
    expect(costOf(tokens(1_000, 0, 400), { ...price, cacheReadPerMillion: null })).toBe(2_500_000);
  });

  it('charges cache writes at their own price', () => {
    expect(costOf(tokens(1_000, 0, 100, 200), { ...price, cacheWritePerMillion: '3.125' })).toBe(
      700 * 2_500 + 100 * 1_250 + 200 * 3_125,
    );
  });

  it('never counts a token twice when an upstream reports more cached tokens than input', () => {
    expect(costOf(tokens(100, 0, 400, 400), price)).toBe(100 * 1_250);
  });

  it('adds the price of the request', () => {
    expect(costOf(tokens(0, 0), { ...price, perRequest: '0.01' })).toBe(10_000_000);
  });

  it('takes the long-context prices for the whole request above their bound, and not at it', () => {
    const long = {
      ...price,
      longContext: {
        aboveInputTokens: 200_000,
        inputPerMillion: '5',
        outputPerMillion: '15',
        cacheReadPerMillion: '2.5',
        cacheWritePerMillion: null,
      },
    };
    expect(costOf(tokens(200_000, 10), long)).toBe(200_000 * 2_500 + 10 * 10_000);
    expect(costOf(tokens(200_001, 10), long)).toBe(200_001 * 5_000 + 10 * 15_000);
  });
});

describe('estimateCost', () => {
  const count = fc.nat(500_000);
  const share = fc.double({ min: 0, max: 1, noNaN: true });

  it('is never below what the request can cost', () => {
    fc.assert(
      fc.property(count, count, share, share, fc.boolean(), (input, output, used, cachedShare, dearWrites) => {
        const terms = { ...price, cacheWritePerMillion: dearWrites ? '3.125' : null };
        const cached = Math.floor(input * cachedShare);
        const actual = costOf(tokens(input, Math.floor(output * used), cached, input - cached), terms);
        // Each of the four lines is rounded up on its own.
        expect(actual).toBeLessThanOrEqual(estimateCost({ inputTokens: input, maxOutputTokens: output }, terms) + 2);
      }),
    );
  });
});
