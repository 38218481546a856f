/** What the outcome of an attempt means for the rotation: nothing, a counted failure, or something is taken out at once. */
import type { AttemptOutcomeEvent, FailureScope } from '#contracts';

export type Consequence =
  /** The upstream answered, so the host is alive. */
  | { readonly kind: 'alive' }
  /** Says nothing about the upstream. */
  | { readonly kind: 'neutral' }
  | { readonly kind: 'counted'; readonly weight: number; readonly reason: string }
  | {
      readonly kind: 'out';
      readonly scope: FailureScope;
      /** null = the configured cooldown. */
      readonly cooldownMs: number | null;
      readonly reason: string;
      readonly probeCloses: boolean;
    };

/** Longest time an upstream may take itself out for: a day's quota, and an hour for clocks that differ. */
const longestRetryAfterMs = 25 * 3_600_000;
/** A 429 of a free model for longer than this is the day's quota of the account, not one busy provider. */
const dailyQuotaMs = 10 * 60_000;
const emptyAccountMs = 300_000;
const refusedCredentialMs = 60_000;
const missingModelMs = 60_000;

/** True for OpenRouter's models that cost nothing: they share one limit per minute and one quota per day and account. */
export function isFreeModel(provider: string, upstreamModel: string): boolean {
  return provider === 'openrouter' && upstreamModel.endsWith(':free');
}

/** Judges one outcome; `free` says whether the deployment is one of OpenRouter's free models. */
export function consequenceOf(outcome: AttemptOutcomeEvent, free: boolean): Consequence {
  if (outcome.ok) return { kind: 'alive' };
  if (outcome.errorCode === 'service_unavailable') return backendOut('no worker serves the backend');
  if (outcome.blame === 'gateway') return { kind: 'neutral' };
  if (outcome.blame === 'request') {
    return outcome.errorCode === 'client_closed_request' ? { kind: 'neutral' } : { kind: 'alive' };
  }
  return consequenceOfFault(outcome, free);
}

function consequenceOfFault(outcome: AttemptOutcomeEvent, free: boolean): Consequence {
  const demandedMs = outcome.retryAfterMs === null ? null : Math.min(outcome.retryAfterMs, longestRetryAfterMs);
  const scoped = (scope: FailureScope, cooldownMs: number | null, reason: string): Consequence => ({
    kind: 'out',
    scope: outcome.scope ?? scope,
    cooldownMs,
    reason,
    probeCloses: false,
  });
  const status = outcome.upstreamStatus;
  if (outcome.errorCode === 'upstream_unreachable') return backendOut('the backend could not be reached');
  if (outcome.errorCode === 'insufficient_quota' || status === 402) {
    if (free && status !== 402) return scoped('free-models', demandedMs ?? emptyAccountMs, 'free quota used up');
    return scoped('backend', demandedMs ?? emptyAccountMs, 'the account has no credit left');
  }
  if (outcome.errorCode === 'rate_limit_exceeded' || status === 429) {
    const daily = free && demandedMs !== null && demandedMs >= dailyQuotaMs;
    return scoped(daily ? 'free-models' : 'deployment', demandedMs, daily ? 'free quota used up' : 'rate limited');
  }
  if (status === 401) return scoped('backend', refusedCredentialMs, 'the upstream refused the credentials');
  if (status === 403) return scoped('deployment', refusedCredentialMs, 'the upstream refused access');
  if (outcome.errorCode === 'model_not_found' || status === 404 || status === 400) {
    return scoped('deployment', missingModelMs, 'the upstream does not have the model');
  }
  if (outcome.scope !== undefined || demandedMs !== null) return scoped('deployment', demandedMs, 'overloaded');
  return {
    kind: 'counted',
    weight: 1,
    reason: `${outcome.errorCode ?? 'failed'}${status === null ? '' : ` (${status})`}`,
  };
}

function backendOut(reason: string): Consequence {
  return { kind: 'out', scope: 'backend', cooldownMs: null, reason, probeCloses: true };
}
