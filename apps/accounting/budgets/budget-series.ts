/** Budgets as series of metrics: a bounded number of them, the most used first. Pure. */
import type { BudgetUnit } from '#contracts';

export interface BudgetState {
  readonly unit: BudgetUnit;
  readonly owner: 'key' | 'team' | 'user' | 'global';
  readonly ownerId: string;
  readonly model: string | null;
  /** Alias of the owner. */
  readonly label: string | null;
  /** In the unit; nano-dollars for usd. */
  readonly limit: number;
  readonly spent: number;
  readonly endsAt: Date | null;
}

export interface BudgetSeries {
  readonly labels: { readonly scope: string; readonly budget: string };
  readonly unit: BudgetUnit;
  readonly limit: number;
  readonly spent: number;
  readonly usedRatio: number;
  /** Unix seconds. */
  readonly resetAt: number | null;
}

const longestName = 64;
/** Stands for all budgets beyond the limit. */
export const overflowName = '_other';

/** A series for each budget, named by its owner; `states` in order of use, at most `most` of them. Names are unique. */
export function budgetSeries(states: readonly BudgetState[], most: number): BudgetSeries[] {
  const taken = new Set<string>();
  return states.slice(0, most).map((state) => {
    const scope = state.owner;
    const plain = nameOf(state);
    const name = taken.has(`${scope} ${plain}`) ? `${plain} #${state.ownerId.slice(-6)}` : plain;
    taken.add(`${scope} ${name}`);
    return {
      labels: { scope, budget: name },
      unit: state.unit,
      limit: state.limit,
      spent: state.spent,
      usedRatio: state.limit === 0 ? 1 : state.spent / state.limit,
      resetAt: state.endsAt === null ? null : state.endsAt.getTime() / 1000,
    };
  });
}

function nameOf({ owner, ownerId, label, model, unit }: BudgetState): string {
  const whose = owner === 'global' ? 'global' : (label ?? ownerId);
  const parts = [whose.slice(0, longestName), ...(model === null ? [] : [model.slice(0, longestName)])];
  return unit === 'usd' ? parts.join(' / ') : `${parts.join(' / ')} (${unit})`;
}
