/** What a charge or a correction means for one budget scope. */
import { chargedAmounts, parseBudgetScope, type BudgetAmounts } from '#contracts';
import type { UsageRow } from './usage-row.js';

export interface ScopeCharge {
  readonly attemptId: string;
  readonly kind: 'charge' | 'correction';
  readonly scope: string;
  readonly windowId: string;
  readonly leaseId: string;
  /** In the scope's unit (usd: nano-dollars); negative where a correction takes something back. */
  readonly amount: number;
}

const nothing: BudgetAmounts = { usd: 0, tokens: 0, requests: 0 };

/** What `after` adds to the scopes that hold its reservation, beyond what `before` had added; scopes nobody knows are left out. */
export function scopeCharges(before: UsageRow | null, after: UsageRow): ScopeCharge[] {
  const amounts = amountsOf(after);
  const had = before === null ? nothing : amountsOf(before);
  const leases = before === null || after.leases.length > 0 ? after.leases : before.leases;
  return leases.flatMap(({ id, scope, windowId }) => {
    const unit = parseBudgetScope(scope)?.unit;
    if (unit === undefined) return [];
    return {
      attemptId: after.attemptId,
      kind: before === null ? ('charge' as const) : ('correction' as const),
      scope,
      windowId,
      leaseId: id,
      amount: amounts[unit] - had[unit],
    };
  });
}

function amountsOf(row: UsageRow): BudgetAmounts {
  return chargedAmounts({ outcome: row.outcome, usage: row, costNanoUsd: row.costNanoUsd });
}
