/** Moves the breakers of a deployment and its backend as an outcome demands. */
import { errorClassOf, numberFor, type AttemptOutcomeEvent, type Deployment, type RoutingSettings } from '#contracts';
import { fail, hasFailedTooOften, noteFailure, open, releaseTrial, succeed, type Opening } from './breaker.js';
import { consequenceOf, type Consequence } from './consequence.js';
import type { BackendState, DeploymentState } from './fleet-state.js';

/** Folds one outcome into the two states. With `disable_cooldowns` nothing is ever taken out. */
export function applyConsequence(
  outcome: AttemptOutcomeEvent,
  free: boolean,
  deployment: Deployment,
  routing: RoutingSettings,
  state: DeploymentState,
  backend: BackendState,
  nowMs: number,
): void {
  if (routing.disableCooldowns) return;
  const consequence = consequenceOf(outcome, free);
  const startedAtMs = nowMs - outcome.durationMs;
  switch (consequence.kind) {
    case 'alive':
      state.breaker = succeed(state.breaker, startedAtMs, nowMs);
      backend.breaker = succeed(backend.breaker, startedAtMs, nowMs);
      if (free) backend.freeBreaker = succeed(backend.freeBreaker, startedAtMs, nowMs);
      return;
    case 'neutral':
      state.breaker = releaseTrial(state.breaker);
      backend.breaker = releaseTrial(backend.breaker);
      backend.freeBreaker = releaseTrial(backend.freeBreaker);
      return;
    case 'counted': {
      const cooldownMs = deployment.cooldownMs ?? routing.cooldownMs;
      const { kind, allowed } = allowanceOf(outcome, deployment, routing);
      const opening = { cooldownMs, exact: false, reason: consequence.reason, probeCloses: false, unserved: false };
      state.breaker = fail(
        state.breaker,
        kind,
        allowed ?? deployment.allowedFails ?? routing.allowedFails,
        opening,
        nowMs,
      );
      backend.breaker = releaseTrial(backend.breaker);
      return;
    }
    case 'out': {
      const { kind, allowed } = allowanceOf(outcome, deployment, routing);
      if (allowed !== null && !consequence.firm) {
        state.breaker = noteFailure(state.breaker, kind, nowMs);
        if (!hasFailedTooOften(state.breaker, kind, allowed)) return;
      }
      takeOut(consequence, deployment, routing, state, backend, nowMs);
      return;
    }
  }
}

/**
 * LiteLLM's `allowed_fails_policy`: failures of this class before a cooldown, counted by themselves; null where the class
 * has no number of its own.
 */
function allowanceOf(
  outcome: AttemptOutcomeEvent,
  deployment: Deployment,
  routing: RoutingSettings,
): { kind: string; allowed: number | null } {
  const failure = { code: outcome.errorCode ?? '', upstreamStatus: outcome.upstreamStatus };
  const errorClass = errorClassOf(failure);
  const own = numberFor(deployment.allowedFailsPolicy ?? {}, errorClass);
  const allowed = own ?? numberFor(routing.allowedFailsPolicy ?? {}, errorClass) ?? null;
  return { kind: allowed === null ? 'any' : errorClass, allowed };
}

function takeOut(
  consequence: Extract<Consequence, { kind: 'out' }>,
  deployment: Deployment,
  routing: RoutingSettings,
  state: DeploymentState,
  backend: BackendState,
  nowMs: number,
): void {
  const configuredMs =
    consequence.scope === 'deployment' ? (deployment.cooldownMs ?? routing.cooldownMs) : routing.cooldownMs;
  const opening: Opening = {
    cooldownMs: consequence.cooldownMs ?? configuredMs,
    exact: consequence.cooldownMs !== null,
    reason: consequence.reason,
    probeCloses: consequence.probeCloses,
    unserved: consequence.unserved,
  };
  switch (consequence.scope) {
    case 'deployment':
      state.breaker = open(state.breaker, opening, nowMs);
      backend.breaker = releaseTrial(backend.breaker);
      return;
    case 'backend':
      backend.breaker = open(backend.breaker, opening, nowMs);
      return;
    case 'free-models':
      backend.freeBreaker = open(backend.freeBreaker, opening, nowMs);
      return;
  }
}
