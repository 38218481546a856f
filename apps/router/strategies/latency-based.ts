/**
 * latency-based-routing: the fastest by the median of its last ten answers, per token, or to the first token for streams.
 * All within `lowest_latency_buffer` of the fastest share the load. What was never measured is tried first, one request
 * at a time, and a small share of requests (`exploration`, 0.05) goes to the one measured longest ago: in LiteLLM a host
 * whose only sample was a cold start gets no traffic ever again. A host whose places are taken is as much slower as
 * there are rounds of requests before this one: else a burst would wait at the fastest while its twin is idle.
 */
import type { Candidate } from '../candidate.js';
import { numberArg, rankBy, type Strategy, type StrategyInput } from './strategy.js';

interface Speed {
  readonly ms: number | null;
  readonly measuredAtMs: number;
}

export const latencyBased: Strategy = {
  name: 'latency-based-routing',
  rank: (input) => {
    const speeds = new Map(input.candidates.map((candidate) => [candidate, speedOf(candidate, input)]));
    const explored = explore(speeds, input);
    const known = [...speeds.values()].flatMap((speed) => speed.ms ?? []);
    const fastest = known.length === 0 ? 0 : Math.min(...known);
    const limit = fastest * (1 + numberArg(input.args, 'lowest_latency_buffer', 0));
    const effective = (candidate: Candidate) => {
      const measured = speeds.get(candidate)?.ms ?? null;
      const ms = measured === null ? null : measured * (1 + roundsAhead(candidate, input));
      if (candidate === explored) return -1;
      if (ms === null) return input.fleet.inFlight(candidate.deployment.id) === 0 ? 0 : fastest;
      return ms <= limit ? fastest : ms;
    };
    return rankBy(
      input,
      (candidate) => [effective(candidate)],
      (candidate) => whyOf(speeds.get(candidate)?.ms ?? null, candidate === explored, input.stream),
    );
  },
};

function speedOf(candidate: Candidate, input: StrategyInput): Speed {
  const latency = input.fleet.latency(candidate.deployment.id, input.nowMs);
  const ms = input.stream ? (latency.firstTokenMs ?? latency.perTokenMs) : latency.perTokenMs;
  return { ms, measuredAtMs: latency.measuredAtMs };
}

/** Of a host with a queue, how often its places are filled before this request's turn. Clouds have no queue. */
function roundsAhead({ backend, deployment }: Candidate, input: StrategyInput): number {
  if (backend.kind === 'cloud') return 0;
  const { running, queued } = input.fleet.load(backend.id, input.nowMs);
  const places = backend.maxParallelRequests ?? Math.max(1, running);
  return Math.floor(Math.max(input.fleet.inFlight(deployment.id), running + queued) / places);
}

/** For a small share of requests, the candidate whose speed is known from longest ago; the unmeasured come first anyway. */
function explore(speeds: ReadonlyMap<Candidate, Speed>, input: StrategyInput): Candidate | null {
  if (speeds.size < 2 || input.random() >= numberArg(input.args, 'exploration', 0.05)) return null;
  let oldest: Candidate | null = null;
  let oldestAtMs = Number.POSITIVE_INFINITY;
  for (const [candidate, speed] of speeds) {
    if (speed.ms === null || speed.measuredAtMs >= oldestAtMs) continue;
    oldest = candidate;
    oldestAtMs = speed.measuredAtMs;
  }
  return oldest;
}

function whyOf(ms: number | null, isExplored: boolean, stream: boolean): string {
  if (isExplored) return 'latency-based: measured again';
  if (ms === null) return 'latency-based: not measured yet';
  return `latency-based: ${Math.round(ms * 10) / 10} ms ${stream ? 'to the first token' : 'per token'}`;
}
