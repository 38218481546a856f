/**
 * simple-shuffle: by lot, weighted by `weight`, else `rpm`, else `tpm`, whichever any deployment has. Unlike LiteLLM a
 * deployment without the number is not cut off: a missing weight is 1, a missing rpm or tpm the mean of the others.
 */
import type { Candidate } from '../candidate.js';
import { rankBy, type Strategy, type StrategyInput } from './strategy.js';

interface Weights {
  readonly kind: 'weight' | 'rpm' | 'tpm' | 'even';
  readonly missing: number;
}

export const simpleShuffle: Strategy = {
  name: 'simple-shuffle',
  rank: (input) => {
    const weights = weightsOf(input.candidates);
    return rankBy(
      input,
      (candidate) => [drawnKey(weightOf(candidate, weights), input, candidate)],
      (candidate) => `simple-shuffle by ${weights.kind} ${weightOf(candidate, weights)}`,
    );
  },
};

/**
 * An exponential draw: sorting by -ln(u)/w is the same as drawing without replacement in proportion to w. A weight of 0
 * comes last.
 */
function drawnKey(weight: number, input: StrategyInput, candidate: Candidate): number {
  if (weight <= 0) return Number.POSITIVE_INFINITY;
  return -Math.log(Math.max(input.lot(candidate), Number.MIN_VALUE)) / weight;
}

function weightsOf(candidates: readonly Candidate[]): Weights {
  for (const kind of ['weight', 'rpm', 'tpm'] as const) {
    const known = candidates.flatMap((candidate) => candidate.deployment[kind] ?? []);
    if (!known.some((value) => value > 0)) continue;
    const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
    return { kind, missing: kind === 'weight' ? 1 : mean };
  }
  return { kind: 'even', missing: 1 };
}

function weightOf(candidate: Candidate, weights: Weights): number {
  return weights.kind === 'even' ? 1 : (candidate.deployment[weights.kind] ?? weights.missing);
}
