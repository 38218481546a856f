/** Keys that were looked up lately, and digests that are no keys. Bounded in both; times of a monotonic clock. */
import type { KeyDigest, KeyRecord } from '#contracts';

export type CachedKey =
  | { readonly kind: 'key'; readonly key: KeyRecord; readonly isFresh: boolean }
  | { readonly kind: 'no-key' };

interface Entry {
  readonly key: KeyRecord;
  readonly at: number;
}

/** A change is announced and takes effect at once; this only bounds the time where the announcement was lost. */
const freshMs = 60_000;
/** While accounting is away, a key that was good is taken for so much longer. */
const usableMs = 600_000;
const unknownMs = 10_000;
const mostKeys = 100_000;
const mostUnknown = 10_000;

export class KeyCache {
  private readonly keys = new Map<KeyDigest, Entry>();
  private readonly unknown = new Map<KeyDigest, number>();

  /** What is known of a digest; null = it must be looked up. A key that is not fresh should be, too. */
  get(digest: KeyDigest, now: number): CachedKey | null {
    const entry = this.keys.get(digest);
    if (entry !== undefined) {
      if (now - entry.at < usableMs) return { kind: 'key', key: entry.key, isFresh: now - entry.at < freshMs };
      this.keys.delete(digest);
      return null;
    }
    const since = this.unknown.get(digest);
    if (since === undefined) return null;
    if (now - since < unknownMs) return { kind: 'no-key' };
    this.unknown.delete(digest);
    return null;
  }

  /** Keeps the answer to a look-up; null = no such key. */
  put(digest: KeyDigest, key: KeyRecord | null, now: number): void {
    this.keys.delete(digest);
    this.unknown.delete(digest);
    if (key === null) {
      dropOldest(this.unknown, mostUnknown);
      this.unknown.set(digest, now);
    } else {
      dropOldest(this.keys, mostKeys);
      this.keys.set(digest, { key, at: now });
    }
  }

  /** Forgets what a change concerns. A digest that was no key may be one now. */
  invalidate(kind: 'key' | 'team' | 'user' | 'all', id: string): void {
    this.unknown.clear();
    if (kind === 'all') return this.keys.clear();
    for (const [digest, { key }] of this.keys) {
      if ((kind === 'key' ? key.id : kind === 'team' ? key.teamId : key.userId) === id) this.keys.delete(digest);
    }
  }

  /** Has everything looked up again; what is known is still used where that fails. */
  expire(): void {
    this.unknown.clear();
    for (const [digest, entry] of this.keys) this.keys.set(digest, { ...entry, at: entry.at - freshMs });
  }

  get size(): number {
    return this.keys.size + this.unknown.size;
  }
}

function dropOldest(map: Map<KeyDigest, unknown>, most: number): void {
  if (map.size < most) return;
  const oldest = map.keys().next().value;
  if (oldest !== undefined) map.delete(oldest);
}
