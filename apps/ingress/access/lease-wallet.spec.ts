import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LeaseWallet, usableUntil, type GrantedLease } from './lease-wallet.js';
import { Reservation } from './reservation.js';

const grant = (leaseId: string, scope: string, granted: number, windowLeftMs: number | null = null): GrantedLease => ({
  kind: 'granted',
  leaseId,
  scope,
  windowId: 'w',
  granted,
  ttlMs: 30_000,
  guardMs: 3_000,
  windowLeftMs,
});

function walletWith(...grants: GrantedLease[]): LeaseWallet {
  const wallet = new LeaseWallet();
  for (const one of grants) wallet.add(one, 0, 10);
  return wallet;
}

describe('taking', () => {
  it('is all or nothing', () => {
    const wallet = walletWith(grant('a', 'key', 100), grant('b', 'team', 50));
    const demands = [
      { scope: 'key', amount: 60 },
      { scope: 'team', amount: 60 },
    ];
    expect(wallet.take(demands, 20)).toEqual({ kind: 'missing', demands: [{ scope: 'team', amount: 60 }] });
    expect(wallet.freeOf('key', 20)).toBe(100);
    wallet.add(grant('c', 'team', 60), 20, 20);
    expect(wallet.take(demands, 30)).toMatchObject({ kind: 'taken', holdings: [{ leaseId: 'a' }, { leaseId: 'c' }] });
    expect([wallet.freeOf('key', 30), wallet.freeOf('team', 30)]).toEqual([40, 50]);
  });

  it('ends before the lease does, counted from when it was asked for', () => {
    const wallet = walletWith(grant('a', 'key', 100));
    expect(wallet.take([{ scope: 'key', amount: 1 }], 26_999).kind).toBe('taken');
    expect(wallet.take([{ scope: 'key', amount: 1 }], 27_000).kind).toBe('missing');
    const late = new LeaseWallet();
    late.add(grant('b', 'key', 100), 0, 28_000);
    expect(late.take([{ scope: 'key', amount: 1 }], 28_000).kind).toBe('missing');
    expect(late.renewals(28_000)).toEqual([{ leaseId: 'b', scope: 'key', windowId: 'w', released: 100 }]);
  });

  it('ends with the window, but a request that came before its end is still let in', () => {
    expect(usableUntil(grant('a', 'key', 1, 5_000), 100)).toBe(5_100);
    expect(usableUntil(grant('a', 'key', 1, 3), 100)).toBe(1_100);
    expect(usableUntil(grant('a', 'key', 1, null), 100)).toBe(27_100);
  });

  it('asks for nothing where nothing is needed', () => {
    expect(new LeaseWallet().take([], 0)).toEqual({ kind: 'taken', holdings: [] });
  });
});

describe('a reservation', () => {
  function reserved(wallet: LeaseWallet, amount = 60): { reservation: Reservation; freed: string[] } {
    const taken = wallet.take([{ scope: 'usd/key/k', amount }], 20);
    if (taken.kind !== 'taken') throw new Error('missing');
    const freed: string[] = [];
    return { reservation: new Reservation(wallet, taken.holdings, (scope) => freed.push(scope)), freed };
  }
  const used = (usd: number) => ({ usd, tokens: 0, requests: 0 });

  it('frees what was not used, once', () => {
    const wallet = walletWith(grant('a', 'usd/key/k', 100));
    const { reservation, freed } = reserved(wallet);
    expect(reservation.leases).toEqual([{ id: 'a', scope: 'usd/key/k', windowId: 'w' }]);
    expect(reservation.amountOf('usd')).toBe(60);
    reservation.settle(used(25));
    reservation.settle(used(0));
    reservation.undo();
    expect([wallet.freeOf('usd/key/k', 30), freed]).toEqual([75, ['usd/key/k']]);
  });

  it('warns of a budget from four fifths on, as accounting last said', () => {
    const wallet = walletWith({ ...grant('a', 'usd/key/k', 100), usedRatio: 0.79 });
    expect(reserved(wallet, 1).reservation.warnings).toEqual([]);
    const [renewal] = wallet.renewals(5_000);
    if (renewal === undefined) throw new Error('nothing to renew');
    const open = { leaseId: 'a', state: 'open', ttlMs: 30_000, guardMs: 3_000, windowLeftMs: null } as const;
    wallet.renewed([renewal], [{ ...open, usedRatio: 0.8 }], 5_000);
    const warning = { owner: 'key', unit: 'usd', usedRatio: 0.8 };
    expect(reserved(wallet, 1).reservation.warnings).toEqual([warning]);
    wallet.renewed([renewal], [open], 6_000);
    expect(reserved(wallet, 1).reservation.warnings).toEqual([warning]);
    expect(reserved(walletWith(grant('b', 'usd/key/k', 100))).reservation.warnings).toEqual([]);
  });

  it('takes from what is free where more was used than reserved', () => {
    const wallet = walletWith(grant('a', 'usd/key/k', 100));
    reserved(wallet).reservation.settle(used(80));
    expect(wallet.freeOf('usd/key/k', 30)).toBe(20);
    reserved(wallet, 20).reservation.settle(used(500));
    expect(wallet.freeOf('usd/key/k', 30)).toBe(0);
  });

  it('stays with the lease where nobody knows what was used', () => {
    const wallet = walletWith(grant('a', 'usd/key/k', 100));
    const { reservation } = reserved(wallet);
    reservation.forfeit();
    reservation.settle(used(0));
    expect(wallet.freeOf('usd/key/k', 30)).toBe(40);
  });

  it('grows for another attempt, or says that it cannot', () => {
    const wallet = walletWith(grant('a', 'usd/key/k', 100));
    const { reservation } = reserved(wallet);
    expect(reservation.cover(used(0), used(60), 30)).toBe(true);
    expect(wallet.freeOf('usd/key/k', 30)).toBe(40);
    expect(reservation.cover(used(30), used(60), 30)).toBe(true);
    expect([wallet.freeOf('usd/key/k', 30), reservation.amountOf('usd')]).toEqual([10, 90]);
    expect(reservation.cover(used(60), used(60), 30)).toBe(false);
    reservation.settle(used(45));
    expect(wallet.freeOf('usd/key/k', 30)).toBe(55);
    expect(reservation.cover(used(0), used(1), 30)).toBe(false);
  });
});

