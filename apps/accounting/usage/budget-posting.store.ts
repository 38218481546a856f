/**
 * Where usage meets budgets: each charge and correction is posted to the scopes that hold its reservation, in the same
 * transaction as the usage itself.
 */
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ScopeCharge } from './scope-charge.js';

export abstract class BudgetPosting {
  /** Within the transaction of the batch; what it throws rolls all of it back. */
  abstract postToScopes(tx: EntityManager, charges: readonly ScopeCharge[]): Promise<void>;

  /** After the commit, for what may only follow it (alerts). */
  committed(_charges: readonly ScopeCharge[]): void {}
}

/** Counts what was spent in each window, and on each lease; a cost above the reservation raises the window's overrun. */
@Injectable()
export class WindowPosting extends BudgetPosting {
  override async postToScopes(tx: EntityManager, charges: readonly ScopeCharge[]): Promise<void> {
    if (charges.length === 0) return;
    // Rows are locked in one order, so that two replicas never wait for each other in a circle.
    await tx.query(
      `WITH charge AS (
         SELECT scope, window_id, sum(amount)::bigint AS amount
         FROM unnest($1::text[], $2::text[], $3::bigint[]) AS t (scope, window_id, amount) GROUP BY 1, 2
       ), locked AS (
         SELECT w.scope, w.window_id, charge.amount FROM scope_window w JOIN charge USING (scope, window_id)
         ORDER BY 1, 2 FOR UPDATE OF w
       )
       UPDATE scope_window w SET settled = w.settled + locked.amount,
         overrun = greatest(w.overrun, w.settled + locked.amount + w.held - w.limit_n)
       FROM locked WHERE w.scope = locked.scope AND w.window_id = locked.window_id`,
      [charges.map((c) => c.scope), charges.map((c) => c.windowId), charges.map((c) => c.amount)],
    );
  }
}
