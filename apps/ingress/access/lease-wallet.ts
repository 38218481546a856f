/**
 * The leases that this process holds, and what is free on each. Taking is synchronous, so that no other request comes in
 * between: all scopes of a request or none. Times are of a monotonic clock that the caller reads.
 */
import type { LeaseAnswer, LeaseRenewal, RenewedLease } from '#contracts';

/** What a request needs of one scope, in the scope's unit. */
export interface Demand {
  readonly scope: string;
  readonly amount: number;
}

/** An amount taken from one lease for one attempt. */
export interface Holding {
  readonly scope: string;
  readonly windowId: string;
  readonly leaseId: string;
  readonly amount: number;
}

export type GrantedLease = Extract<LeaseAnswer, { kind: 'granted' }>;

export type Taken =
  | { readonly kind: 'taken'; readonly holdings: readonly Holding[] }
  | { readonly kind: 'missing'; readonly demands: readonly Demand[] };

interface HeldLease {
  readonly id: string;
  readonly scope: string;
  readonly windowId: string;
  free: number;
  /** Given back since the grant, cumulative, and how much of that accounting has confirmed. */
  released: number;
  confirmed: number;
  /** Taken and neither settled nor forfeited. */
  outstanding: number;
  validUntil: number;
  usedAt: number;
  /** Share of the budget that was posted when accounting last answered; 0 where it does not say. */
  usedRatio: number;
}

/** A lease may be used this long after its grant even where its window ends earlier: the request came in before the end. */
const boundaryGraceMs = 1_000;
/** A lease that nobody took from for this long is given back. */
const idleMs = 10_000;
/** A lease is forgotten this long after its end, also where accounting never confirmed what was given back. */
const forgetAfterMs = 120_000;

/** Until when the holder may take from a fresh lease: counted from when it asked, whose clock has not gone back since. */
export function usableUntil(grant: Pick<GrantedLease, 'ttlMs' | 'guardMs' | 'windowLeftMs'>, sentAt: number): number {
  const ends = grant.windowLeftMs === null ? Infinity : Math.max(boundaryGraceMs, grant.windowLeftMs);
  return sentAt + Math.min(grant.ttlMs - grant.guardMs, ends);
}

export class LeaseWallet {
  private readonly byId = new Map<string, HeldLease>();
  private readonly byScope = new Map<string, HeldLease[]>();

  constructor(private readonly validity: typeof usableUntil = usableUntil) {}

  /** Takes every demand from a valid lease that holds enough, or nothing; then says which demands lack one. */
  take(demands: readonly Demand[], now: number): Taken {
    const found: { lease: HeldLease; demand: Demand }[] = [];
    const missing: Demand[] = [];
    for (const demand of demands) {
      const lease = this.byScope
        .get(demand.scope)
        ?.find(({ validUntil, free }) => now < validUntil && free >= demand.amount);
      if (lease === undefined) missing.push(demand);
      else found.push({ lease, demand });
    }
    if (missing.length > 0) return { kind: 'missing', demands: missing };
    const holdings = found.map(({ lease, demand: { scope, amount } }) => {
      lease.free -= amount;
      lease.outstanding += amount;
      lease.usedAt = now;
      return { scope, windowId: lease.windowId, leaseId: lease.id, amount };
    });
    return { kind: 'taken', holdings };
  }

  /** Puts a granted lease in. One that comes too late is kept as well: its amount must be given back. */
  add(grant: GrantedLease, sentAt: number, now: number): void {
    const validUntil = this.validity(grant, sentAt);
    const known = this.byId.get(grant.leaseId);
    if (known !== undefined) {
      known.validUntil = Math.max(known.validUntil, validUntil);
      known.usedRatio = grant.usedRatio ?? known.usedRatio;
      return;
    }
    const { leaseId: id, scope, windowId, granted: free } = grant;
    const given = { released: 0, confirmed: 0, outstanding: 0 };
    const lease = { id, scope, windowId, free, ...given, validUntil, usedAt: now, usedRatio: grant.usedRatio ?? 0 };
    this.byId.set(id, lease);
    const others = this.byScope.get(scope);
    if (others === undefined) this.byScope.set(scope, [lease]);
    else others.push(lease);
  }

  /** Adds to a holding on its own lease; null where that has not enough, or has ended. */
  extend(holding: Holding, by: number, now: number): Holding | null {
    const lease = this.byId.get(holding.leaseId);
    if (lease === undefined || now >= lease.validUntil || lease.free < by) return null;
    lease.free -= by;
    lease.outstanding += by;
    lease.usedAt = now;
    return { ...holding, amount: holding.amount + by };
  }

  /** Replaces a holding by what was really used; what is left of it is free again. Returns whether something is. */
  settle(holding: Holding, used: number): boolean {
    const lease = this.byId.get(holding.leaseId);
    if (lease === undefined) return false;
    lease.outstanding -= holding.amount;
    lease.free = Math.max(0, lease.free + holding.amount - used);
    return used < holding.amount;
  }