describe('renewals', () => {
  const released = (wallet: LeaseWallet, now: number) =>
    wallet.renewals(now).map((renewal) => `${renewal.leaseId}:${renewal.released}`);

  it('keep what is used, and give back what is idle, spare or over', () => {
    const wallet = walletWith(grant('a', 'key', 100));
    wallet.take([{ scope: 'key', amount: 10 }], 5_000);
    expect(released(wallet, 10_000)).toEqual(['a:0']);
    wallet.add(grant('b', 'key', 30), 0, 10_000);
    expect(released(wallet, 10_100)).toEqual(['a:0', 'b:30']);
    expect(released(wallet, 16_000)).toEqual(['a:90', 'b:30']);
  });

  it('are not needed for what is wholly in use', () => {
    const wallet = walletWith(grant('a', 'key', 100));
    wallet.take([{ scope: 'key', amount: 100 }], 20);
    expect(wallet.renewals(5_000)).toEqual([]);
    expect(wallet.size).toBe(1);
  });

  it('lengthen a lease from when they were sent', () => {
    const wallet = walletWith(grant('a', 'key', 100));
    const sent = wallet.renewals(5_000);
    wallet.renewed(sent, [{ leaseId: 'a', state: 'open', ttlMs: 30_000, guardMs: 3_000, windowLeftMs: null }], 5_000);
    expect(wallet.take([{ scope: 'key', amount: 1 }], 31_999).kind).toBe('taken');
    expect(wallet.take([{ scope: 'key', amount: 1 }], 32_000).kind).toBe('missing');
  });

  it('end a lease that is gone, and forget it once all is confirmed', () => {
    const wallet = walletWith(grant('a', 'key', 100));
    const gone = { leaseId: 'a', state: 'gone' as const, ttlMs: 0, guardMs: 0, windowLeftMs: null };
    wallet.renewed(wallet.renewals(5_000), [gone], 5_000);
    expect(wallet.take([{ scope: 'key', amount: 1 }], 5_001).kind).toBe('missing');
    const back = wallet.renewals(5_100);
    expect(back).toMatchObject([{ released: 100 }]);
    wallet.renewed(back, [gone], 5_100);
    expect(wallet.size).toBe(0);
  });

  it('reach every lease in turn where there are many', () => {
    const wallet = walletWith(...Array.from({ length: 7 }, (_, i) => grant(`l${i}`, `s${i}`, 10)));
    const told = [wallet.renewals(20, 3), wallet.renewals(20, 3), wallet.renewals(20, 3)].flat();
    expect(new Set(told.map(({ leaseId }) => leaseId)).size).toBe(7);
  });

  it('give back on a recall, and stop using what is revoked', () => {
    const wallet = walletWith(grant('a', 'key', 100), grant('b', 'team', 100));
    wallet.take([{ scope: 'key', amount: 30 }], 20);
    expect(wallet.recall('key', 'idle', 30)).toEqual([{ leaseId: 'a', scope: 'key', windowId: 'w', released: 70 }]);
    expect(wallet.recall('key', 'idle', 31)).toEqual([]);
    wallet.recall('team', 'revoke', 30);
    expect(wallet.take([{ scope: 'team', amount: 0 }], 31).kind).toBe('missing');
    expect(wallet.giveBackAll()).toHaveLength(2);
  });
});

describe('whatever is taken, settled and given back', () => {
  it('what can still be spent and what was spent is never more than what was granted', () => {
    const step = fc.record({
      kind: fc.constantFrom('take', 'settle', 'forfeit', 'recall', 'renew'),
      amount: fc.nat(80),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const wallet = walletWith(grant('a', 'usd/key/k', 200), grant('b', 'usd/key/k', 100));
        const open: { reservation: Reservation; amount: number }[] = [];
        let spent = 0;
        let now = 20;
        for (const { kind, amount } of steps) {
          now += 100;
          if (kind === 'take') {
            const taken = wallet.take([{ scope: 'usd/key/k', amount }], now);
            if (taken.kind === 'taken') open.push({ reservation: new Reservation(wallet, taken.holdings), amount });
          } else if (kind === 'settle' || kind === 'forfeit') {
            const one = open.shift();
            if (one === undefined) continue;
            const usd = Math.min(amount, one.amount);
            spent += kind === 'settle' ? usd : one.amount;
            if (kind === 'settle') one.reservation.settle({ usd, tokens: 0, requests: 0 });
            else one.reservation.forfeit();
          } else if (kind === 'recall') wallet.recall('usd/key/k', 'idle', now);
          else wallet.renewals(now);
          const reserved = open.reduce((sum, one) => sum + one.amount, 0);
          const returned = wallet.giveBackAll().reduce((sum, one) => sum + one.released, 0);
          expect(spent + reserved + returned).toBeLessThanOrEqual(300);
        }
      }),
    );
  });
});
