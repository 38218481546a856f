import type { ReactNode } from 'react';
import { usd } from '../view/format.js';
import { budgetOf } from '../view/keys.js';

/** Spent of a budget, as a bar with its numbers; only the number where there is no budget. */
export function BudgetBar(props: { spent: number; limit: number | null; note?: string | null }): ReactNode {
  const budget = budgetOf(props.spent, props.limit);
  if (budget === null) return <span className="number">{usd(props.spent)}</span>;
  const share = Math.round(budget.percent);
  return (
    <div className="budget">
      <div
        className={`bar ${budget.tone}`}
        role="meter"
        aria-label="Used of the budget"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.min(100, share)}
        aria-valuetext={`${share.toString()} %`}
      >
        <div style={{ width: `${budget.filled.toFixed(1)}%` }} />
      </div>
      <span>
        {usd(props.spent)} of {usd(props.limit)}
        {props.note == null ? null : <small>{props.note}</small>}
      </span>
    </div>
  );
}
