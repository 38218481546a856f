import type { ComplexityRouter, TierName } from '#contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { growthOf, worseThanLinear } from '#testing';
import { chooseTierModel, classify } from './classify.js';
import { defaultKeywords } from './default-keywords.js';
import { featuresOf } from './features.js';
import { scoreOf } from './score.js';

/** LiteLLM's numbers, with sample 002's tiers and floors. */
const router: ComplexityRouter = {
  modelName: 'smart-router',
  tiers: { SIMPLE: ['fast'], MEDIUM: ['fast'], COMPLEX: ['slow'], REASONING: ['slow'] },
  defaultModel: 'fast',
  boundaries: { simpleMedium: 0.15, mediumComplex: 0.35, complexReasoning: 0.6 },
  weights: {
    tokenCount: 0.1,
    codePresence: 0.3,
    reasoningMarkers: 0.25,
    technicalTerms: 0.25,
    simpleIndicators: 0.05,
    multiStepPatterns: 0.03,
    questionComplexity: 0.02,
  },
  tokenThresholds: { simple: 15, complex: 400 },
  keywords: { code: [], reasoning: [], technical: [], simple: [] },
  reasoningOverrideMinScore: 0.15,
  lengthFloors: { MEDIUM: 100, COMPLEX: 500 },
};
const withoutFloors: ComplexityRouter = { ...router, lengthFloors: {} };

describe('the score', () => {
  it.each([
    ['hello', -0.15],
    ['What is the weather in Oslo tomorrow, and should I take a coat with me then?', -0.05],
    ['Please fix this typescript function, it throws an exception for empty arrays somewhere', 0.3],
    ['refactor', 0.05],
    ['Prove that the square root of two is irrational, and justify every step of it', 0.25],
    ['Compare throughput and latency of both designs for the office, please, in one table', 0.125],
    ['Explain sharding, replication, consensus and encryption to the new people in the team', 0.25],
    ['First do the dishes in the kitchen of the flat, then call my sister about the party', 0.015],
    ['Is it so? Why? Since when? And who says so, in all of the papers that we have read?', 0.01],
  ])('%j: %d', (text, expected) => {
    expect(scoreOf(featuresOf(text, defaultKeywords), router)).toBe(expected);
  });
});

describe('the tier', () => {
  it.each<[string, string, TierName, string]>([
    ['a greeting', 'hi there', 'SIMPLE', 'score'],
    ['turning on a light', 'turn on the light in the kitchen', 'SIMPLE', 'score'],
    ['code', 'Please fix this typescript function for me, it throws an exception', 'MEDIUM', 'score'],
    [
      'code with technical terms',
      'Refactor this python class: the latency and throughput of our distributed kernel protocol',
      'COMPLEX',
      'score',
    ],
    [
      'two markers of reasoning',
      'Prove it step by step and weigh the pros and cons of each lemma here',
      'REASONING',
      'markers',
    ],
  ])('%s', (_name, text, tier, cause) => {
    const verdict = classify(withoutFloors, text);
    expect(verdict.tier).toBe(tier);
    expect(verdict.cause).toContain(cause);
  });

  it.each<[number, TierName]>([
    [99, 'SIMPLE'],
    [100, 'MEDIUM'],
    [499, 'MEDIUM'],
    [500, 'COMPLEX'],
    [3_000, 'COMPLEX'],
  ])('a plain text of %i characters is at least %s, as sample 002 expects', (length, tier) => {
    expect(classify(router, 'la '.repeat(1_100).slice(0, length)).tier).toBe(tier);
  });

  it('without floors length counts only a little', () => {
    expect(classify(withoutFloors, 'la '.repeat(1_000)).tier).toBe('SIMPLE');
  });

  it('one marker is a part of the score and no more', () => {
    expect(classify(withoutFloors, 'Prove that this typescript function never throws an exception').tier).toBe(
      'COMPLEX',
    );
  });

  it("two markers are not enough below the override's least score", () => {
    expect(classify({ ...withoutFloors, reasoningOverrideMinScore: 0.9 }, 'Prove it step by step').tier).not.toBe(
      'REASONING',
    );
  });

  it('never falls when words of a human are added to a long text', () => {
    const rank = { SIMPLE: 0, MEDIUM: 1, COMPLEX: 2, REASONING: 3 };
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2_000 }), fc.integer({ min: 0, max: 2_000 }), (one, more) => {
        const shorter = classify(router, 'a '.repeat(one));
        const longer = classify(router, 'a '.repeat(one + more));
        expect(rank[longer.tier]).toBeGreaterThanOrEqual(rank[shorter.tier]);
      }),
    );
  });

  it('is the same each time', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 2_000 }), (text) => {
        expect(classify(router, text)).toEqual(classify(router, text));
      }),
    );
  });
});

