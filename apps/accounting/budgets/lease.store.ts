/** Grants, renews and ends leases. PostgreSQL's clock is the only one that counts here. */
import { Injectable } from '@nestjs/common';
import {
  GatewayError,
  type BudgetState,
  type BudgetUnit,
  type LeaseAnswer,
  type LeaseRenewal,
  type LeaseWant,
  type RenewedLease,
} from '#contracts';
import { Snapshots } from '#service';
import { Database } from '../database/database.client.js';
import { presentLimit } from '../keys/budget-rows.store.js';
import { EscrowRows, windowKey, type WindowName } from './escrow.store.js';
import { withLimit } from './escrow.js';
import { endLease, grantLease, renewLease, usedRatioOf, type LeasePolicy, type ScopeWindow } from './lease.js';
import { windowAt, type BudgetWindow } from './window.js';

/** Requests may take an hour, but what is admitted is announced within minutes; after that `usage_open` speaks for it. */
export const leasePolicy: LeasePolicy = {
  ttlMs: 30_000,
  guardMs: 3_000,
  requestDeadlineMs: 600_000,
  drainMs: 45_000,
};

interface BudgetRecord {
  readonly scope: string;
  readonly unit: BudgetUnit;
  readonly limit: number;
  readonly softLimit: number | null;
  readonly duration: string | null;
  readonly resetAt: string | null;
}

interface PresentBudget {
  readonly budget: BudgetRecord;
  readonly window: BudgetWindow;
}

const mostKnownWindows = 20_000;
const mostEndings = 200;

@Injectable()
export class LeaseStore {
  /** Windows that are in the table: to look only once. */
  private readonly knownWindows = new Set<string>();

  constructor(
    private readonly database: Database,
    private readonly snapshots: Snapshots,
  ) {}

  /** Answers each want; nothing is granted beyond what the database has committed. */
  async lease(holder: string, epoch: number, wants: readonly LeaseWant[]): Promise<LeaseAnswer[]> {
    const { now, present } = await this.presentBudgets(wants.map((want) => want.scope));
    await this.makeWindows([...present.values()]);
    return this.database.transaction(async (tx) => {
      const ids = wants.map((want) => want.leaseId);
      const earlier = await tx.query<WindowName[]>(
        'SELECT scope, window_id AS "windowId" FROM lease WHERE id = ANY($1)',
        [ids],
      );
      const names = [...present.values()].map(nameOf);
      const rows = await EscrowRows.lock(tx, [...names, ...earlier], ids);
      const answers = wants.map((want) => answerOf(want, { holder, epoch, now, rows, present }));
      await rows.save(tx);
      return answers;
    });
  }

  /** Takes back what holders released and renews what is still open. */
  async renew(renewals: readonly LeaseRenewal[]): Promise<RenewedLease[]> {
    return this.database.transaction(async (tx) => {
      const ids = renewals.map((renewal) => renewal.leaseId);
      const rows = await EscrowRows.lock(tx, renewals, ids);
      const now = await databaseNow(tx);
      const answers = renewals.map((renewal): RenewedLease => {
        const { leaseId, released } = renewal;
        const gone: RenewedLease = { leaseId, state: 'gone', ttlMs: 0, guardMs: 0, windowLeftMs: null };
        const window = rows.window(renewal);
        const lease = rows.lease(leaseId);
        if (window === null || lease === null || lease.scope !== renewal.scope || lease.windowId !== renewal.windowId)
          return gone;
        const renewed = renewLease(window, lease, released, now, leasePolicy);
        rows.put(renewed.window, renewed.lease);
        const windowLeftMs = window.endsAt === null ? null : window.endsAt.getTime() - now;
        if (!renewed.open || (windowLeftMs !== null && windowLeftMs <= 0)) return gone;
        const { ttlMs, guardMs } = leasePolicy;
        return { leaseId, state: 'open', ttlMs, guardMs, windowLeftMs, usedRatio: usedRatioOf(renewed.window) };
      });
      await rows.save(tx);
      return answers;
    });
  }

  /** Ends leases that nobody renews, a batch at a time; returns how many changed. `postedUntil` as in `LeaseFacts`. */
  async endExpired(postedUntil: number): Promise<number> {
    return this.database.transaction(async (tx) => {
      const closeAfter = (leasePolicy.requestDeadlineMs + 2 * leasePolicy.drainMs) / 1_000;
      const due = await tx.query<(WindowName & { id: string })[]>(
        `SELECT id, scope, window_id AS "windowId" FROM lease
         WHERE (state = 'open' AND expires_at < now())
           OR (state = 'expired' AND expires_at < now() - make_interval(secs => $1))
         ORDER BY expires_at LIMIT $2`,
        [closeAfter, mostEndings],
      );
      if (due.length === 0) return 0;
      const ids = due.map((lease) => lease.id);
      const rows = await EscrowRows.lock(tx, due, ids);
      const now = await databaseNow(tx);
      const busy = await tx.query<{ id: string }[]>(
        'SELECT DISTINCT unnest(lease_ids) AS id FROM usage_open WHERE lease_ids && $1::text[]',
        [ids],
      );
      const open = new Set(busy.map((row) => row.id));
      let changed = 0;
      for (const id of ids) {
        const lease = rows.lease(id);
        const window = lease === null ? null : rows.window(lease);
        if (lease === null || window === null) continue;
        const ended = endLease(window, lease, { now, postedUntil, hasOpenAttempts: open.has(id) }, leasePolicy);
        if (ended === null) continue;
        rows.put(ended.window, ended.lease);
        changed += 1;
      }
      await rows.save(tx);
      return changed;
    });
  }

