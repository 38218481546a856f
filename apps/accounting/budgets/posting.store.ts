/** Posts charges and corrections on windows and leases, within the transaction that stores the usage itself. */
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { BudgetPosting } from '../usage/budget-posting.store.js';
import type { ScopeCharge } from '../usage/scope-charge.js';
import { BudgetAlerts } from './budget-alerts.store.js';
import { postAmount } from './escrow.js';
import { EscrowRows } from './escrow.store.js';

@Injectable()
export class EscrowPosting extends BudgetPosting {
  constructor(private readonly alerts: BudgetAlerts) {
    super();
  }

  /** What was spent replaces what was held for it. Windows that are no longer there are left out: the ledger has them. */
  override async postToScopes(tx: EntityManager, charges: readonly ScopeCharge[]): Promise<void> {
    if (charges.length === 0) return;
    const rows = await EscrowRows.lock(tx, charges, [...new Set(charges.map((charge) => charge.leaseId))]);
    for (const charge of charges) {
      const window = rows.window(charge);
      const lease = rows.lease(charge.leaseId);
      if (window === null) continue;
      const sameWindow = lease !== null && lease.scope === window.scope && lease.windowId === window.windowId;
      const posted = postAmount(window, sameWindow ? lease : null, charge.amount);
      rows.put(posted.window, posted.lease);
    }
    await rows.save(tx);
  }

  override committed(charges: readonly ScopeCharge[]): void {
    this.alerts.spentIn(charges);
  }
}
