/** usage-based-routing-v2: the deployment with the fewest tokens in the last minute, then the fewest requests. */
import { rankBy, type Strategy } from './strategy.js';

export const usageBased: Strategy = {
  name: 'usage-based-routing-v2',
  rank: (input) => {
    const usage = new Map(
      input.candidates.map((candidate) => [candidate, input.fleet.usage(candidate.deployment.id, input.nowMs)]),
    );
    return rankBy(
      input,
      (candidate) => [usage.get(candidate)?.tokens ?? 0, usage.get(candidate)?.requests ?? 0],
      (candidate) => `usage-based: ${usage.get(candidate)?.tokens ?? 0} tokens in the last minute`,
    );
  },
};