  /** Gives a holding up without freeing it: nobody knows yet what was used. The ledger will, or the reaper. */
  forfeit(holding: Holding): void {
    const lease = this.byId.get(holding.leaseId);
    if (lease !== undefined) lease.outstanding -= holding.amount;
  }

  /** What to tell accounting now: leases in use are renewed, those that are idle, ended or spare are given back. At most `limit`. */
  renewals(now: number, limit = 500): LeaseRenewal[] {
    const found: LeaseRenewal[] = [];
    // A list of its own, since those that are told are put at the end meanwhile.
    const leases = [...this.byId.values()];
    for (const lease of leases) {
      const idle = now - lease.usedAt >= idleMs;
      if (idle || now >= lease.validUntil || !this.isFullest(lease)) giveBack(lease);
      if (isDone(lease) || now > lease.validUntil + forgetAfterMs) {
        this.forget(lease);
        continue;
      }
      // What is wholly in use needs no more time: accounting keeps its amount until it is posted.
      if (lease.free > 0 || lease.released > lease.confirmed) found.push(renewalOf(lease));
      // A later call then reaches the rest.
      this.byId.delete(lease.id);
      this.byId.set(lease.id, lease);
      if (found.length >= limit) break;
    }
    return found;
  }

  /** Takes over what accounting answered to renewals sent at `sentAt`. */
  renewed(sent: readonly LeaseRenewal[], answers: readonly RenewedLease[], sentAt: number): void {
    const releasedOf = new Map(sent.map((renewal) => [renewal.leaseId, renewal.released]));
    for (const answer of answers) {
      const lease = this.byId.get(answer.leaseId);
      if (lease === undefined) continue;
      lease.confirmed = Math.max(lease.confirmed, releasedOf.get(answer.leaseId) ?? 0);
      lease.usedRatio = answer.usedRatio ?? lease.usedRatio;
      if (answer.state === 'gone') lease.validUntil = Math.min(lease.validUntil, sentAt);
      else if (lease.validUntil > sentAt) {
        const left = answer.windowLeftMs ?? Infinity;
        lease.validUntil = Math.max(lease.validUntil, sentAt + Math.min(answer.ttlMs - answer.guardMs, left));
      }
      if (isDone(lease)) this.forget(lease);
    }
  }

  /** Gives back what is free in a scope; with `revoke` its leases may not be used any more. Returns what to tell accounting. */
  recall(scope: string, kind: 'idle' | 'revoke', now: number): LeaseRenewal[] {
    const leases = this.byScope.get(scope) ?? [];
    const before = leases.map((lease) => lease.released);
    for (const lease of leases) {
      if (kind === 'revoke') lease.validUntil = Math.min(lease.validUntil, now);
      giveBack(lease);
    }
    return leases.filter((lease, i) => lease.released !== before[i]).map(renewalOf);
  }

  /** Gives back everything that is free, for a process that ends. */
  giveBackAll(): LeaseRenewal[] {
    for (const lease of this.byId.values()) giveBack(lease);
    return [...this.byId.values()].map(renewalOf);
  }

  /** Share of its budget that was posted when accounting last spoke of the lease; 0 where that is not known. */
  usedRatioOf({ leaseId }: Holding): number {
    return this.byId.get(leaseId)?.usedRatio ?? 0;
  }

  /** Scopes that have leases here. */
  get scopes(): readonly string[] {
    return [...this.byScope.keys()];
  }

  /** Free amount of a scope on valid leases. */
  freeOf(scope: string, now: number): number {
    return (this.byScope.get(scope) ?? []).reduce(
      (sum, { free, validUntil }) => sum + (now < validUntil ? free : 0),
      0,
    );
  }

  get size(): number {
    return this.byId.size;
  }

  /** Of several leases of a scope only the fullest is kept: what is left on the others is too little to be of use here. */
  private isFullest(lease: HeldLease): boolean {
    for (const other of this.byScope.get(lease.scope) ?? []) {
      if (other.free > lease.free && other.validUntil >= lease.validUntil) return false;
    }
    return true;
  }

  private forget(lease: HeldLease): void {
    this.byId.delete(lease.id);
    const rest = (this.byScope.get(lease.scope) ?? []).filter((other) => other !== lease);
    if (rest.length === 0) this.byScope.delete(lease.scope);
    else this.byScope.set(lease.scope, rest);
  }
}

function giveBack(lease: HeldLease): void {
  lease.released += lease.free;
  lease.free = 0;
}

/** Nothing is left on it, nothing runs on it, and accounting knows. */
function isDone(lease: HeldLease): boolean {
  return lease.free === 0 && lease.outstanding === 0 && lease.confirmed === lease.released;
}

function renewalOf({ id: leaseId, scope, windowId, released }: HeldLease): LeaseRenewal {
  return { leaseId, scope, windowId, released };
}
