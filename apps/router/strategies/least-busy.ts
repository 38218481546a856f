/**
 * least-busy: the host with the fewest requests running and waiting. Workers report their hosts every second or so; what
 * this router has sent off since is in its own count, so the larger of the two holds.
 */
import type { Candidate } from '../candidate.js';
import { rankBy, type Strategy, type StrategyInput } from './strategy.js';

export const leastBusy: Strategy = {
  name: 'least-busy',
  rank: (input) =>
    rankBy(
      input,
      (candidate) => [busyOf(candidate, input)],
      (candidate) => `least-busy: ${busyOf(candidate, input)} requests`,
    ),
};

function busyOf(candidate: Candidate, input: StrategyInput): number {
  const load = input.fleet.load(candidate.backend.id, input.nowMs);
  return Math.max(input.fleet.inFlight(candidate.deployment.id), load.running + load.queued);
}
