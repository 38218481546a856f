/** Which attempt of a plan comes after a failure. Pure. */
import {
  errorTable,
  isErrorCode,
  retriesAllowed,
  type Attempt,
  type RetryPolicy,
  type StreamFailure,
} from '#contracts';

/** The part of a plan that decides what is tried. */
export interface TryList {
  readonly attempts: readonly Attempt[];
  readonly retry?: RetryPolicy | undefined;
}

/** Failures of the request itself that only a certain kind of fallback answers, or another model: what is too large for one upstream is not for the next. */
const typedFailures = new Set(['context_length_exceeded', 'content_policy_violation', 'request_too_large']);

/** The router's longest wait between two tries on one deployment. */
const longestBackoffMs = 8_000;

export interface FailedAttempt {
  readonly index: number;
  readonly failure: StreamFailure;
}

/**
 * The index of the next attempt, or null where the failure is final. Nothing is taken up that was tried already, nor what
 * stands before the failed one. A typed failure goes to the attempts meant for it, wherever they stand; where the plan
 * has none of those, to other models.
 */
export function nextAttempt(plan: TryList, failed: FailedAttempt, earlier: readonly FailedAttempt[]): number | null {
  const current = plan.attempts[failed.index];
  if (current === undefined) return null;
  const failures = [...earlier, failed];
  const untried = plan.attempts
    .map((attempt, index) => ({ attempt, index }))
    .filter(({ attempt }) => !wasTried(plan, attempt, failures));
  const following = untried.filter(({ index }) => index > failed.index);
  const { code } = failed.failure;
  if (typedFailures.has(code)) {
    const answers = (attempt: Attempt) => attempt.onlyAfter === code && isDue(plan, attempt, failures);
    const meant = untried.find(({ attempt }) => answers(attempt));
    if (meant !== undefined || plan.attempts.some(answers)) return meant?.index ?? null;
    const other = following.find(
      ({ attempt }) => attempt.onlyAfter === 'any' && attempt.modelGroup !== current.modelGroup,
    );
    return other?.index ?? null;
  }
  if (code === 'unsupported_parameter') return otherProvider(plan, following, failures);
  if (!isRetryable(failed.failure)) return null;
  const next = following.find(({ attempt }) => attempt.onlyAfter === 'any' && !isHopeless(plan, attempt, failures));
  return next?.index ?? null;
}

/**
 * What one provider has no way to express (`n` at Ollama, `seed` at Anthropic) another one of the same pool may have. A
 * fallback to another model is not taken for it: the client gets to know what its model cannot do.
 */
function otherProvider(
  plan: TryList,
  following: readonly { readonly attempt: Attempt; readonly index: number }[],
  failures: readonly FailedAttempt[],
): number | null {
  const tried = failures.flatMap(({ index }) => plan.attempts[index] ?? []);
  const next = following.find(
    ({ attempt }) =>
      attempt.onlyAfter === 'any' &&
      attempt.modelGroup === tried.at(-1)?.modelGroup &&
      !tried.some(({ backend }) => backend.provider === attempt.backend.provider),
  );
  return next?.index ?? null;
}

/** A list of typed fallbacks belongs to one model: it is due once that one was tried, or where nothing of it can be. */
function isDue(plan: TryList, { fallbackFrom }: Attempt, failures: readonly FailedAttempt[]): boolean {
  const ofModel = (attempt: Attempt | undefined) => attempt?.modelGroup === fallbackFrom;
  return (
    failures.some(({ index }) => ofModel(plan.attempts[index])) ||
    !plan.attempts.some((attempt) => ofModel(attempt) && attempt.onlyAfter === 'any')
  );
}

/** Whether another deployment may do better: everything that was not the request's own fault. */
export function isRetryable(failure: StreamFailure): boolean {
  if (failure.blame === 'request') return false;
  return !isErrorCode(failure.code) || failure.blame === 'backend' || errorTable[failure.code].retryable;
}

function wasTried(plan: TryList, attempt: Attempt, failures: readonly FailedAttempt[]): boolean {
  return failures.some(({ index }) => {
    const tried = plan.attempts[index];
    return (
      tried !== undefined &&
      tried.deploymentId === attempt.deploymentId &&
      tried.retry === attempt.retry &&
      tried.truncateToTokens === attempt.truncateToTokens
    );
  });
}

/** True where an earlier failure already tells that this attempt would fail too, or that its retries are used up. */
function isHopeless(plan: TryList, attempt: Attempt, failures: readonly FailedAttempt[]): boolean {
  return failures.some(({ index, failure }) => {
    const tried = plan.attempts[index];
    if (tried === undefined) return false;
    if (tried.deploymentId === attempt.deploymentId) {
      return (
        isOutForLong(failure) ||
        isWithoutFunds(failure) ||
        failure.details['impatient'] === true ||
        attempt.retry > retriesFor(plan, failure, attempt.modelGroup)
      );
    }
    if (tried.backend.id !== attempt.backend.id) return false;
    // OpenRouter's free day is over for its free models; those that cost something go on.
    if (failure.scope === 'free-models') return attempt.upstreamModel.endsWith(':free');
    // A dead host is dead for each of its models, and an account without money or credentials for each of its own.
    return (
      failure.code === 'upstream_unreachable' ||
      failure.scope === 'backend' ||
      typeof failure.details['account'] === 'string'
    );
  });
}

/** The upstream said that it will not take this for longer than the longest wait between two tries. */
function isOutForLong(failure: StreamFailure): boolean {
  return failure.retryAfterMs !== null && failure.retryAfterMs > longestBackoffMs;
}

/** A 429 or 402 for money, or for a day that is spent: asking the same account again does not fill it. */
function isWithoutFunds({ details }: StreamFailure): boolean {
  return details['account'] === 'funds' || details['account'] === 'daily-quota';
}

function retriesFor(plan: TryList, failure: StreamFailure, group: string): number {
  if (plan.retry === undefined) return Number.POSITIVE_INFINITY;
  const status = failure.details['upstreamStatus'];
  const upstreamStatus = typeof status === 'number' ? status : null;
  return retriesAllowed(plan.retry, { code: failure.code, upstreamStatus }, group);
}
