/** The strategies by the name that stands in the config. A new one is a file and a line here. */
import type { StrategyName } from '#contracts';
import type { Candidate } from '../candidate.js';
import { costBased } from './cost-based.js';
import { latencyBased } from './latency-based.js';
import { leastBusy } from './least-busy.js';
import { residency } from './residency.js';
import { simpleShuffle } from './simple-shuffle.js';
import type { Strategy } from './strategy.js';
import { usageBased } from './usage-based.js';

export const strategies: readonly Strategy[] = [
  simpleShuffle,
  leastBusy,
  latencyBased,
  usageBased,
  costBased,
  residency,
];

const byName = new Map(strategies.map((strategy) => [strategy.name, strategy]));

/** The configured strategy; without one, residency where all candidates are local hosts, else simple-shuffle. */
export function strategyFor(configured: StrategyName | null, candidates: readonly Candidate[]): Strategy {
  if (configured !== null) return byName.get(configured) ?? simpleShuffle;
  return candidates.every((candidate) => candidate.backend.kind === 'local') ? residency : simpleShuffle;
}
