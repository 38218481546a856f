/** May a standby take an entry over? Pure: what was seen and when goes in. */
import { ownershipTiming, type OwnerEntry } from '#contracts';

/** An entry as it was last seen, on the standby's own monotonic clock. */
export interface Sighting {
  readonly revision: number;
  /** When this revision was first seen. */
  readonly since: number;
}

export type Claim =
  /** Nobody has it. */
  | { readonly kind: 'create' }
  /** Write over this revision. */
  | { readonly kind: 'take'; readonly revision: number }
  | { readonly kind: 'wait'; readonly sighting: Sighting };

/**
 * What a standby does about the entry it has just read. `before` is what it saw the last time. An entry of its own is one
 * that it lost sight of (it was stopped, or its write was answered too late): nobody else is there to wait for.
 */
export function claimOf(
  entry: { readonly value: OwnerEntry; readonly revision: number } | null,
  before: Sighting | null,
  self: { readonly holder: string; readonly preferred: boolean; readonly now: number },
): Claim {
  if (entry === null) return { kind: 'create' };
  if (entry.value.holder === self.holder) return { kind: 'take', revision: entry.revision };
  if (self.preferred && !entry.value.preferred) return { kind: 'take', revision: entry.revision };
  const sighting = before?.revision === entry.revision ? before : { revision: entry.revision, since: self.now };
  if (self.now - sighting.since >= ownershipTiming.staleMs) return { kind: 'take', revision: entry.revision };
  return { kind: 'wait', sighting };
}
