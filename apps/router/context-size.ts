/** How much a deployment holds: what the config says, else what its host says of the model. */
import type { Candidate } from './candidate.js';
import type { FleetView } from './fleet/fleet-view.js';

/** The longest prompt it can take, tokens; null where nobody knows. */
export function contextLimitOf(candidate: Candidate, fleet: FleetView): number | null {
  const { maxInputTokens } = candidate.deployment;
  if (maxInputTokens !== null) return maxInputTokens;
  return sizeOf(fleet.installed(candidate.backend.id, candidate.taggedModel)?.contextLength);
}

/** The context that its answers share, tokens: Ollama loads a model with less than it could hold. */
export function contextInUseOf(candidate: Candidate, fleet: FleetView, nowMs: number): number | null {
  if (candidate.deployment.maxInputTokens !== null || candidate.backend.kind !== 'local') {
    return contextLimitOf(candidate, fleet);
  }
  const { loaded } = fleet.load(candidate.backend.id, nowMs);
  const own = loaded?.find((model) => model.name === candidate.taggedModel);
  return sizeOf(own?.contextLength) ?? contextLimitOf(candidate, fleet);
}

/** Hosts say 0 where they don't know. */
function sizeOf(told: number | null | undefined): number | null {
  return told == null || told < 1 ? null : Math.floor(told);
}
