import type { ReactNode } from 'react';
import { amountOf, budgetOf, type BudgetLine } from '../view/keys.js';

/** Used of a budget, as a bar with its numbers; only the number where there is no budget. */
export function BudgetBar(props: BudgetLine & { note?: string | null }): ReactNode {
  const { unit, used, limit } = props;
  const budget = budgetOf(used, limit);
  if (budget === null || limit === null) return <span className="number">{amountOf(unit, used)}</span>;
  const share = Math.round(budget.percent);
  const usedText = unit === 'usd' ? amountOf(unit, used) : amountOf(unit, used).split(' ')[0];
  return (
    <div className="budget">
      <div
        className={`bar ${budget.tone}`}
        role="meter"
        aria-label={unit === 'usd' ? 'Used of the budget' : `Used of the budget in ${unit}`}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.min(100, share)}
        aria-valuetext={`${share.toString()} %`}
      >
        <div style={{ width: `${budget.filled.toFixed(1)}%` }} />
      </div>
      <span>
        {usedText} of {amountOf(unit, limit)}
        {props.note == null ? null : <small>{props.note}</small>}
      </span>
    </div>
  );
}
