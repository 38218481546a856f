/** Decides what a batch of usage means for the ledger: each attempt is charged once, and a better source corrects a worse one. */
import type { UsageRow } from './usage-row.js';

const rank: Readonly<Record<UsageRow['source'], number>> = { worker: 3, ingress: 2, reaper: 1 };

export interface Correction {
  readonly before: UsageRow;
  readonly after: UsageRow;
}

export interface Settlement {
  readonly charges: readonly UsageRow[];
  readonly corrections: readonly Correction[];
  /** Attempts that were known already, from a source at least as good. */
  readonly duplicates: number;
}

/** True if `source` knows better than `than` what an attempt used. */
export function knowsBetter(source: UsageRow['source'], than: UsageRow['source']): boolean {
  return rank[source] > rank[than];
}

/** One row for each attempt: of the best source, and the first of equals; ordered by attempt id, as locks are taken. */
export function bestOfEach(rows: readonly UsageRow[]): UsageRow[] {
  const best = new Map<string, UsageRow>();
  for (const row of rows) {
    const other = best.get(row.attemptId);
    if (other === undefined || knowsBetter(row.source, other.source)) best.set(row.attemptId, row);
  }
  return [...best.values()].sort((a, b) => (a.attemptId < b.attemptId ? -1 : 1));
}

/**
 * Settles rows of different attempts. `first` names the attempts that nobody posted before; `known` holds the rows of
 * those that somebody did. A correction keeps the start of the row that it corrects, where the row lies; and its leases
 * where it names none, since that is where the row was charged.
 */
export function settle(
  rows: readonly UsageRow[],
  first: ReadonlySet<string>,
  known: ReadonlyMap<string, UsageRow>,
): Settlement {
  const charges = rows.filter((row) => first.has(row.attemptId));
  const corrections = rows.flatMap((row) => {
    const before = first.has(row.attemptId) ? undefined : known.get(row.attemptId);
    if (before === undefined || !knowsBetter(row.source, before.source)) return [];
    const leases = row.leases.length > 0 ? row.leases : before.leases;
    return { before, after: { ...row, leases, startedAt: before.startedAt } };
  });
  return { charges, corrections, duplicates: rows.length - charges.length - corrections.length };
}
