/**
 * cost-based-routing: the lowest price of an input plus an output token. 0 is 0, so local models come first (LiteLLM takes
 * a price of 0 for unset); an unknown price comes last.
 */
import type { Candidate } from '../candidate.js';
import { rankBy, type Strategy } from './strategy.js';

export const costBased: Strategy = {
  name: 'cost-based-routing',
  rank: (input) =>
    rankBy(
      input,
      (candidate) => [priceOf(candidate)],
      (candidate) => `cost-based: ${whyOf(priceOf(candidate))}`,
    ),
};

/** USD per million tokens, for comparing only. */
function priceOf(candidate: Candidate): number {
  const price = candidate.deployment.price;
  if (price === null) return Number.POSITIVE_INFINITY;
  return Number(price.inputPerMillion) + Number(price.outputPerMillion);
}

function whyOf(price: number): string {
  return Number.isFinite(price) ? `${price} USD per million tokens in and out` : 'price unknown';
}
