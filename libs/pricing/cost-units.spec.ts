import { describe, expect, it } from 'vitest';
import { costOf, estimateCost, type UnitPrices } from './cost.js';
import { findModelFacts, findPrice } from './price-table.js';

const none = { inputTokens: 0, outputTokens: 0, cachedInputTokens: 0, cacheWriteTokens: 0 };
const noPrices: UnitPrices = {
  perImage: null,
  perSecond: null,
  perCharacter: null,
  perSearch: null,
  imageInputPerMillion: null,
};
const free = {
  inputPerMillion: '0',
  outputPerMillion: '0',
  cacheReadPerMillion: null,
  cacheWritePerMillion: null,
  perRequest: null,
};

describe('what is billed beside tokens', () => {
  it.each([
    [{ images: 3 }, { perImage: '0.04' }, 120_000_000],
    [{ seconds: 61.5 }, { perSecond: '0.0001' }, 6_150_000],
    [{ characters: 1_000 }, { perCharacter: '0.000015' }, 15_000_000],
    [{ searches: 1 }, { perSearch: '0.002' }, 2_000_000],
    [{ webSearches: 3 }, { perWebSearch: '0.01' }, 30_000_000],
    [{ seconds: 0.001 }, { perSecond: '0.0000001' }, 1],
    [{ images: 3, seconds: 5 }, {}, 0],
  ])('%o at %o', (units, prices, nanoUsd) => {
    expect(costOf(none, { ...free, units: { ...noPrices, ...prices } }, units)).toBe(nanoUsd);
  });

  it('prices tokens of images apart from those of text', () => {
    const price = { ...free, inputPerMillion: '5', units: { ...noPrices, imageInputPerMillion: '10' } };
    const tokens = { ...none, inputTokens: 300 };
    expect(costOf(tokens, price, { imageInputTokens: 200 })).toBe(100 * 5_000 + 200 * 10_000);
    expect(costOf(tokens, price, { imageInputTokens: 900 })).toBe(300 * 10_000);
  });

  it('prices what a cache keeps for an hour apart from what it keeps for minutes', () => {
    const price = { ...free, inputPerMillion: '3', cacheWritePerMillion: '3.75', cacheWriteHourPerMillion: '6' };
    const tokens = { ...none, inputTokens: 300, cacheWriteTokens: 200 };
    expect(costOf(tokens, price)).toBe(100 * 3_000 + 200 * 3_750);
    expect(costOf(tokens, price, { cacheWriteHourTokens: 50 })).toBe(100 * 3_000 + 150 * 3_750 + 50 * 6_000);
    expect(costOf(tokens, price, { cacheWriteHourTokens: 900 })).toBe(100 * 3_000 + 200 * 6_000);
    const most = estimateCost({ inputTokens: 10, maxOutputTokens: 0 }, price, { cacheWriteHourTokens: 900 });
    expect(most).toBe(10 * 6_000);
  });

  it('is part of what a request can cost at most', () => {
    const price = { ...free, units: { ...noPrices, perImage: '0.02' } };
    expect(estimateCost({ inputTokens: 10, maxOutputTokens: 0 }, price, { images: 2 })).toBe(40_000_000);
  });
});

describe('the table', () => {
  it.each([
    ['openai', 'whisper-1', 'transcription', { perSecond: '0.0001' }],
    ['openai', 'tts-1-hd', 'speech', { perCharacter: '0.00003' }],
    ['openai', 'gpt-image-1-mini', 'image', { imageInputPerMillion: '2.5' }],
    ['anthropic', 'claude-sonnet-4-5', 'chat', { perWebSearch: '0.01' }],
    ['xai', 'grok-imagine-image', 'image', { perImage: '0.02' }],
  ])('prices %s/%s', (provider, model, mode, units) => {
    expect(findModelFacts(provider, model)?.mode).toBe(mode);
    expect(findPrice(provider, model)?.units).toMatchObject(units);
  });

  it('has a price for what Anthropic keeps for an hour: twice that of other input', () => {
    expect(findPrice('anthropic', 'claude-sonnet-4-5')).toMatchObject({ cacheWriteHourPerMillion: '6' });
    expect(findPrice('anthropic', 'claude-haiku-5-5')?.longContext).toMatchObject({ cacheWriteHourPerMillion: '1' });
    expect(findPrice('openai', 'gpt-4o')).not.toHaveProperty('cacheWriteHourPerMillion');
  });

  it('has moderation for nothing, which is not unknown', () => {
    expect(findPrice('openai', 'omni-moderation-latest')).toMatchObject({ inputPerMillion: '0', source: 'table' });
  });
});
