/**
 * Leases: pieces of a budget that an ingress may spend from without asking. The rule that everything rests on is
 * `settled + held <= limit + overrun`: what was spent and what may still be spent under a lease never exceed the limit,
 * except for what upstreams charged above a reservation.
 */

/** A budget in one of its windows. Amounts in the budget's unit. */
export interface ScopeWindow {
  readonly scope: string;
  readonly windowId: string;
  readonly limit: number;
  readonly settled: number;
  /** The sum of `heldBy` over its leases. */
  readonly held: number;
  readonly overrun: number;
}

export interface Lease {
  readonly id: string;
  readonly scope: string;
  readonly windowId: string;
  readonly holder: string;
  readonly epoch: number;
  readonly granted: number;
  /** What the holder gave back, cumulative. */
  readonly released: number;
  /** What was posted on it. */
  readonly settled: number;
  readonly state: 'open' | 'expired' | 'closed';
  /** Milliseconds of the store's clock. */
  readonly expiresAt: number;
}

export interface LeasePolicy {
  readonly ttlMs: number;
  /** How long before the end the holder stops: it covers clocks that do not run alike. */
  readonly guardMs: number;
  /** Longest life of a request: an attempt admitted at the last moment of a lease is closed by then, or never. */
  readonly requestDeadlineMs: number;
  /** What a service that shuts down may take to report its last attempts. */
  readonly drainMs: number;
}

export interface LeaseAsk {
  readonly leaseId: string;
  readonly holder: string;
  readonly epoch: number;
  readonly need: number;
  readonly want: number;
}

/** A window and a lease as an operation leaves them. */
export interface Escrow {
  readonly window: ScopeWindow;
  readonly lease: Lease;
}

/** What a lease keeps from others. */
export function heldBy(lease: Lease): number {
  return lease.state === 'closed' ? 0 : Math.max(0, lease.granted - lease.released - lease.settled);
}

/** What can still be granted; never negative. */
export function leftOf(window: ScopeWindow): number {
  return Math.max(0, window.limit - window.settled - window.held);
}

/** Share of a budget that is posted: 1 = all of it, more where it was overrun. */
export function usedRatioOf(window: ScopeWindow): number {
  return window.limit === 0 ? 1 : Math.max(0, window.settled) / window.limit;
}

/**
 * How much to grant, or null where `need` does not fit: it is never cut. Far from the limit eight times the need, or what
 * all waiting requests want, but at most 5 % of the rest; near it exactly the need, so that nobody holds what others lack.
 */
export function leaseSize(need: number, want: number, left: number): number | null {
  if (need > left) return null;
  if (left < need * 20) return need;
  return Math.max(need, Math.min(Math.max(need * 8, want), Math.floor(left / 20)));
}

/** The window with a lease changed from `before` to `after`: `held` follows. */
export function withLease(window: ScopeWindow, before: Lease | null, after: Lease): Escrow {
  const held = window.held - (before === null ? 0 : heldBy(before)) + heldBy(after);
  return { window: { ...window, held }, lease: after };
}

/**
 * Grants a lease, or null where the need does not fit. The same lease id again is the same lease, with its time renewed:
 * the answer may have been lost. An id whose lease has ended gets nothing.
 */
export function grantLease(
  window: ScopeWindow,
  existing: Lease | null,
  ask: LeaseAsk,
  now: number,
  policy: LeasePolicy,
): Escrow | null {
  const expiresAt = now + policy.ttlMs;
  if (existing !== null) {
    if (existing.state !== 'open' || now > existing.expiresAt) return null;
    return { window, lease: { ...existing, expiresAt: Math.max(existing.expiresAt, expiresAt) } };
  }
  const granted = leaseSize(ask.need, ask.want, leftOf(window));
  if (granted === null) return null;
  const { leaseId: id, holder, epoch } = ask;
  const { scope, windowId } = window;
  const fresh = { id, scope, windowId, holder, epoch, granted, released: 0, settled: 0, expiresAt };
  return withLease(window, null, { ...fresh, state: 'open' });
}

/**
 * Takes back what the holder released (cumulative, so a repeated or late message does no harm) and renews the lease where
 * it is still open. An expired lease stays expired, since its holder has stopped using it. Over its limit, because that was
 * lowered or an answer cost more than was reserved, a window renews nothing: what is left on its leases must not be spent.
 */
export function renewLease(
  window: ScopeWindow,
  lease: Lease,
  released: number,
  now: number,
  policy: LeasePolicy,
): Escrow & { readonly open: boolean } {
  if (lease.state === 'closed') return { window, lease, open: false };
  const isOver = window.settled + window.held > window.limit;
  const open = lease.state === 'open' && now <= lease.expiresAt && !isOver;
  const after: Lease = {
    ...lease,
    released: Math.min(lease.granted, Math.max(lease.released, released)),
    expiresAt: open ? now + policy.ttlMs : lease.expiresAt,
  };
  return { ...withLease(window, lease, after), open };
}

/** When a lease that ended at `expiresAt` may be closed at the earliest. */
export function closableAt(lease: Pick<Lease, 'expiresAt'>, policy: LeasePolicy): number {
  return lease.expiresAt + policy.requestDeadlineMs + 2 * policy.drainMs;
}

export interface LeaseFacts {
  readonly now: number;
  /** All usage reported before this time has been posted: a backlog may hold a close of this very lease. */
  readonly postedUntil: number;
  /** An attempt that was admitted on the lease has not been closed. */
  readonly hasOpenAttempts: boolean;
}

/**
 * Ends a lease that nobody renews. First it only counts as expired and keeps its amount; its rest returns to the budget
 * when nothing can be posted on it any more. Returns null where nothing changes.
 */
export function endLease(window: ScopeWindow, lease: Lease, facts: LeaseFacts, policy: LeasePolicy): Escrow | null {
  if (lease.state === 'closed' || facts.now <= lease.expiresAt) return null;
  const closable = closableAt(lease, policy);
  if (facts.now >= closable && facts.postedUntil >= closable && !facts.hasOpenAttempts) {
    return withLease(window, lease, { ...lease, state: 'closed' });
  }
  return lease.state === 'expired' ? null : { window, lease: { ...lease, state: 'expired' } };
}
