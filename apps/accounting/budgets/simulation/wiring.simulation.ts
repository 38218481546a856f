/**
 * What the simulated services are made of: the real functions, and the decisions that are made where effects meet. A
 * mutant replaces one of them; the simulation must notice.
 */
import { LeaseWallet, type Demand } from '../../../ingress/access/lease-wallet.js';
import { bestOfEach, settle } from '../../usage/settle.js';
import { postAmount } from '../escrow.js';
import { endLease, grantLease, renewLease, withLease, type LeasePolicy } from '../lease.js';
import type { Dice } from './virtual-time.simulation.js';

export const policy: LeasePolicy = { ttlMs: 3_000, guardMs: 300, requestDeadlineMs: 4_000, drainMs: 2_000 };

export interface Wiring {
  readonly grantLease: typeof grantLease;
  readonly renewLease: typeof renewLease;
  readonly endLease: typeof endLease;
  readonly postAmount: typeof postAmount;
  readonly bestOfEach: typeof bestOfEach;
  readonly settle: typeof settle;
  readonly newWallet: () => LeaseWallet;
  /** What an ingress reserves for a request that may use `demands`. */
  readonly reservationOf: (demands: readonly Demand[]) => readonly Demand[];
  /** The worker tells the ingress that an attempt is settled only once its event is stored. */
  readonly settlesWhenStored: boolean;
  /** Messages of the stream are acknowledged after the commit. */
  readonly acknowledgesAfterCommit: boolean;
  /** The worker closes an attempt also where the client left. */
  readonly closesOnDisconnect: boolean;
  /** The ingress closes attempts whose worker died. */
  readonly ingressCloses: boolean;
  /** The worker announces an attempt, and asks the upstream once the announcement has left it. */
  readonly announces: 'before' | 'beside' | 'never';
  /** How long the ingress keeps to itself that a worker died. */
  readonly reportDelayMs: (dice: Dice) => number;
}

/** An ingress has noticed within this time that a worker died, and reported what it saw. */
export const noticeMs = 1_900;

export const realWiring: Wiring = {
  grantLease,
  renewLease,
  endLease,
  postAmount,
  bestOfEach,
  settle,
  newWallet: () => new LeaseWallet(),
  reservationOf: (demands) => demands,
  settlesWhenStored: true,
  acknowledgesAfterCommit: true,
  closesOnDisconnect: true,
  ingressCloses: true,
  announces: 'before',
  reportDelayMs: () => 0,
};

/** Bugs that were seen in gateways, or nearly made here. */
export const mutants: Readonly<Record<string, Partial<Wiring>>> = {
  'check then increment: what is lent out is not counted': {
    grantLease: (window, existing, ask, now, rules) => {
      const granted = grantLease({ ...window, held: 0 }, existing, ask, now, rules);
      if (granted === null || existing !== null) return granted;
      return withLease(window, null, granted.lease);
    },
  },
  'a repeated question is granted twice': {
    grantLease: (window, existing, ask, now, rules) => {
      if (existing === null || existing.state !== 'open') return grantLease(window, existing, ask, now, rules);
      return withLease(window, existing, { ...existing, granted: existing.granted + ask.need });
    },
  },
  'messages are acknowledged before the commit': { acknowledgesAfterCommit: false },
  'events are not deduplicated': {
    bestOfEach: (rows) => [...rows],
    settle: (rows) => ({ charges: rows, corrections: [], duplicates: 0 }),
  },
  'a worse source is posted beside a better one': {
    settle: (rows, first, known) => {
      const settled = settle(rows, first, known);
      const again = rows.filter((row) => !first.has(row.attemptId) && known.get(row.attemptId)?.source !== row.source);
      return { ...settled, charges: [...settled.charges, ...again], corrections: [] };
    },
  },
  'a reservation is freed before its usage is stored': { settlesWhenStored: false },
  'a lease is closed when it expires': {
    endLease: (window, lease, facts) =>
      endLease(
        window,
        lease,
        { ...facts, postedUntil: Infinity, hasOpenAttempts: false },
        { ...policy, requestDeadlineMs: 0, drainMs: 0 },
      ),
  },
  'a lease is closed while its usage waits in the stream': {
    endLease: (window, lease, facts, rules) =>
      endLease(window, lease, { ...facts, postedUntil: Infinity, hasOpenAttempts: false }, rules),
  },
  'leases do not end at their holder': { newWallet: () => new LeaseWallet(() => Infinity) },
  'leases are counted from when the answer came': {
    // A holder that was stopped while it waited for the answer believes in a lease that has long ended.
    newWallet: () => {
      const wallet = new LeaseWallet();
      const add = wallet.add.bind(wallet);
      wallet.add = (grant, _sentAt, now) => add(grant, now, now);
      return wallet;
    },
  },
  'the close is dropped when the client leaves': { closesOnDisconnect: false },
  'the ingress does not close for a dead worker': { ingressCloses: false },
  'attempts are not announced': { announces: 'never' },
  'an upstream is asked while the announcement still waits in the worker': { announces: 'beside' },
  'a dead worker is reported when the request is over, after its other attempts': {
    reportDelayMs: (dice) => 2_000 + dice.upTo(3_000),
  },
  'a reservation is shrunk to fit': {
    reservationOf: (demands) => demands.map(({ scope, amount }) => ({ scope, amount: Math.ceil(amount / 2) })),
  },
  'posting forgets the lease': {
    postAmount: (window, lease, amount) => ({ window: postAmount(window, null, amount).window, lease }),
  },
};

/** Bugs that show only under one kind of fault: the seeds of the others would be run in vain. */
export const showsUnder: Readonly<Record<string, 'stopped-ingress' | 'long-database-outage'>> = {
  'a lease is closed while its usage waits in the stream': 'long-database-outage',
  'leases do not end at their holder': 'stopped-ingress',
  'leases are counted from when the answer came': 'stopped-ingress',
};
