import { describe, expect, it } from 'vitest';
import type { Price, TokenUsage } from '#contracts';
import { costOfUsage } from './cost.js';

const price: Price = {
  inputPerMillion: '1',
  outputPerMillion: '2',
  cacheReadPerMillion: null,
  cacheWritePerMillion: null,
  perRequest: '0.01',
  units: { perImage: '0.04', perSecond: null, perCharacter: null, perSearch: null, imageInputPerMillion: null },
  source: 'config',
};
const tokens = (inputTokens: number, outputTokens: number): TokenUsage => ({
  inputTokens,
  outputTokens,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  source: 'upstream',
});

describe('the cost of an attempt', () => {
  it('is its tokens, its units and the price of a request', () => {
    expect(costOfUsage(tokens(1_000, 500), price, null, { images: 2 })).toEqual({
      nanoUsd: 1_000_000 + 1_000_000 + 80_000_000 + 10_000_000,
      source: 'config',
    });
  });

  it('is nothing where nothing was used: an attempt that failed is not charged by the request', () => {
    expect(costOfUsage(tokens(0, 0), price, null)).toEqual({ nanoUsd: 0, source: 'config' });
    expect(costOfUsage(tokens(0, 0), price, null, { images: 1 }).nanoUsd).toBe(50_000_000);
  });

  it('is what the provider charged, where it says so', () => {
    expect(costOfUsage(tokens(1_000, 0), price, 0.5)).toEqual({ nanoUsd: 500_000_000, source: 'provider' });
    expect(costOfUsage(tokens(1_000, 0), price, Number.NaN).source).toBe('config');
  });

  it('is not known without a price', () => {
    expect(costOfUsage(tokens(1_000, 0), null, null)).toEqual({ nanoUsd: null, source: 'unknown' });
  });
});
