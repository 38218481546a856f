/** When a stream that refuses events once it is full gives up old ones, and which. Pure. */

export interface StreamRoom {
  readonly bytes: number;
  readonly maxBytes: number;
  /** Sequences of the oldest and the newest message. */
  readonly first: number;
  readonly last: number;
  /** Everything up to here is consumed. */
  readonly acknowledged: number;
}

/** From this share on there is made room: what comes between two looks must fit into the rest. */
const fullFrom = 0.8;

/** The first message that stays; null where nothing is to go. Never one that is not consumed, and half of them at once. */
export function keptFrom({ bytes, maxBytes, first, last, acknowledged }: StreamRoom): number | null {
  if (maxBytes <= 0 || bytes < maxBytes * fullFrom) return null;
  const half = first + Math.ceil((last - first + 1) / 2);
  const kept = Math.min(half, acknowledged + 1);
  return kept > first ? kept : null;
}
