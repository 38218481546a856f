/** What is set aside for one request. It ends in exactly one way; whatever comes after that is ignored. */
import { parseBudgetScope, type BudgetAmounts, type BudgetOwner, type BudgetUnit, type Payer } from '#contracts';
import type { Holding, LeaseWallet } from './lease-wallet.js';

/** A budget that a request is charged to and that is nearly used up. */
export interface BudgetWarning {
  readonly owner: BudgetOwner;
  readonly unit: BudgetUnit;
  readonly usedRatio: number;
}

/** The share of a budget from which the requests it pays for say so: the line of the alert SignalboxBudget80. */
const warningRatio = 0.8;

export class Reservation {
  private ended = false;

  constructor(
    private readonly wallet: LeaseWallet,
    private holdings: readonly Holding[],
    /** Told of each scope in which something is free again. */
    private readonly onFreed: (scope: string) => void = () => {},
  ) {}

  /** The leases as a usage event names them, so that accounting posts on them. */
  get leases(): Payer['leases'] {
    return this.holdings.map(({ leaseId: id, scope, windowId }) => ({ id, scope, windowId }));
  }

  /** The most that is reserved in any scope of a unit: what the reaper charges where nobody ever says what was used. */
  amountOf(unit: BudgetUnit): number {
    const amounts = this.holdings.filter(({ scope }) => parseBudgetScope(scope)?.unit === unit).map((h) => h.amount);
    return Math.max(0, ...amounts);
  }

  /** The budgets behind it that are used to four fifths or more. */
  get warnings(): BudgetWarning[] {
    return this.holdings.flatMap((holding) => {
      const usedRatio = this.wallet.usedRatioOf(holding);
      const scope = usedRatio < warningRatio ? null : parseBudgetScope(holding.scope);
      return scope === null ? [] : [{ owner: scope.owner, unit: scope.unit, usedRatio }];
    });
  }

  get isOpen(): boolean {
    return !this.ended;
  }

  /**
   * Makes sure that another attempt of at most `most` fits beside what the ones before it `spent`; false where it does not,
   * and then it must not run.
   */
  cover(spent: BudgetAmounts, most: BudgetAmounts, now: number): boolean {
    if (this.ended) return false;
    const longer: Holding[] = [];
    for (const holding of this.holdings) {
      const unit = parseBudgetScope(holding.scope)?.unit;
      const lacking = unit === undefined ? 0 : spent[unit] + most[unit] - holding.amount;
      const extended = lacking <= 0 ? holding : this.wallet.extend(holding, lacking, now);
      if (extended === null) return false;
      longer.push(extended);
      this.holdings = [...longer, ...this.holdings.slice(longer.length)];
    }
    return true;
  }

  /** The attempt's usage is stored: only now may the rest be used again. Unknown units are left as reserved. */
  settle(used: BudgetAmounts): void {
    if (!this.end()) return;
    for (const holding of this.holdings) {
      const unit = parseBudgetScope(holding.scope)?.unit;
      const amount = unit === undefined ? holding.amount : used[unit];
      if (this.wallet.settle(holding, amount)) this.onFreed(holding.scope);
    }
  }

  /** The attempt never reached a worker: nothing was and nothing will be posted for it. */
  undo(): void {
    this.settle({ usd: 0, tokens: 0, requests: 0 });
  }

  /** The attempt ran and nobody could store what it used: its amount stays with the lease until the ledger knows. */
  forfeit(): void {
    if (!this.end()) return;
    for (const holding of this.holdings) this.wallet.forfeit(holding);
  }

  private end(): boolean {
    const first = !this.ended;
    this.ended = true;
    return first;
  }
}
