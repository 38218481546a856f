/** How long a request may still wait in queues: its longest wait is one for all its attempts together. Pure. */
import type { StreamFailure } from '#contracts';

/** What an attempt tells of its wait. */
export interface WaitedAttempt {
  readonly startedMs: number;
  /** As the worker said when it let the request in; 0 where it never did. */
  readonly queuedMs: number;
  readonly failure: StreamFailure | null;
}

/** Of `attempts` the last has just begun. Null: as long as the queues let it. */
export function waitLeft(maxWaitMs: number | null, attempts: readonly WaitedAttempt[]): number | null {
  if (maxWaitMs === null) return null;
  const waits = attempts.slice(0, -1).map((attempt, place) => {
    const nextMs = attempts[place + 1]?.startedMs ?? attempt.startedMs;
    return isTurnedAway(attempt.failure) ? nextMs - attempt.startedMs : attempt.queuedMs;
  });
  return Math.max(0, maxWaitMs - waits.reduce((sum, ms) => sum + ms, 0));
}

/** The queue itself gave it back: all its time was waiting. */
function isTurnedAway(failure: StreamFailure | null): boolean {
  return failure !== null && failure.code === 'backend_overloaded' && failure.blame === 'gateway';
}
