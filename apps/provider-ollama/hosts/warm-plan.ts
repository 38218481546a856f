/** Which model to bring back into an idle host's memory. Pure. */
import type { Residency } from '../queue/residency.js';

export interface WarmModel {
  /** Its key in the host's memory. */
  readonly key: string;
  readonly upstreamModel: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** The first that is not loaded and pushes out no other that is to be kept; null where all is well. */
export function nextToWarm(wanted: readonly WarmModel[], residency: Residency): WarmModel | null {
  const kept = wanted.filter((model) => residency.has(model.key));
  const missing = wanted.filter((model) => !residency.has(model.key));
  return missing.find((model) => kept.every((other) => residency.fit(model.key, other.key) !== 'conflict')) ?? null;
}
