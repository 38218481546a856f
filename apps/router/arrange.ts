/** The usable deployments of a group in the order in which they are tried: by `order`, and by strategy within each. */
import type { RoutingSettings } from '#contracts';
import type { Candidate } from './candidate.js';
import { strategyFor } from './strategies/index.js';
import type { Ranked, StrategyInput } from './strategies/strategy.js';

export type ArrangeContext = Omit<StrategyInput, 'candidates' | 'args'>;

/** Lower `order` first; deployments without one come last (LiteLLM leaves them out where any other has one). */
export function arrange(candidates: readonly Candidate[], routing: RoutingSettings, context: ArrangeContext): Ranked[] {
  const levels = new Map<number, Candidate[]>();
  for (const candidate of candidates) {
    const order = candidate.deployment.order ?? Number.POSITIVE_INFINITY;
    const level = levels.get(order);
    if (level === undefined) levels.set(order, [candidate]);
    else level.push(candidate);
  }
  const orders = [...levels.keys()].sort((a, b) => a - b);
  return orders.flatMap((order) => {
    const level = levels.get(order) ?? [];
    const only = level[0];
    if (level.length === 1 && only !== undefined) {
      return [{ candidate: only, why: () => `${orderText(order)}the only one` }];
    }
    const ranked = strategyFor(routing.strategy, level).rank({
      ...context,
      candidates: level,
      args: routing.strategyArgs,
    });
    return ranked.map((entry) => ({ candidate: entry.candidate, why: () => `${orderText(order)}${entry.why()}` }));
  });
}

function orderText(order: number): string {
  return Number.isFinite(order) ? `order ${order}, ` : '';
}
