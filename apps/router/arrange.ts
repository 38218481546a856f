/** The usable deployments of a group in the order in which they are tried: by `order`, and by strategy within each. */
import type { RoutingSettings } from '#contracts';
import type { Candidate } from './candidate.js';
import { strategyFor } from './strategies/index.js';
import type { Ranking, StrategyInput } from './strategies/strategy.js';

/** A candidate at its place. */
export interface Ranked {
  readonly candidate: Candidate;
  readonly why: () => string;
}

export type ArrangeContext = Omit<StrategyInput, 'candidates' | 'args'>;

/**
 * The first `most` of them. A cloud's deployment that has as many requests as it may run at once comes after those with a
 * free place, whatever its `order`: requests wait there. Hosts have a queue, which the strategies know.
 */
export function arrange(
  candidates: readonly Candidate[],
  most: number,
  routing: RoutingSettings,
  context: ArrangeContext,
): Ranked[] {
  const isTaken = ({ backend, deployment }: Candidate) =>
    backend.kind === 'cloud' &&
    deployment.maxParallelRequests !== null &&
    context.fleet.inFlight(deployment.id) >= deployment.maxParallelRequests;
  const taken = candidates.filter(isTaken);
  if (taken.length === 0) return byOrder(candidates, most, routing, context);
  const free = byOrder(
    candidates.filter((one) => !isTaken(one)),
    most,
    routing,
    context,
  );
  const busy = byOrder(taken, most - free.length, routing, context);
  return [...free, ...busy.map((one) => ({ ...one, why: () => `${one.why()}, its places are taken` }))];
}

/** Lower `order` first; deployments without one come last (LiteLLM leaves them out where any other has one). */
function byOrder(
  candidates: readonly Candidate[],
  most: number,
  routing: RoutingSettings,
  context: ArrangeContext,
): Ranked[] {
  const levels = new Map<number, Candidate[]>();
  for (const candidate of candidates) {
    const order = candidate.deployment.order ?? Number.POSITIVE_INFINITY;
    const level = levels.get(order);
    if (level === undefined) levels.set(order, [candidate]);
    else level.push(candidate);
  }
  const orders = [...levels.keys()].sort((a, b) => a - b);
  const ranked: Ranked[] = [];
  for (const order of orders) {
    if (ranked.length >= most) break;
    const level = levels.get(order) ?? [];
    const ranking = rankLevel(level, routing, context);
    for (const candidate of ranking.candidates.slice(0, most - ranked.length)) {
      ranked.push({ candidate, why: () => `${orderText(order)}${ranking.why(candidate)}` });
    }
  }
  return ranked;
}

function rankLevel(level: readonly Candidate[], routing: RoutingSettings, context: ArrangeContext): Ranking {
  if (level.length === 1) return { candidates: level, why: () => 'the only one' };
  const strategy = strategyFor(routing.strategy, level);
  return strategy.rank({ ...context, candidates: level, args: routing.strategyArgs });
}

function orderText(order: number): string {
  return Number.isFinite(order) ? `order ${order}, ` : '';
}
