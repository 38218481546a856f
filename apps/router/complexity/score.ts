/** The weighted score of a text's features, with LiteLLM's dimensions. Weights and thresholds come from the config. */
import type { ComplexityRouter } from '#contracts';
import type { Features } from './features.js';

export type ScoreSettings = Pick<ComplexityRouter, 'weights' | 'tokenThresholds'>;

/** Each dimension's value, from -1 to 1, under LiteLLM's name for its weight. */
export function dimensionsOf(features: Features, settings: ScoreSettings): Record<string, number> {
  return {
    tokenCount: tokenScore(features.tokens, settings.tokenThresholds),
    codePresence: byHits(features.codeHits, 0.5, 1),
    reasoningMarkers: byHits(features.reasoningHits, 0.7, 1),
    technicalTerms: features.technicalHits >= 4 ? 1 : features.technicalHits >= 2 ? 0.5 : 0,
    simpleIndicators: features.simpleHits > 0 ? -1 : 0,
    multiStepPatterns: features.hasSteps ? 0.5 : 0,
    questionComplexity: features.questionMarks > 3 ? 0.5 : 0,
  };
}

/** The sum of dimensions times weights; a dimension without a weight counts nothing. Rounded to 6 digits. */
export function scoreOf(features: Features, settings: ScoreSettings): number {
  let sum = 0;
  for (const [name, value] of Object.entries(dimensionsOf(features, settings))) {
    sum += value * (settings.weights[name] ?? 0);
  }
  return Math.round(sum * 1e6) / 1e6;
}

function tokenScore(tokens: number, thresholds: ScoreSettings['tokenThresholds']): number {
  if (tokens < thresholds.simple) return -1;
  return tokens > thresholds.complex ? 1 : 0;
}

function byHits(hits: number, one: number, more: number): number {
  if (hits === 0) return 0;
  return hits === 1 ? one : more;
}
