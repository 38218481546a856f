/**
 * Where usage meets budgets: each charge and correction is posted to the scopes that hold its reservation, in the same
 * transaction as the usage itself.
 */
import type { EntityManager } from 'typeorm';
import type { ScopeCharge } from './scope-charge.js';

export abstract class BudgetPosting {
  /** Within the transaction of the batch; what it throws rolls all of it back. */
  abstract postToScopes(tx: EntityManager, charges: readonly ScopeCharge[]): Promise<void>;

  /** After the commit, for what may only follow it (alerts). */
  committed(_charges: readonly ScopeCharge[]): void {}
}
