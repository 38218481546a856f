/** Which attempt of a plan comes after a failure. Pure. */
import type { Attempt, StreamFailure } from '#contracts';
import { errorTable, isErrorCode } from '#contracts';

/** Failures after which the same deployment need not be asked again in this request. */
const hopelessAgain = new Set([
  'upstream_unreachable',
  'model_not_found',
  'backend_overloaded',
  'service_unavailable',
  'rate_limit_exceeded',
]);

/** Failures of the request itself that only a certain kind of fallback answers. */
const typedFailures = new Set(['context_length_exceeded', 'content_policy_violation']);

export interface FailedAttempt {
  readonly index: number;
  readonly failure: StreamFailure;
}

/**
 * The index of the next attempt, or null where the failure is final. Attempts before `failed.index` are never taken up
 * again. A typed failure goes to attempts meant for it; where the plan has none of those, to other models.
 */
export function nextAttempt(
  attempts: readonly Attempt[],
  failed: FailedAttempt,
  earlier: readonly FailedAttempt[],
): number | null {
  const { failure } = failed;
  const current = attempts[failed.index];
  if (current === undefined) return null;
  const following = attempts.map((attempt, index) => ({ attempt, index })).slice(failed.index + 1);
  if (typedFailures.has(failure.code)) {
    const meant = following.find(({ attempt }) => attempt.onlyAfter === failure.code);
    if (meant !== undefined) return meant.index;
    if (attempts.some((attempt) => attempt.onlyAfter === failure.code)) return null;
    const other = following.find(
      ({ attempt }) => attempt.onlyAfter === 'any' && attempt.modelGroup !== current.modelGroup,
    );
    return other?.index ?? null;
  }
  if (!isRetryable(failure)) return null;
  const given = [...earlier, failed];
  const next = following.find(({ attempt }) => attempt.onlyAfter === 'any' && !isHopeless(attempt, attempts, given));
  return next?.index ?? null;
}

/** Whether another deployment may do better: everything that was not the request's own fault. */
export function isRetryable(failure: StreamFailure): boolean {
  if (failure.blame === 'request') return false;
  return !isErrorCode(failure.code) || errorTable[failure.code].retryable;
}

/** True where an earlier failure already tells that this attempt would fail too. */
function isHopeless(attempt: Attempt, attempts: readonly Attempt[], failures: readonly FailedAttempt[]): boolean {
  return failures.some(({ index, failure }) => {
    const tried = attempts[index];
    if (tried === undefined) return false;
    if (tried.deploymentId === attempt.deploymentId) return hopelessAgain.has(failure.code);
    if (tried.backend.id !== attempt.backend.id) return false;
    // A dead host is dead for each of its models, and an account without money or credentials for each of its own.
    return failure.code === 'upstream_unreachable' || typeof failure.details['account'] === 'string';
  });
}
