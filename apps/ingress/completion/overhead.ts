/** What the gateway itself adds to a request, by stage. Pure. */

export interface OverheadFacts {
  /** Milliseconds of each step before the first attempt. */
  readonly steps: { readonly auth: number; readonly route: number; readonly limits: number };
  /** Monotonic milliseconds at which the request's headers were read. */
  readonly startedMs: number;
  readonly attempts: readonly {
    readonly startedMs: number;
    readonly firstContentMs: number | null;
    /** From the opening to the call upstream, as the worker measured it: what it waited in a host's queue. */
    readonly queuedMs: number;
    /** From the worker's call to its first content (of a whole answer: to its end), as the worker measured it; null where it did not. */
    readonly workerMs: number | null;
  }[];
}

export type OverheadStage = 'auth' | 'route' | 'limits' | 'bus' | 'other';

/**
 * Seconds by stage. `other` is the rest up to the first attempt: reading and checking the body. `bus` is what the way to
 * the worker and back adds to the first token, the worker's own work included; what was waited in a host's queue is not.
 */
export function overheadOf(facts: OverheadFacts): Map<OverheadStage, number> {
  const { auth, route, limits } = facts.steps;
  const stages = new Map<OverheadStage, number>([
    ['auth', auth / 1000],
    ['route', route / 1000],
    ['limits', limits / 1000],
  ]);
  const [first] = facts.attempts;
  if (first !== undefined) {
    stages.set('other', Math.max(0, first.startedMs - facts.startedMs - auth - route - limits) / 1000);
  }
  const last = facts.attempts.at(-1);
  if (last !== undefined && last.firstContentMs !== null && last.workerMs !== null) {
    stages.set('bus', Math.max(0, last.firstContentMs - last.startedMs - last.queuedMs - last.workerMs) / 1000);
  }
  return stages;
}
