/** PostgreSQL, the stream USAGE and accounting, simulated: whole operations are transactions, messages come late or twice. */
import {
  budgetScopeName,
  type BudgetUnit,
  type LeaseAnswer,
  type LeaseRenewal,
  type LeaseWant,
  type RenewedLease,
} from '#contracts';
import { ledgerPosting, type LedgerEntry } from '../../usage/ledger-entry.js';
import type { UsageRow } from '../../usage/usage-row.js';
import { leftOf, type Lease, type ScopeWindow } from '../lease.js';
import { windowAt, type WindowRule } from '../window.js';
import { policy, type Wiring } from './wiring.simulation.js';

export interface SimulatedBudget {
  readonly scope: string;
  readonly limit: number;
  readonly rule: WindowRule;
}

export interface OpenMessage {
  readonly kind: 'open';
  readonly row: UsageRow;
  readonly reserved: { readonly usd: number; readonly tokens: number };
  readonly expiresAt: number;
}
export type UsageMessage = OpenMessage | { readonly kind: 'close'; readonly row: UsageRow };

/** What the checks of the world need to hear. */
export interface StoreWitness {
  readonly committed: (window: ScopeWindow) => void;
  readonly reaped: (attemptId: string) => void;
  readonly posted: (row: UsageRow, entries: readonly LedgerEntry[]) => void;
}

const start = Date.parse('2026-03-28T12:00:00Z');

export const scopeOf = (unit: BudgetUnit, owner: 'key' | 'team', id: string) =>
  budgetScopeName({ unit, owner, id, model: null });

export class SimulatedStore {
  up = true;
  readonly windows = new Map<string, ScopeWindow>();
  readonly leases = new Map<string, Lease>();
  readonly rows = new Map<string, UsageRow>();
  readonly ledger: LedgerEntry[] = [];
  readonly opens = new Map<string, OpenMessage>();
  private readonly live = new Set<string>();
  private allPostedUntil = 0;

  constructor(
    private readonly budgets: ReadonlyMap<string, SimulatedBudget>,
    private readonly wiring: Wiring,
    private readonly witness: StoreWitness,
  ) {}

  /** The row of a scope in its present window. */
  windowOf(scope: string, now: number): { window: ScopeWindow; leftMs: number | null } {
    const budget = this.budgets.get(scope);
    if (budget === undefined) throw new RangeError(`no budget ${scope}`);
    const { id, endsAt } = windowAt(budget.rule, new Date(start + now));
    const window = this.windows.get(`${scope} ${id}`) ?? {
      scope,
      windowId: id,
      limit: budget.limit,
      settled: 0,
      held: 0,
      overrun: 0,
    };
    return { window, leftMs: endsAt === null ? null : endsAt.getTime() - start - now };
  }

  lease(want: LeaseWant, holder: string, epoch: number, now: number): LeaseAnswer {
    const existing = this.leases.get(want.leaseId) ?? null;
    const present = this.windowOf(want.scope, now);
    const window =
      existing === null
        ? present.window
        : (this.windows.get(`${existing.scope} ${existing.windowId}`) ?? present.window);
    const granted = this.wiring.grantLease(window, existing, { ...want, holder, epoch }, now, policy);
    const { leaseId, scope } = want;
    if (granted === null) {
      const { limit, settled, held } = window;
      return { kind: 'denied', leaseId, scope, limit, settled, held: Math.min(held, limit), resetAt: null };
    }
    this.keep(granted.window, granted.lease);
    const { windowId, granted: amount } = granted.lease;
    const { ttlMs, guardMs } = policy;
    return { kind: 'granted', leaseId, scope, windowId, granted: amount, ttlMs, guardMs, windowLeftMs: present.leftMs };
  }

  renew(renewal: LeaseRenewal, now: number): RenewedLease {
    const { leaseId, scope, windowId } = renewal;
    const lease = this.leases.get(leaseId);
    const window = this.windows.get(`${scope} ${windowId}`);
    const gone: RenewedLease = { leaseId, state: 'gone', ttlMs: 0, guardMs: 0, windowLeftMs: null };
    if (lease === undefined || window === undefined) return gone;
    const renewed = this.wiring.renewLease(window, lease, renewal.released, now, policy);
    this.keep(renewed.window, renewed.lease);
    const present = this.windowOf(scope, now);
    if (!renewed.open || present.window.windowId !== windowId) return gone;
    return { leaseId, state: 'open', ttlMs: policy.ttlMs, guardMs: policy.guardMs, windowLeftMs: present.leftMs };
  }

  /** One transaction of the usage consumer. */
  post(messages: readonly UsageMessage[]): void {
    const closes = this.wiring.bestOfEach(messages.flatMap((m) => (m.kind === 'close' ? m.row : [])));
    this.settle(closes);
    for (const message of messages) {
      const { attemptId } = message.row;
      if (message.kind === 'open' && !this.rows.has(attemptId)) this.opens.set(attemptId, message);
    }
  }

  /** Closes abandoned attempts and ends leases. `postedUntil` as the real service knows it. */
  reap(now: number, postedUntil: number): void {
    for (const open of this.opens.values()) {
      if (open.expiresAt > postedUntil) continue;
      this.witness.reaped(open.row.attemptId);
      const { usd, tokens } = open.reserved;
      this.settle([{ ...open.row, source: 'reaper', outcome: 'failure', costNanoUsd: usd, outputTokens: tokens }]);
    }
    const busy = new Set<string>();
    for (const open of this.opens.values()) for (const { id } of open.row.leases) busy.add(id);
    for (const id of this.live) {
      const lease = this.leases.get(id);
      const window = lease === undefined ? undefined : this.windows.get(`${lease.scope} ${lease.windowId}`);
      if (lease === undefined || window === undefined) continue;
      const hasOpenAttempts = busy.has(id);
      const ended = this.wiring.endLease(window, lease, { now, postedUntil, hasOpenAttempts }, policy);
      if (ended !== null) this.keep(ended.window, ended.lease);
    }
  }

  private settle(rows: readonly UsageRow[]): void {
    const first = new Set(rows.filter((row) => !this.rows.has(row.attemptId)).map((row) => row.attemptId));
    const settlement = this.wiring.settle(rows, first, this.rows);
    const { entries, charges } = ledgerPosting(settlement);
    for (const entry of entries) this.ledger.push(Object.freeze(entry));
    for (const row of [...settlement.charges, ...settlement.corrections.map(({ after }) => after)]) {
      this.rows.set(row.attemptId, row);
      this.opens.delete(row.attemptId);
      this.witness.posted(row, entries);
    }
    for (const { scope, windowId, leaseId, amount } of charges) {
      const window = this.windows.get(`${scope} ${windowId}`);
      if (window === undefined) continue;
      const posted = this.wiring.postAmount(window, this.leases.get(leaseId) ?? null, amount);
      this.keep(posted.window, posted.lease);
    }
  }

  private keep(window: ScopeWindow, lease: Lease | null): void {
    this.windows.set(`${window.scope} ${window.windowId}`, window);
    if (lease !== null) {
      this.leases.set(lease.id, lease);
      if (lease.state === 'closed') this.live.delete(lease.id);
      else this.live.add(lease.id);
    }
    this.witness.committed(window);
  }

  /** What could be granted now. */
  leftIn(scope: string, now: number): number {
    return leftOf(this.windowOf(scope, now).window);
  }
}
