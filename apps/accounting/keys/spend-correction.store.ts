/** Sets what a budget counts as spent: what an admin says, or what was spent before there was a budget. The ledger gets the difference. */
import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { budgetScopeName, type BudgetUnit } from '#contracts';
import { Snapshots } from '#service';
import { windowAt, type BudgetWindow } from '../budgets/window.js';
import type { LimitedRow } from './rows.js';

type OwnerKind = 'key' | 'team' | 'user';
type Owner = LimitedRow & { readonly id: string };

/** One budget in one of its windows. */
interface Counted {
  readonly scope: string;
  readonly unit: BudgetUnit;
  readonly limit: number;
  readonly window: BudgetWindow;
}

@Injectable()
export class SpendCorrections {
  constructor(private readonly snapshots: Snapshots) {}

  /**
   * Makes the spend of a key, team or user be `nanoUsd`, in the present window of its budget. What is posted later is added
   * to it. Reports and rows still tell what was used.
   */
  async set(tx: EntityManager, kind: OwnerKind, owner: Owner, nanoUsd: number, now: Date): Promise<void> {
    const { maxBudgetNanoUsd: limit, budgetDuration } = owner;
    // First the total, then windows: the order in which usage is posted.
    if (limit === null || budgetDuration === null) {
      await tx.query(
        `INSERT INTO spend_total (kind, id, correction_nano_usd) VALUES ($1, $2, $3)
         ON CONFLICT (kind, id) DO UPDATE SET correction_nano_usd = $3 - spend_total.spend_nano_usd`,
        [kind, owner.id, nanoUsd],
      );
    }
    if (limit === null) return;
    const scope = budgetScopeName({ unit: 'usd', owner: kind, id: owner.id, model: null });
    await settleAt(tx, { scope, unit: 'usd', limit, window: this.windowOf(owner, now) }, nanoUsd);
  }

  /** A budget without end counts what was spent before it was set; called before it is written. */
  async begin(tx: EntityManager, kind: OwnerKind, owner: Owner): Promise<void> {
    if (owner.budgetDuration !== null) return;
    const [total] = await tx.query<Record<BudgetUnit, number>[]>(
      `SELECT spend_nano_usd + correction_nano_usd AS usd, input_tokens + output_tokens AS tokens, requests
       FROM spend_total WHERE kind = $1 AND id = $2`,
      [kind, owner.id],
    );
    if (total === undefined) return;
    const limits: [BudgetUnit, number | null][] = [
      ['usd', owner.maxBudgetNanoUsd],
      ['tokens', owner.maxTokensBudget],
      ['requests', owner.maxRequestsBudget],
    ];
    const scopes = limits.flatMap(([unit, limit]) =>
      limit === null ? [] : { unit, limit, scope: budgetScopeName({ unit, owner: kind, id: owner.id, model: null }) },
    );
    const present = await tx.query<{ scope: string }[]>(
      `SELECT b.scope FROM budget b JOIN scope_window w ON w.scope = b.scope AND w.window_id = 'all'
       WHERE b.scope = ANY($1) AND b.duration IS NULL`,
      [scopes.map(({ scope }) => scope)],
    );
    const known = new Set(present.map(({ scope }) => scope));
    for (const one of scopes) {
      if (known.has(one.scope)) continue;
      await settleAt(tx, { ...one, window: this.windowOf(owner, new Date()) }, Math.max(0, total[one.unit]));
    }
  }

  private windowOf(owner: Owner, now: Date): BudgetWindow {
    const timeZone = this.snapshots.current()?.general.timezone ?? 'UTC';
    return windowAt({ duration: owner.budgetDuration, resetAt: owner.budgetResetAt, timeZone }, now);
  }
}

async function settleAt(tx: EntityManager, { scope, unit, limit, window }: Counted, target: number): Promise<void> {
  await tx.query(
    `INSERT INTO scope_window (scope, window_id, unit, limit_n, starts_at, ends_at)
     VALUES ($1, $2, $3, $4, coalesce($5, now()), $6) ON CONFLICT DO NOTHING`,
    [scope, window.id, unit, limit, window.startsAt, window.endsAt],
  );
  const [row] = await tx.query<{ settled: number }[]>(
    'SELECT settled FROM scope_window WHERE scope = $1 AND window_id = $2 FOR UPDATE',
    [scope, window.id],
  );
  const amount = target - (row?.settled ?? 0);
  if (amount === 0) return;
  await tx.query(
    `UPDATE scope_window SET settled = $3, overrun = greatest(0, $3 + held - limit_n)
     WHERE scope = $1 AND window_id = $2`,
    [scope, window.id, target],
  );
  await tx.query(
    `INSERT INTO ledger (attempt_id, kind, source, scope, window_id, amount) VALUES ($1, 'correction', 'admin', $2, $3, $4)`,
    [`admin-${randomUUID()}`, scope, window.id, amount],
  );
}
