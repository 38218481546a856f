/**
 * Batches of permits for large limits: asking the owner once for many requests. A batch is at most 1 % of the limit and
 * lives a second; what is left of it is given back, so that little is lost where traffic ebbs.
 */

export interface PermitBatch {
  readonly ticket: string;
  readonly permits: number;
  readonly validUntil: number;
}

interface Kept extends PermitBatch {
  used: number;
}

/** Limits up to this are asked for one by one: exact. */
export const smallLimit = 1_000;
const mostOfLimit = 0.01;

export class PermitCache {
  private readonly batches = new Map<string, Kept>();
  private readonly usedLast = new Map<string, number>();

  /** Uses one permit; false where there is none. */
  use(owner: string, now: number): boolean {
    const batch = this.batches.get(owner);
    if (batch === undefined || now >= batch.validUntil || batch.used >= batch.permits) return false;
    batch.used += 1;
    return true;
  }

  /** How many to ask for: twice what the last batch was good for. */
  batchSize(owner: string, limit: number): number {
    const most = Math.max(1, Math.floor(limit * mostOfLimit));
    const used = this.batches.get(owner)?.used ?? this.usedLast.get(owner) ?? 0;
    return Math.min(most, Math.max(1, used * 2));
  }

  /** Puts a fresh batch in; returns the one it replaces, for giving back what is left of it. */
  put(owner: string, batch: PermitBatch): { readonly ticket: string; readonly used: number } | null {
    const before = this.take(owner);
    this.batches.set(owner, { ...batch, used: 0 });
    return before;
  }

  /** Batches that have ended, to be given back. */
  ended(now: number): { readonly owner: string; readonly ticket: string; readonly used: number }[] {
    const owners = [...this.batches].filter(([, batch]) => now >= batch.validUntil).map(([owner]) => owner);
    return owners.flatMap((owner) => {
      const ended = this.take(owner);
      return ended === null ? [] : { owner, ...ended };
    });
  }

  private take(owner: string): { readonly ticket: string; readonly used: number } | null {
    const batch = this.batches.get(owner);
    if (batch === undefined) return null;
    this.batches.delete(owner);
    if (batch.used === 0) this.usedLast.delete(owner);
    else this.usedLast.set(owner, batch.used);
    return batch.used < batch.permits ? { ticket: batch.ticket, used: batch.used } : null;
  }
}