  /** What is left of budgets, in their present windows; scopes without a budget are left out. */
  async info(scopes: readonly string[]): Promise<BudgetState[]> {
    const { present } = await this.presentBudgets(scopes);
    const wanted = [...present.values()];
    const rows = await this.database.run((manager) =>
      manager.query<(ScopeWindow & WindowName)[]>(
        `SELECT w.scope, w.window_id AS "windowId", w.limit_n AS "limit", w.settled, w.held, w.overrun
         FROM scope_window w JOIN unnest($1::text[], $2::text[]) AS n (scope, window_id) USING (scope, window_id)`,
        [wanted.map(({ budget }) => budget.scope), wanted.map(({ window }) => window.id)],
      ),
    );
    const found = new Map(rows.map((row) => [windowKey(row), row]));
    return wanted.map(({ budget, window }) => {
      const row = found.get(windowKey({ scope: budget.scope, windowId: window.id }));
      return {
        scope: budget.scope,
        unit: budget.unit,
        windowId: window.id,
        limit: budget.limit,
        softLimit: budget.softLimit,
        settled: row?.settled ?? 0,
        held: row?.held ?? 0,
        overrun: row?.overrun ?? 0,
        startedAt: window.startsAt?.toISOString() ?? null,
        resetAt: window.endsAt?.toISOString() ?? null,
      };
    });
  }

  private async presentBudgets(
    scopes: readonly string[],
  ): Promise<{ now: number; present: ReadonlyMap<string, PresentBudget> }> {
    const timeZone = this.snapshots.current()?.general.timezone ?? 'UTC';
    const records = await this.database.run((manager) =>
      manager.query<(BudgetRecord & { now: Date })[]>(
        `SELECT scope, unit, ${presentLimit} AS "limit", soft_limit_n AS "softLimit", duration, reset_at AS "resetAt", now() AS now
         FROM budget WHERE scope = ANY($1)`,
        [scopes],
      ),
    );
    const present = new Map<string, PresentBudget>();
    for (const { now, ...budget } of records) {
      const { duration, resetAt } = budget;
      present.set(budget.scope, { budget, window: windowAt({ duration, resetAt, timeZone }, now) });
    }
    return { now: records[0]?.now.getTime() ?? 0, present };
  }

  /**
   * Makes windows that are missing, each in a statement of its own: made inside the transaction they would be locked out
   * of order.
   */
  private async makeWindows(present: readonly PresentBudget[]): Promise<void> {
    const missing = present.filter((one) => !this.knownWindows.has(windowKey(nameOf(one))));
    if (missing.length === 0) return;
    if (this.knownWindows.size > mostKnownWindows) this.knownWindows.clear();
    await this.database.run((manager) =>
      manager.query(
        `INSERT INTO scope_window (scope, window_id, unit, limit_n, starts_at, ends_at)
         SELECT scope, window_id, unit, limit_n, coalesce(starts_at, now()), ends_at
         FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::timestamptz[], $6::timestamptz[])
           AS t (scope, window_id, unit, limit_n, starts_at, ends_at)
         ORDER BY scope ON CONFLICT DO NOTHING`,
        [
          missing.map(({ budget }) => budget.scope),
          missing.map(({ window }) => window.id),
          missing.map(({ budget }) => budget.unit),
          missing.map(({ budget }) => budget.limit),
          missing.map(({ window }) => window.startsAt),
          missing.map(({ window }) => window.endsAt),
        ],
      ),
    );
    for (const one of missing) this.knownWindows.add(windowKey(nameOf(one)));
  }
}

function nameOf({ budget, window }: PresentBudget): WindowName {
  return { scope: budget.scope, windowId: window.id };
}

interface Granting {
  readonly holder: string;
  readonly epoch: number;
  readonly now: number;
  readonly rows: EscrowRows;
  readonly present: ReadonlyMap<string, PresentBudget>;
}

function answerOf(want: LeaseWant, { holder, epoch, now, rows, present }: Granting): LeaseAnswer {
  const { leaseId, scope } = want;
  const found = present.get(scope);
  if (found === undefined) return { kind: 'unlimited', leaseId, scope };
  const existing = rows.lease(leaseId);
  if (existing !== null && existing.scope !== scope) throw new GatewayError('internal_error');
  const stored = rows.window(existing ?? nameOf(found));
  if (stored === null) throw new GatewayError('budget_unavailable');
  const window = existing === null ? withLimit(stored, found.budget.limit) : stored;
  const granted = grantLease(window, existing, { ...want, holder, epoch }, now, leasePolicy);
  if (granted === null) {
    const { limit, settled, held } = window;
    const resetAt = found.window.endsAt?.toISOString() ?? null;
    return { kind: 'denied', leaseId, scope, limit, settled: Math.max(0, settled), held, resetAt };
  }
  rows.put(granted.window, granted.lease);
  return {
    kind: 'granted',
    leaseId,
    scope,
    windowId: granted.lease.windowId,
    granted: granted.lease.granted,
    ttlMs: leasePolicy.ttlMs,
    guardMs: leasePolicy.guardMs,
    windowLeftMs: stored.endsAt === null ? null : Math.max(0, stored.endsAt.getTime() - now),
    usedRatio: usedRatioOf(window),
  };
}

async function databaseNow(tx: { query<T>(sql: string): Promise<T> }): Promise<number> {
  const [row] = await tx.query<{ now: Date }[]>('SELECT now() AS now');
  return row?.now.getTime() ?? 0;
}
