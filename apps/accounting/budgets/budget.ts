/** What a budget is, and which lines its spending has crossed. */
import type { BudgetUnit } from '#contracts';

/** A budget as its owner set it. Amounts in the unit (usd: nano-dollars). */
export interface Budget {
  readonly scope: string;
  readonly unit: BudgetUnit;
  /** 0 allows nothing. */
  readonly limit: number;
  readonly softLimit: number | null;
  readonly duration: string | null;
  readonly resetAt: string | null;
}

export interface BudgetLine {
  /** Names the line for good: an alert is sent once for each name and window. */
  readonly name: string;
  readonly event: 'soft_budget_crossed' | 'threshold_crossed' | 'budget_crossed';
  /** null for the soft budget. */
  readonly percent: number | null;
}

/**
 * The lines that `spent` has reached, lowest first. `thresholds` are percent or shares (80 or 0.8 mean the same); 100 % is
 * always one. A budget of 0 has no lines: nothing can be spent from it. `refused`: a request was turned away for what is
 * missing, so the budget is used up for those who live on it, although a little may be left.
 */
export function crossedLines(
  budget: Pick<Budget, 'limit' | 'softLimit'>,
  spent: number,
  thresholds: readonly number[],
  refused = false,
): BudgetLine[] {
  if (budget.limit === 0) return [];
  const percents = new Set([...thresholds.map(percentOf), 100]);
  const lines: { at: number; line: BudgetLine }[] = [...percents]
    .filter((percent) => percent > 0 && percent <= 100)
    .map((percent) => ({
      at: (budget.limit / 100) * percent,
      line:
        percent === 100
          ? { name: '100', event: 'budget_crossed', percent }
          : { name: String(percent), event: 'threshold_crossed', percent },
    }));
  if (budget.softLimit !== null) {
    lines.push({ at: budget.softLimit, line: { name: 'soft', event: 'soft_budget_crossed', percent: null } });
  }
  return lines
    .filter(({ at, line }) => spent >= at || (refused && spent > 0 && line.event === 'budget_crossed'))
    .sort((a, b) => a.at - b.at)
    .map(({ line }) => line);
}

function percentOf(threshold: number): number {
  return threshold > 0 && threshold <= 1 ? threshold * 100 : threshold;
}
