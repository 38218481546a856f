/** What a routing strategy is: it puts the usable deployments of one `order` into a sequence. It never leaves one out. */
import type { StrategyName } from '#contracts';
import type { Candidate } from '../candidate.js';
import type { FleetView } from '../fleet/fleet-view.js';

export type FleetReadings = Pick<FleetView, 'inFlight' | 'load' | 'usage' | 'latency'>;

export interface StrategyInput {
  readonly candidates: readonly Candidate[];
  readonly fleet: FleetReadings;
  readonly stream: boolean;
  readonly inputTokens: number;
  /** `routing_strategy_args`, as written. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly random: () => number;
  /**
   * A number from 0 to 1 for a candidate. For requests with an affinity it is the same each time, so that equal
   * conversations prefer the same host; else it is random.
   */
  readonly lot: (candidate: Candidate) => number;
  readonly nowMs: number;
}

export interface Ranking {
  /** All candidates, the one to try first in front. */
  readonly candidates: readonly Candidate[];
  /** Asked only for the few that become attempts. */
  readonly why: (candidate: Candidate) => string;
}

export interface Strategy {
  readonly name: StrategyName;
  readonly rank: (input: StrategyInput) => Ranking;
}

interface Scored {
  readonly candidate: Candidate;
  readonly key: readonly number[];
  readonly lot: number;
}

/** Sorts by the numbers of `keyOf`, the first one first, smallest in front; equals by lot. */
export function rankBy(
  input: StrategyInput,
  keyOf: (candidate: Candidate) => readonly number[],
  why: (candidate: Candidate) => string,
): Ranking {
  const scored = input.candidates.map((candidate): Scored => ({
    candidate,
    key: keyOf(candidate),
    lot: input.lot(candidate),
  }));
  return { candidates: scored.sort(compare).map((entry) => entry.candidate), why };
}

function compare(one: Scored, other: Scored): number {
  for (let at = 0; at < one.key.length; at += 1) {
    const value = one.key[at] ?? 0;
    const against = other.key[at] ?? 0;
    if (value !== against) return value < against ? -1 : 1;
  }
  return one.lot - other.lot;
}

/** A number of `routing_strategy_args`, or `fallback` where it is missing or no number. */
export function numberArg(args: Readonly<Record<string, unknown>>, name: string, fallback: number): number {
  const value = args[name];
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : fallback;
}
