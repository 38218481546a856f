import { describe, expect, it } from 'vitest';
import type { Price } from '#contracts';
import { ceilingsOf, demandsOf, mostOf, outputCapOf, type PricedAttempt, type RequestSize } from './estimate.js';

const price = (outputPerMillion: string): Price => ({
  inputPerMillion: '1',
  outputPerMillion,
  cacheReadPerMillion: null,
  cacheWritePerMillion: null,
  perRequest: null,
  source: 'table',
});
const attempt = (more: Partial<PricedAttempt> = {}): PricedAttempt => ({
  price: price('10'),
  kind: 'cloud',
  maxOutputTokens: null,
  ...more,
});
const local = attempt({ price: null, kind: 'local' });
const unpriced = attempt({ price: null });
const size: RequestSize = { inputTokens: 100, maxOutputTokens: 1_000, choices: 1 };
/** 100 * 1.15 + 32 tokens in, 1,000 out. */
const usual = { usd: 147_000 + 10_000_000, tokens: 1_147, requests: 1 };

describe('the most that an attempt can use', () => {
  it('counts the prompt with a margin and the whole answer', () => {
    expect(mostOf(size, attempt())).toEqual(usual);
    expect(mostOf({ ...size, choices: 3 }, attempt())).toEqual({ usd: 30_147_000, tokens: 3_147, requests: 1 });
  });

  it.each([
    [null, null, 16_384],
    [null, 4_096, 4_096],
    [null, 200_000, 16_384],
    [64_000, 4_096, 64_000],
    [0, null, 0],
  ])('with %s asked for and a model that gives %s, answers end at %i tokens', (asked, gives, cap) => {
    expect(outputCapOf({ ...size, maxOutputTokens: asked }, attempt({ maxOutputTokens: gives }))).toBe(cap);
  });

  it('is nothing for local models, also where they have a price of zero, and unknown for clouds without one', () => {
    expect(mostOf(size, local).usd).toBe(0);
    expect(mostOf(size, attempt({ price: { ...price('0'), source: 'free' } })).usd).toBe(0);
    expect(mostOf(size, unpriced).usd).toBeNull();
    expect(mostOf(size, attempt({ kind: 'local', price: { ...price('10'), source: 'config' } })).usd).toBe(usual.usd);
  });
});

describe('what is tried to be reserved', () => {
  const dear = attempt({ price: price('100') });

  it('is enough for the dearest, else for the first, else for those that cost nothing', () => {
    expect(ceilingsOf(size, [attempt(), dear, local], true)).toMatchObject([
      { attempts: [0, 1, 2], amounts: { usd: 100_147_000 } },
      { attempts: [0, 2], amounts: { usd: usual.usd } },
      { attempts: [2], amounts: { usd: 0 } },
    ]);
    expect(ceilingsOf(size, [attempt()], true)).toHaveLength(1);
    expect(ceilingsOf(size, [local, attempt()], true)).toMatchObject([{ attempts: [0, 1] }, { attempts: [0] }]);
  });

  it('leaves out what has no price, where money is counted', () => {
    expect(ceilingsOf(size, [unpriced], true)).toEqual([]);
    expect(ceilingsOf(size, [unpriced, attempt()], true)).toMatchObject([{ attempts: [1] }]);
    expect(ceilingsOf(size, [unpriced], false)).toMatchObject([{ attempts: [0], amounts: { usd: 0, tokens: 1_147 } }]);
  });
});

describe('what is asked of each budget', () => {
  it('is in its unit, and nothing where nothing costs', () => {
    const scopes = ['usd/key/k', 'tokens/team/t', 'requests/user/u', 'usd/key/k', 'nonsense'];
    expect(demandsOf(scopes, usual)).toEqual({
      demands: [
        { scope: 'usd/key/k', amount: usual.usd },
        { scope: 'tokens/team/t', amount: 1_147 },
        { scope: 'requests/user/u', amount: 1 },
      ],
      capped: true,
    });
    expect(demandsOf(['usd/key/k', 'requests/user/u'], { ...usual, usd: 0 })).toEqual({
      demands: [{ scope: 'requests/user/u', amount: 1 }],
      capped: false,
    });
  });
});
