import type { ReactNode } from 'react';
import { usd } from '../view/format.js';
import { budgetOf } from '../view/keys.js';

/** Spent of a budget, as a bar with its numbers; only the number where there is no budget. */
export function BudgetBar(props: { spent: number; limit: number | null; note?: string | null }): ReactNode {
  const budget = budgetOf(props.spent, props.limit);
  if (budget === null) return <span className="number">{usd(props.spent)}</span>;
  return (
    <div className="budget">
      <meter
        className={budget.tone}
        min={0}
        max={100}
        value={budget.filled}
        aria-label={`${Math.round(budget.percent).toString()} % of the budget`}
      />
      <span>
        {usd(props.spent)} of {usd(props.limit)}
        {props.note == null ? null : <small>{props.note}</small>}
      </span>
    </div>
  );
}