describe('features', () => {
  const keywords = { code: ['api', 'pull request'], reasoning: [], technical: ['算法'], simple: ['hi'] };

  it('finds single words as words, phrases anywhere, and languages without spaces anywhere', () => {
    expect(featuresOf('An API behind this pull requests page', keywords).codeHits).toBe(2);
    expect(featuresOf('apiary, think, this', keywords)).toMatchObject({ codeHits: 0, simpleHits: 0 });
    expect(featuresOf('请解释这个算法的原理', keywords).technicalHits).toBe(1);
  });

  it('counts four characters as a token', () => {
    const tokens = [0, 3, 4, 59, 60].map((length) => featuresOf('x'.repeat(length), keywords).tokens);
    expect(tokens).toEqual([0, 0, 1, 14, 15]);
  });

  it('leaves out what agents put between the lines', () => {
    const text = '<system-reminder>api pull request</system-reminder>hi<system-reminder>api</system-reminder>';
    expect(featuresOf(text, keywords)).toMatchObject({ codeHits: 0, simpleHits: 1, characters: 2 });
    expect(featuresOf('hi <system-reminder>api', keywords).codeHits).toBe(1);
  });

  it.each([
    ['first this, then that', true],
    ['first this\nthen that', false],
    ['step 2 is hard', true],
    ['1. buy milk', true],
    ['a) buy milk', true],
    ['version 1.2', false],
  ])('steps in %j: %s', (text, expected) => {
    expect(featuresOf(text, keywords).hasSteps).toBe(expected);
  });

  it('takes linear time for hostile texts', () => {
    expect(growthOf((size) => featuresOf('first '.repeat(size), keywords), 5_400)).toBeLessThan(worseThanLinear);
  });
});

describe('the model of a tier', () => {
  const first = () => 0;

  it("is that of the tier, else the default, else MEDIUM's", () => {
    expect(chooseTierModel(router, classify(router, 'x'.repeat(600)), first)).toBe('slow');
    const sparse = { ...router, tiers: { MEDIUM: ['medium'] } };
    expect(chooseTierModel(sparse, classify(sparse, 'hi'), first)).toBe('fast');
    expect(chooseTierModel({ ...sparse, defaultModel: null }, classify(sparse, 'hi'), first)).toBe('medium');
    expect(chooseTierModel({ ...router, tiers: {}, defaultModel: null }, classify(router, 'hi'), first)).toBeNull();
  });

  it('is the default without a text', () => {
    const own = { ...router, defaultModel: 'other' };
    expect(chooseTierModel(own, classify(own, null), first)).toBe('other');
    expect(chooseTierModel(own, classify(own, '  '), first)).toBe('other');
  });

  it('is drawn where a tier has several', () => {
    const several = { ...router, tiers: { SIMPLE: ['a', 'b', 'c'] } };
    const verdict = classify(several, 'hi');
    expect([0, 0.34, 0.99].map((value) => chooseTierModel(several, verdict, () => value))).toEqual(['a', 'b', 'c']);
  });
});
