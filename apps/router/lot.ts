/** The lot of a candidate: random, or for requests with an affinity always the same for the same backend. */
import type { Candidate } from './candidate.js';

/** A function from 0 (inclusive) to 1 (exclusive) over candidates. */
export function lotFor(affinity: string | null, random: () => number): (candidate: Candidate) => number {
  if (affinity === null) return random;
  return (candidate) => hash(`${affinity}\n${candidate.backend.id}\n${candidate.deployment.id}`) / 2 ** 32;
}

/** FNV-1a with a final mix (murmur3's), 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    value ^= text.charCodeAt(at);
    value = Math.imul(value, 0x01000193);
  }
  value ^= value >>> 16;
  value = Math.imul(value, 0x85ebca6b);
  value ^= value >>> 13;
  value = Math.imul(value, 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
