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

/**
 * What `after` adds to the leases that hold its reservation, beyond what `before` had added to them; scopes nobody knows are
 * left out. A lease that only one of the two names is charged, or given back, in full.
 */
export function scopeCharges(before: UsageRow | null, after: UsageRow): ScopeCharge[] {
  const [amounts, had] = [amountsOf(after), before === null ? nothing : amountsOf(before)];
  const charged = before?.leases ?? [];
  const names = (leases: UsageRow['leases']) => new Set(leases.map(leaseName));
  const [isCharged, isDue] = [names(charged), names(after.leases)];
  const all = [...after.leases, ...charged.filter((lease) => !isDue.has(leaseName(lease)))];
  return all.flatMap((lease) => {
    const unit = parseBudgetScope(lease.scope)?.unit;
    if (unit === undefined) return [];
    const name = leaseName(lease);
    return {
      attemptId: after.attemptId,
      kind: before === null ? ('charge' as const) : ('correction' as const),
      scope: lease.scope,
      windowId: lease.windowId,
      leaseId: lease.id,
      amount: (isDue.has(name) ? amounts[unit] : 0) - (isCharged.has(name) ? had[unit] : 0),
    };
  });
}

function leaseName({ id, scope, windowId }: UsageRow['leases'][number]): string {
  return JSON.stringify([scope, windowId, id]);
}

function amountsOf(row: UsageRow): BudgetAmounts {
  return chargedAmounts({ outcome: row.outcome, usage: row, costNanoUsd: row.costNanoUsd });
}
