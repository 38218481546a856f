/**
 * What state a backend is in, folded from probes and from the outcomes of real requests. With hysteresis: one lost probe
 * does not take a host out that answers requests, and one lucky probe does not bring a failing one back. Pure.
 */
import type { BackendHealth, BackendId, InstalledModel, LoadedModel, RetiredModel } from '#contracts';

export interface Judgement {
  readonly backendId: BackendId;
  readonly state: BackendHealth['state'];
  readonly reason: string | null;
  /** Milliseconds of the wall clock. */
  readonly since: number;
  readonly failures: number;
  readonly successes: number;
  /** How often it went out again soon after it had come back. */
  readonly flaps: number;
  /** When it came back last; null where it never was out. */
  readonly returnedAt: number | null;
  readonly lastProbeAt: number | null;
  /** When a real request succeeded last. */
  readonly lastSuccessAt: number | null;
  readonly probeLatencyMs: number | null;
  readonly version: string | null;
  readonly installed: readonly InstalledModel[] | null;
  readonly loaded: readonly LoadedModel[] | null;
  readonly retired: readonly RetiredModel[];
}

/** Failed probes in a row that take a host out which answered requests lately, or which may only be too busy to answer. */
const failuresToLeave = 2;
/** Probes that no worker took after which a backend that nobody has seen yet is out: ten seconds. */
const failuresWhileStarting = 20;
/** The same of a backend that was well: seven seconds, longer than another worker takes to step in. */
const failuresWithoutWorker = 8;
/** Why a backend is in doubt that no worker serves. */
export const noWorker = 'no worker serves this backend';
/** A host that goes out again within this time after it came back is flapping. */
const flapMs = 60_000;
/** Good probes in a row that bring a host back: one, and one more for each time that it flapped. */
const mostSuccessesToReturn = 4;
/** Latencies below this are all the same. */
const shownLatencyMs = 64;
/** A request that succeeded this recently speaks against a lost probe. */
const recentMs = 10_000;

export function unknownBackend(backendId: BackendId, now: number): Judgement {
  return {
    backendId,
    state: 'unknown',
    reason: 'not probed yet',
    since: now,
    failures: 0,
    successes: 0,
    flaps: 0,
    returnedAt: null,
    lastProbeAt: null,
    lastSuccessAt: null,
    probeLatencyMs: null,
    version: null,
    installed: null,
    loaded: null,
    retired: [],
  };
}

export interface ProbeResult {
  readonly reachable: boolean;
  readonly reason: string | null;
  /** It said nothing in time. */
  readonly timedOut?: boolean | undefined;
  readonly latencyMs: number;
  readonly version: string | null;
  readonly installed: readonly InstalledModel[] | null;
  readonly loaded: readonly LoadedModel[] | null;
  /** Configured free models that its list does not have. */
  readonly retired?: readonly RetiredModel[];
}

/** Takes a probe in. */
export function afterProbe(before: Judgement, probe: ProbeResult, now: number): Judgement {
  if (!probe.reachable) return afterFailure({ ...before, lastProbeAt: now }, probe, now);
  const successes = before.successes + 1;
  const facts = {
    failures: 0,
    successes,
    lastProbeAt: now,
    probeLatencyMs: probe.latencyMs,
    version: probe.version ?? before.version,
    installed: probe.installed ?? before.installed,
    loaded: probe.loaded ?? before.loaded,
    retired: probe.installed === null ? before.retired : (probe.retired ?? []),
  };
  const wasOut = before.state === 'unhealthy';
  const needed = wasOut ? Math.min(1 + before.flaps, mostSuccessesToReturn) : 1;
  if (successes >= needed) return back({ ...before, ...facts }, now);
  const reason = `answers again, ${successes} of ${needed} probes in a row; it came and went before`;
  return moved({ ...before, ...facts }, before.state, reason, now);
}

/**
 * Takes in that a probe could not even be asked for: no worker serves the backend. While everything starts that is no
 * judgement yet, and later it is a doubt at first: a worker needs a moment to take its hosts, or those of a dead one.
 */
