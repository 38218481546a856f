/** What the outcome of an attempt means for the rotation: nothing, a counted failure, or something is taken out at once. */
import type { AttemptOutcomeEvent, FailureScope } from '#contracts';

export type Consequence =
  /** The upstream answered, so the host is alive. */
  | { readonly kind: 'alive' }
  /** Says nothing about the upstream. */
  | { readonly kind: 'neutral' }
  | { readonly kind: 'counted'; readonly reason: string }
  | {
      readonly kind: 'out';
      readonly scope: FailureScope;
      /** null = the configured cooldown. */
      readonly cooldownMs: number | null;
      readonly reason: string;
      readonly probeCloses: boolean;
      /** No worker served the backend; see Breaker. */
      readonly unserved: boolean;
      /** More failures would tell nothing new: a dead host, an empty account, a spent day. */
      readonly firm: boolean;
    };

type TakenOut = Extract<Consequence, { kind: 'out' }>;

/** Longest time an upstream may take itself out for: a day's quota, and an hour for clocks that differ. */
const longestRetryAfterMs = 25 * 3_600_000;
/** A 429 of a free model for longer than this is the day's quota of the account, not one busy provider. */
const dailyQuotaMs = 10 * 60_000;
const emptyAccountMs = 300_000;
const refusedAccountMs = 60_000;
/** Somebody else may serve the backend a moment later, and a lost bus is not the backend's fault. */
const noWorkerMs = 1_000;
const missingModelMs = 60_000;

/** True for OpenRouter's models that cost nothing: they share one limit per minute and one quota per day and account. */
export function isFreeModel(provider: string, upstreamModel: string): boolean {
  return provider === 'openrouter' && upstreamModel.endsWith(':free');
}

/** Judges one outcome; `free` says whether the deployment is one of OpenRouter's free models. */
export function consequenceOf(outcome: AttemptOutcomeEvent, free: boolean): Consequence {
  if (outcome.ok) return { kind: 'alive' };
  if (outcome.errorCode === 'service_unavailable')
    return { ...backendOut('no worker serves the backend', noWorkerMs), unserved: true };
  if (outcome.blame === 'gateway') return { kind: 'neutral' };
  if (outcome.blame === 'request') {
    return outcome.errorCode === 'client_closed_request' ? { kind: 'neutral' } : { kind: 'alive' };
  }
  return consequenceOfFault(outcome, free);
}

function consequenceOfFault(outcome: AttemptOutcomeEvent, free: boolean): Consequence {
  if (outcome.errorCode === 'upstream_unreachable') return backendOut('the backend could not be reached', null);
  const status = outcome.upstreamStatus;
  const demandedMs = outcome.retryAfterMs === null ? null : Math.min(outcome.retryAfterMs, longestRetryAfterMs);
  if (isDailyQuota(outcome, free, demandedMs)) {
    // Only OpenRouter's free models share such a quota; elsewhere it is the model's own.
    const scope = free ? 'free-models' : 'deployment';
    return out(scope, demandedMs ?? emptyAccountMs, 'the quota of the day is used up', true);
  }
  if (outcome.scope === 'backend' || outcome.errorCode === 'insufficient_quota' || status === 401 || status === 402) {
    const isEmpty = outcome.errorCode === 'insufficient_quota' || status === 402 || status === 429;
    if (isEmpty) return out('backend', demandedMs ?? emptyAccountMs, 'the account has no credit left', true);
    return out('backend', refusedAccountMs, "the upstream refused the gateway's account");
  }
  if (outcome.errorCode === 'rate_limit_exceeded' || status === 429)
    return out('deployment', demandedMs, 'rate limited');
  if (status === 403) return out('deployment', refusedAccountMs, 'the upstream refused access');
  if (outcome.errorCode === 'model_not_found' || status === 404 || status === 400) {
    return { ...out('deployment', missingModelMs, 'the upstream does not have the model'), probeCloses: true };
  }
  if (demandedMs !== null) return out('deployment', demandedMs, 'the upstream is overloaded');
  const seen = status === null ? '' : ` (${status})`;
  return { kind: 'counted', reason: `${outcome.errorCode ?? 'failed'}${seen}` };
}

/** The worker says so, or it is a free model that is to come back after many minutes. */
function isDailyQuota(outcome: AttemptOutcomeEvent, free: boolean, demandedMs: number | null): boolean {
  if (outcome.scope === 'free-models') return true;
  if (!free || outcome.scope !== undefined) return false;
  const isLimit = outcome.errorCode === 'rate_limit_exceeded' || outcome.upstreamStatus === 429;
  return isLimit && demandedMs !== null && demandedMs >= dailyQuotaMs;
}

function out(scope: FailureScope, cooldownMs: number | null, reason: string, firm = false): TakenOut {
  return { kind: 'out', scope, cooldownMs, reason, probeCloses: false, unserved: false, firm };
}

function backendOut(reason: string, cooldownMs: number | null): TakenOut {
  return { kind: 'out', scope: 'backend', cooldownMs, reason, probeCloses: true, unserved: false, firm: true };
}
