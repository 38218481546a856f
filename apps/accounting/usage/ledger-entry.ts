/** The rows that a settlement appends to the ledger. */
import { scopeCharges, type ScopeCharge } from './scope-charge.js';
import type { Settlement } from './settle.js';

export interface LedgerEntry {
  readonly attemptId: string;
  readonly kind: 'charge' | 'correction';
  readonly source: string;
  /** null: the attempt's own cost in nano-dollars; else what was posted to that budget, in its unit. */
  readonly scope: string | null;
  readonly windowId: string | null;
  readonly leaseId: string | null;
  readonly amount: number;
}

export interface Posting {
  readonly entries: readonly LedgerEntry[];
  readonly charges: readonly ScopeCharge[];
}

/** One entry for each attempt and one for each scope it was charged to: an attempt's entries sum up to its cost. */
export function ledgerPosting(settlement: Settlement): Posting {
  const changes = [
    ...settlement.charges.map((after) => ({ before: null, after })),
    ...settlement.corrections.map(({ before, after }) => ({ before, after })),
  ];
  const entries: LedgerEntry[] = [];
  const charges: ScopeCharge[] = [];
  for (const { before, after } of changes) {
    const { attemptId, source } = after;
    const kind = before === null ? 'charge' : 'correction';
    const amount = (after.costNanoUsd ?? 0) - (before?.costNanoUsd ?? 0);
    entries.push({ attemptId, kind, source, scope: null, windowId: null, leaseId: null, amount });
    for (const charge of scopeCharges(before, after)) {
      const { scope, windowId, leaseId } = charge;
      entries.push({ attemptId, kind, source, scope, windowId, leaseId, amount: charge.amount });
      charges.push(charge);
    }
  }
  return { entries, charges };
}
