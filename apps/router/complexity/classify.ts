/** From a text to a tier and its model. Deterministic, but for the pick among several models of one tier. */
import { tierNames, type ComplexityRouter, type TierName } from '#contracts';
import { defaultKeywords } from './default-keywords.js';
import { featuresOf, type Features } from './features.js';
import { scoreOf } from './score.js';

export interface Verdict {
  readonly tier: TierName;
  readonly score: number;
  /** What decided: the score, reasoning markers, the length, or that there was no text. */
  readonly cause: string;
  readonly hasText: boolean;
}

/** The tier of the last human message; without a text it is SIMPLE, and the router's default model is used. */
export function classify(router: ComplexityRouter, text: string | null): Verdict {
  if (text === null || text.trim() === '') return { tier: 'SIMPLE', score: 0, cause: 'no text', hasText: false };
  const features = featuresOf(text, keywordsOf(router));
  const score = scoreOf(features, router);
  const byScore = tierOfScore(score, features, router);
  const floor = tierOfLength(features.characters, router);
  if (floor !== null && tierNames.indexOf(floor) > tierNames.indexOf(byScore.tier)) {
    return { tier: floor, score, cause: `length of ${features.characters} characters`, hasText: true };
  }
  return { ...byScore, score, hasText: true };
}

/** The model of the verdict's tier, else the default model, else MEDIUM's; null where none of them is configured. */
export function chooseTierModel(router: ComplexityRouter, verdict: Verdict, random: () => number): string | null {
  const ofTier = router.tiers[verdict.tier] ?? [];
  if (verdict.hasText && ofTier.length > 0) return pick(ofTier, random);
  if (router.defaultModel !== null) return router.defaultModel;
  const medium = router.tiers.MEDIUM ?? [];
  return pick(medium.length > 0 ? medium : ofTier, random);
}

function tierOfScore(score: number, features: Features, router: ComplexityRouter): { tier: TierName; cause: string } {
  if (features.reasoningHits >= 2 && score >= router.reasoningOverrideMinScore) {
    return { tier: 'REASONING', cause: `${features.reasoningHits} reasoning markers` };
  }
  const { simpleMedium, mediumComplex, complexReasoning } = router.boundaries;
  const cause = `score ${score}`;
  if (score < simpleMedium) return { tier: 'SIMPLE', cause };
  if (score < mediumComplex) return { tier: 'MEDIUM', cause };
  return { tier: score < complexReasoning ? 'COMPLEX' : 'REASONING', cause };
}

function tierOfLength(characters: number, router: ComplexityRouter): TierName | null {
  let result: TierName | null = null;
  for (const tier of tierNames) {
    const floor = router.lengthFloors[tier];
    if (floor !== undefined && characters >= floor) result = tier;
  }
  return result;
}

function keywordsOf(router: ComplexityRouter): ComplexityRouter['keywords'] {
  const own = router.keywords;
  return {
    code: own.code.length > 0 ? own.code : defaultKeywords.code,
    reasoning: own.reasoning.length > 0 ? own.reasoning : defaultKeywords.reasoning,
    technical: own.technical.length > 0 ? own.technical : defaultKeywords.technical,
    simple: own.simple.length > 0 ? own.simple : defaultKeywords.simple,
  };
}

function pick(models: readonly string[], random: () => number): string | null {
  return models[Math.min(models.length - 1, Math.floor(random() * models.length))] ?? null;
}
