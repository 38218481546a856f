/** The budgets that a key, team, user or the whole gateway sets: one row for each scope. */
import { budgetScopeName, memberId, type BudgetOwner, type BudgetUnit, type ConfigSnapshot } from '#contracts';
import type { KeyRow, LimitedRow, TeamMemberRow, TeamRow } from './rows.js';

export interface BudgetRow {
  readonly scope: string;
  readonly unit: BudgetUnit;
  /** In the unit; usd in nano-dollars. */
  readonly limit: number;
  readonly softLimit: number | null;
  readonly duration: string | null;
  readonly resetAt: string | null;
  /** On top of the limit until then; both or none. */
  readonly tempLimit: number | null;
  readonly tempUntil: Date | null;
  /** What people call the owner. */
  readonly label: string | null;
}

type BudgetFields = Pick<
  LimitedRow,
  | 'maxBudgetNanoUsd'
  | 'softBudgetNanoUsd'
  | 'maxTokensBudget'
  | 'maxRequestsBudget'
  | 'budgetDuration'
  | 'budgetResetAt'
  | 'modelMaxBudget'
> &
  Partial<Pick<KeyRow, 'tempBudgetNanoUsd' | 'tempBudgetUntil'>>;

const never = { tempLimit: null, tempUntil: null };

/** All budgets of one owner. A budget of one model without a period of its own has the owner's. */
export function budgetRows(owner: BudgetOwner, id: string, label: string | null, row: BudgetFields): BudgetRow[] {
  const { budgetDuration: duration, budgetResetAt: resetAt } = row;
  const scope = (unit: BudgetUnit, model: string | null) => budgetScopeName({ unit, owner, id, model });
  const limits: [BudgetUnit, number | null, number | null][] = [
    ['usd', row.maxBudgetNanoUsd, row.softBudgetNanoUsd],
    ['tokens', row.maxTokensBudget, null],
    ['requests', row.maxRequestsBudget, null],
  ];
  const more = { tempLimit: row.tempBudgetNanoUsd ?? null, tempUntil: row.tempBudgetUntil ?? null };
  const own = limits.flatMap(([unit, limit, softLimit]) => {
    if (limit === null) return [];
    const fixed = { scope: scope(unit, null), unit, limit, softLimit, duration, resetAt, label };
    return { ...fixed, ...(unit === 'usd' ? more : never) };
  });
  const byModel = Object.entries(row.modelMaxBudget).map(([model, budget]) => ({
    scope: scope('usd', model),
    unit: 'usd' as const,
    limit: budget.limitNanoUsd,
    softLimit: null,
    duration: budget.duration ?? duration,
    resetAt,
    label,
    ...never,
  }));
  return [...own, ...byModel];
}

/**
 * What a user may spend within a team; null = as much as the team. It is renewed with the team's budget. A user who has keys
 * in the team without being a member of it (null) has what members have who have nothing of their own.
 */
export function memberBudget(
  team: Pick<TeamRow, 'memberBudgetNanoUsd'>,
  member: Pick<TeamMemberRow, 'maxBudgetNanoUsd'> | null,
): number | null {
  return member?.maxBudgetNanoUsd ?? team.memberBudgetNanoUsd;
}

/** The budget of one user within a team: none, or one. */
export function memberBudgetRows(
  team: Pick<TeamRow, 'id' | 'alias' | 'memberBudgetNanoUsd' | 'budgetDuration' | 'budgetResetAt'>,
  userId: string,
  member: Pick<TeamMemberRow, 'maxBudgetNanoUsd'> | null,
): BudgetRow[] {
  const limit = memberBudget(team, member);
  if (limit === null) return [];
  const scope = budgetScopeName({ unit: 'usd', owner: 'member', id: memberId(team.id, userId), model: null });
  const { budgetDuration: duration, budgetResetAt: resetAt } = team;
  const label = `${userId} in ${team.alias ?? team.id}`;
  return [{ scope, unit: 'usd', limit, softLimit: null, duration, resetAt, label, ...never }];
}

/** The budget of the whole gateway, from the config: none, or one. */
export function globalBudgetRows(
  general: Pick<ConfigSnapshot['general'], 'maxBudget' | 'budgetDuration'>,
): BudgetRow[] {
  if (general.maxBudget === null) return [];
  const scope = budgetScopeName({ unit: 'usd', owner: 'global', id: '', model: null });
  const limit = Math.round(Number(general.maxBudget) * 1_000_000_000);
  const duration = general.budgetDuration;
  return [{ scope, unit: 'usd', limit, softLimit: null, duration, resetAt: null, label: null, ...never }];
}