export function afterNoWorker(before: Judgement, now: number): Judgement {
  const next = { ...before, successes: 0, failures: before.failures + 1 };
  if (before.state === 'unknown' && next.failures < failuresWhileStarting) return moved(next, 'unknown', noWorker, now);
  const wasWell = before.state === 'healthy' || before.state === 'degraded';
  const isDoubt = wasWell && next.failures < failuresWithoutWorker;
  return moved(next, isDoubt ? 'degraded' : 'unhealthy', noWorker, now);
}

/** Takes the outcome of a real request in; only failures that are the backend's own count. */
export function afterOutcome(
  before: Judgement,
  outcome: { ok: boolean; unreachable: boolean },
  now: number,
): Judgement {
  if (outcome.ok) return back({ ...before, failures: 0, lastSuccessAt: now }, now);
  if (!outcome.unreachable) return before;
  return out({ ...before, successes: 0, failures: before.failures + 1 }, 'connections are refused', now);
}

function afterFailure(before: Judgement, probe: ProbeResult, now: number): Judgement {
  const failures = before.failures + 1;
  const reason = probe.reason ?? 'the probe failed';
  const answersRequests = before.lastSuccessAt !== null && now - before.lastSuccessAt < recentMs;
  const isOneDoubt = before.state === 'healthy' && (answersRequests || probe.timedOut === true);
  const next = { ...before, failures, successes: 0 };
  if ((isOneDoubt || before.state === 'degraded') && failures < failuresToLeave)
    return moved(next, 'degraded', reason, now);
  return out(next, reason, now);
}

/** Out of the rotation; a flap where it had come back only lately. */
function out(judgement: Judgement, reason: string, now: number): Judgement {
  if (judgement.state === 'unhealthy') return moved(judgement, 'unhealthy', reason, now);
  const hasFlapped = judgement.returnedAt !== null && now - judgement.returnedAt < flapMs;
  return moved({ ...judgement, flaps: hasFlapped ? judgement.flaps + 1 : 0 }, 'unhealthy', reason, now);
}

function back(judgement: Judgement, now: number): Judgement {
  const returnedAt = judgement.state === 'unhealthy' ? now : judgement.returnedAt;
  return moved({ ...judgement, returnedAt }, 'healthy', null, now);
}

function moved(judgement: Judgement, state: Judgement['state'], reason: string | null, now: number): Judgement {
  return { ...judgement, state, reason, since: judgement.state === state ? judgement.since : now };
}

/** The judgement as the message in the bucket HEALTH. */
export function healthMessage(judgement: Judgement): BackendHealth {
  const { backendId, state, reason, since, lastProbeAt, probeLatencyMs, version, installed, loaded, retired } =
    judgement;
  return {
    v: 1,
    backendId,
    state,
    reason,
    since: new Date(since).toISOString(),
    lastProbeAt: lastProbeAt === null ? null : new Date(lastProbeAt).toISOString(),
    probeLatencyMs,
    version,
    installed: installed === null ? null : [...installed],
    loaded: loaded === null ? null : [...loaded],
    ...(retired.length === 0 ? {} : { retired: [...retired] }),
  };
}

/** Whether anybody would decide otherwise: what is published only then, and once in a while as a sign of life. */
export function isNews(before: BackendHealth | null, after: BackendHealth): boolean {
  if (before === null) return true;
  const essence = (health: BackendHealth) =>
    JSON.stringify([
      health.state,
      health.reason,
      latencyClass(health.probeLatencyMs),
      health.version,
      health.installed,
      health.retired,
      health.loaded?.map((model) => [model.name, model.vramBytes, model.contextLength]),
    ]);
  return essence(before) !== essence(after);
}

/** A latency that has doubled is news, one that trembles is not. */
function latencyClass(latencyMs: number | null): number | null {
  return latencyMs === null ? null : Math.round(Math.log2(Math.max(shownLatencyMs, latencyMs)));
}
