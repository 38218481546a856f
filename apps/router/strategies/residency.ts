/**
 * residency: the host on which an answer would begin first. A host that has the model in memory is preferred to one that
 * must load it, until its queue is longer than a load takes; among hosts that must load, the emptier one, so that models
 * do not push each other out.
 */
import { withTag, type Candidate } from '../candidate.js';
import { numberArg, rankBy, type Strategy, type StrategyInput } from './strategy.js';

/** What loading a model is taken to cost where `load_ms` in `routing_strategy_args` does not say. */
const assumedLoadMs = 10_000;
/** What one request ahead is taken to cost where the worker gives no estimate. */
const assumedRequestMs = 3_000;
/** Waits are compared in steps of this size: smaller differences are noise. */
const waitStepMs = 250;

interface Residence {
  readonly isLoaded: boolean;
  readonly waitMs: number;
  readonly usedBytes: number;
}

export const residency: Strategy = {
  name: 'residency',
  rank: (input) => {
    const loadMs = numberArg(input.args, 'load_ms', assumedLoadMs);
    const residences = new Map(input.candidates.map((candidate) => [candidate, residenceOf(candidate, input)]));
    return rankBy(
      input,
      (candidate) => {
        const residence = residences.get(candidate);
        if (residence === undefined) return [];
        const costMs = residence.waitMs + (residence.isLoaded ? 0 : loadMs);
        return [Math.round(costMs / waitStepMs), residence.isLoaded ? 0 : residence.usedBytes];
      },
      (candidate) => whyOf(residences.get(candidate)),
    );
  },
};

function residenceOf(candidate: Candidate, input: StrategyInput): Residence {
  const load = input.fleet.load(candidate.backend.id, input.nowMs);
  const ahead = load.running + load.queued;
  const guessedMs = Math.max(0, ahead - (candidate.backend.maxParallelRequests ?? 1) + 1) * assumedRequestMs;
  const sentSince = Math.max(0, input.fleet.inFlight(candidate.deployment.id) - ahead);
  return {
    isLoaded: load.loaded?.some((model) => withTag(model.name) === candidate.taggedModel) ?? false,
    waitMs: (load.expectedWaitMs ?? guessedMs) + sentSince * assumedRequestMs,
    usedBytes: load.loaded?.reduce((sum, model) => sum + model.vramBytes, 0) ?? 0,
  };
}

function whyOf(residence: Residence | undefined): string {
  if (residence === undefined) return 'residency';
  const where = residence.isLoaded ? 'model is loaded' : 'model must be loaded';
  return `residency: ${where}, expected wait ${Math.round(residence.waitMs)} ms`;
}
