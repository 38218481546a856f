/**
 * A circuit breaker as a value: closed, open for a while, then one trial, which is passed when nothing bad was heard of it
 * for some seconds: an answer may take minutes, and the others shall not wait for its end. Every function returns the next state; the
 * clock is a parameter. What opens it is decided in consequence.ts.
 */

/** Failures older than this are forgotten. */
const failureMemoryMs = 60_000;
/** Longest cooldown that repeated failures lead to; a longer configured or demanded one stands. */
const longestBackoffMs = 60_000;

interface CountedFailure {
  readonly atMs: number;
  /** What it counts towards: failures of a class that has a limit of its own, or all others. */
  readonly kind: string;
}

export interface Breaker {
  /** The failures since the last success. */
  readonly failures: readonly CountedFailure[];
  /** null = closed. After that time it is half open. */
  readonly openUntilMs: number | null;
  readonly openedAtMs: number;
  readonly reason: string;
  /** Openings since the last success. */
  readonly trips: number;
  /** A trial is under way until then; after that it counts as passed. */
  readonly trialUntilMs: number | null;
  /** Whether a probe that finds the host well closes it: true for dead hosts, false for empty accounts. */
  readonly probeCloses: boolean;
  /** Nobody served it just then, which says nothing of the upstream: it may be tried where there is nothing else. */
  readonly unserved: boolean;
}

export type BreakerState =
  | { readonly kind: 'closed' }
  | { readonly kind: 'half-open' }
  /** `onTrial`: the cooldown is over, and one request finds out whether the upstream is back. */
  | {
      readonly kind: 'open';
      readonly untilMs: number;
      readonly reason: string;
      readonly onTrial: boolean;
      readonly unserved: boolean;
    };

export interface Opening {
  /** Length of the cooldown; it doubles with each failed trial unless `exact`. */
  readonly cooldownMs: number;
  /** The upstream named the time: no doubling. */
  readonly exact: boolean;
  readonly reason: string;
  readonly probeCloses: boolean;
  readonly unserved: boolean;
}

export const closedBreaker: Breaker = {
  failures: [],
  openUntilMs: null,
  openedAtMs: 0,
  reason: '',
  trips: 0,
  trialUntilMs: null,
  probeCloses: false,
  unserved: false,
};

const closed: BreakerState = { kind: 'closed' };
const halfOpen: BreakerState = { kind: 'half-open' };

/** What the breaker lets through now. */
export function breakerState(breaker: Breaker, nowMs: number): BreakerState {
  if (breaker.openUntilMs === null) return closed;
  const { reason, unserved } = breaker;
  if (breaker.openUntilMs > nowMs)
    return { kind: 'open', untilMs: breaker.openUntilMs, reason, onTrial: false, unserved };
  if (breaker.trialUntilMs === null) return halfOpen;
  if (breaker.trialUntilMs <= nowMs) return closed;
  return {
    kind: 'open',
    untilMs: breaker.trialUntilMs,
    reason: `${reason}; being tried again`,
    onTrial: true,
    unserved,
  };
}

/** Opens it. While it is open already, a late failure can only make that longer, and does not count as another trip. */
export function open(breaker: Breaker, opening: Opening, nowMs: number): Breaker {
  if (opening.cooldownMs <= 0) return breaker;
  const isOpen = breaker.openUntilMs !== null && breaker.openUntilMs > nowMs;
  const trips = isOpen ? breaker.trips : breaker.trips + 1;
  const backoff = opening.cooldownMs * 2 ** Math.max(0, trips - 1);
  const lengthMs = opening.exact
    ? opening.cooldownMs
    : Math.min(backoff, Math.max(longestBackoffMs, opening.cooldownMs));
  const untilMs = nowMs + (isOpen && !opening.exact ? opening.cooldownMs : lengthMs);
  if (isOpen && (breaker.openUntilMs ?? 0) >= untilMs) return breaker;
  return {
    failures: [],
    openUntilMs: untilMs,
    openedAtMs: nowMs,
    reason: opening.reason,
    trips,
    trialUntilMs: null,
    probeCloses: opening.probeCloses,
    unserved: opening.unserved,
  };
}

/** Counts a failure that by itself does not open it. */
export function noteFailure(breaker: Breaker, kind: string, nowMs: number): Breaker {
  const recent = breaker.failures.filter(({ atMs }) => nowMs - atMs < failureMemoryMs);
  return { ...breaker, failures: [...recent, { atMs: nowMs, kind }] };
}

/** True where more than `allowedFails` of this kind were counted, and where the trial is what failed. */
export function hasFailedTooOften(breaker: Breaker, kind: string, allowedFails: number): boolean {
  return breaker.openUntilMs !== null || breaker.failures.filter((one) => one.kind === kind).length > allowedFails;
}

/** Counts a failure, and opens at more than `allowedFails` of its kind, or at once where the trial failed. */
export function fail(breaker: Breaker, kind: string, allowedFails: number, opening: Opening, nowMs: number): Breaker {
  const counted = noteFailure(breaker, kind, nowMs);
  return hasFailedTooOften(counted, kind, allowedFails) ? open(counted, opening, nowMs) : counted;
}

/**
 * A success closes it, unless it came from a request that began before an opening that is still in force: that one says
 * nothing of the upstream since. That somebody serves the backend, every success says.
 */
export function succeed(breaker: Breaker, startedAtMs: number, nowMs: number): Breaker {
  const isOpen = breaker.openUntilMs !== null && breaker.openUntilMs > nowMs;
  return isOpen && !breaker.unserved && startedAtMs < breaker.openedAtMs ? breaker : closedBreaker;
}

/** Takes the one place for a trial, which is passed after `trialMs` without a failure. */
export function claimTrial(breaker: Breaker, trialMs: number, nowMs: number): Breaker {
  return breakerState(breaker, nowMs).kind === 'half-open' ? { ...breaker, trialUntilMs: nowMs + trialMs } : breaker;
}

/** Gives the place back without a verdict (the client left, or the gateway failed). */
export function releaseTrial(breaker: Breaker): Breaker {
  return breaker.trialUntilMs === null ? breaker : { ...breaker, trialUntilMs: null };
}
