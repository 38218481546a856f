/** Writes the budgets that keys, teams, users and the config set. Granting from them is the business of budgets/. */
import type { EntityManager } from 'typeorm';
import type { BudgetOwner } from '#contracts';
import type { BudgetRow } from './budget-rows.js';

/** The limit of a row of `budget` as it is now, with what was added for a while. */
export const presentLimit = `limit_n + CASE WHEN temp_until > now() THEN coalesce(temp_limit_n, 0) ELSE 0 END`;

/**
 * Replaces the budgets of one owner. A new limit holds at once in the windows that are running; where more was spent or
 * lent out already than it allows, the difference is written down as overrun, so that the window's balance still holds.
 */
export async function writeBudgets(
  tx: EntityManager,
  owner: BudgetOwner,
  id: string,
  rows: readonly BudgetRow[],
): Promise<void> {
  await tx.query('DELETE FROM budget WHERE owner_kind = $1 AND owner_id = $2 AND scope <> ALL($3)', [
    owner,
    id,
    rows.map((row) => row.scope),
  ]);
  if (rows.length === 0) return;
  await tx.query(
    `INSERT INTO budget (scope, unit, limit_n, soft_limit_n, duration, reset_at, temp_limit_n, temp_until, owner_kind,
       owner_id, label)
     SELECT scope, unit, "limit", "softLimit", duration, "resetAt", "tempLimit", "tempUntil", $1, $2, label
     FROM json_to_recordset($3::json) AS r (scope text, unit text, "limit" bigint, "softLimit" bigint, duration text,
       "resetAt" text, "tempLimit" bigint, "tempUntil" timestamptz, label text)
     ON CONFLICT (scope) DO UPDATE SET limit_n = excluded.limit_n, soft_limit_n = excluded.soft_limit_n,
       duration = excluded.duration, reset_at = excluded.reset_at, temp_limit_n = excluded.temp_limit_n,
       temp_until = excluded.temp_until, label = excluded.label, updated_at = now()`,
    [owner, id, JSON.stringify(rows)],
  );
  await tx.query(
    `UPDATE scope_window w SET limit_n = b."limit", overrun = greatest(0, w.settled + w.held - b."limit")
     FROM (SELECT scope, ${presentLimit} AS "limit" FROM budget WHERE scope = ANY($1)) b
     WHERE w.scope = b.scope AND w.limit_n <> b."limit" AND (w.ends_at IS NULL OR w.ends_at > now())`,
    [rows.map((row) => row.scope)],
  );
  await rearmAlerts(
    tx,
    rows.map((row) => row.scope),
  );
}

/**
 * Where a limit was raised or spend set back, lines that were crossed lie ahead again: the next time they are crossed is
 * told anew. A round of its own keeps the second message from being taken for the first.
 */
async function rearmAlerts(tx: EntityManager, scopes: readonly string[]): Promise<void> {
  await tx.query(
    `WITH ahead AS (
       DELETE FROM budget_alert a USING scope_window w, budget b
       WHERE a.scope = ANY($1) AND w.scope = a.scope AND w.window_id = a.window_id AND b.scope = a.scope
         AND w.settled < CASE a.threshold WHEN 'soft' THEN b.soft_limit_n ELSE w.limit_n * a.threshold::numeric / 100 END
       RETURNING a.scope, a.window_id
     )
     UPDATE scope_window w SET alert_round = w.alert_round + 1
     FROM (SELECT DISTINCT scope, window_id FROM ahead) r WHERE w.scope = r.scope AND w.window_id = r.window_id`,
    [scopes],
  );
}
