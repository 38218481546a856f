import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LimitTake } from '#contracts';
import { LimitBooks } from './limit-book.js';
import { LimitCounter } from './limit-counter.js';
import { LimitShares } from './limit-shares.js';
import { PermitCache } from './permit-cache.js';
import { SlidingLog } from './sliding-log.js';

const take = (kind: LimitTake['kind'], limit: number, amount = 1, windowMs = 60_000): LimitTake => ({
  kind,
  name: '',
  limit,
  windowMs,
  amount,
});

describe('the log', () => {
  it('says how long until something fits', () => {
    const log = new SlidingLog(1_000);
    log.add('a', 3, 0);
    log.add('b', 3, 400);
    expect([log.waitFor(4, 10, 500), log.waitFor(5, 10, 500), log.waitFor(8, 10, 500)]).toEqual([0, 500, 900]);
    expect(log.waitFor(11, 10, 500)).toBe(Infinity);
    expect([log.used(999), log.used(1_000), log.used(1_400)]).toEqual([6, 3, 0]);
  });

  it('never lets more than the limit into any window', () => {
    const gaps = fc.array(fc.record({ gap: fc.nat(400), amount: fc.integer({ min: 1, max: 4 }) }), { maxLength: 200 });
    fc.assert(
      fc.property(gaps, fc.integer({ min: 1, max: 20 }), (requests, limit) => {
        const log = new SlidingLog(1_000);
        const taken: { at: number; amount: number }[] = [];
        let now = 0;
        for (const { gap, amount } of requests) {
          now += gap;
          const wait = log.waitFor(amount, limit, now);
          if (wait > 0) continue;
          log.add(`t${now}`, amount, now);
          taken.push({ at: now, amount });
        }
        for (const { at } of taken) {
          const inWindow = taken.filter((other) => other.at >= at && other.at < at + 1_000);
          expect(inWindow.reduce((sum, one) => sum + one.amount, 0)).toBeLessThanOrEqual(limit);
        }
      }),
    );
  });

  it('stays small under large limits, and errs by a hundredth of the window at most', () => {
    const log = new SlidingLog(60_000);
    for (let i = 0; i < 50_000; i += 1) log.add(`t${i}`, 1, i);
    expect(log.snapshot(50_000).length).toBeLessThan(2_200);
    expect(log.used(50_000)).toBe(50_000);
    const truth = 50_000 - 10_000;
    expect(log.used(70_000)).toBeGreaterThanOrEqual(truth - 1);
    expect(log.used(70_000)).toBeLessThanOrEqual(truth + 600);
  });

  it('corrects what was estimated', () => {
    const log = new SlidingLog(1_000);
    log.add('a', 100, 0);
    log.correct('a', 30);
    log.correct('unknown', 500);
    expect(log.used(1)).toBe(30);
    log.remove('a');
    expect(log.used(1)).toBe(0);
  });
});

describe('the books', () => {
  it('count a refused request nowhere', () => {
    const books = new LimitBooks();
    const takes = [take('requests', 5), take('tokens', 10, 11)];
    expect(books.take('key/k', 't1', takes, 0)).toMatchObject({ kind: 'refused', refused: { kind: 'tokens' } });
    expect(books.used('key/k', take('requests', 5), 0)).toBe(0);
  });

  it('end parallel requests, correct tokens, and undo what never ran', () => {
    const books = new LimitBooks();
    const takes = [take('parallel', 2), take('requests', 5), take('tokens', 100, 50)];
    books.take('key/k', 't1', takes, 0);
    books.take('key/k', 't2', takes, 0);
    expect(books.take('key/k', 't3', takes, 0).kind).toBe('refused');
    books.finish('key/k', 't1', { tokens: 20, requests: null, undo: false });
    books.finish('key/k', 't2', { tokens: null, requests: null, undo: true });
    expect(takes.map((one) => books.used('key/k', one, 0))).toEqual([0, 1, 20]);
  });

  it('know what another process counted, once', () => {
    const owner = new LimitBooks();
    owner.take('key/k', 't1', [take('requests', 5)], 100);
    const follower = new LimitBooks();
    follower.count('key/k', 't1', [take('requests', 5)], 900_050);
    follower.merge(
      owner.copy((name) => name === 'key/k', 150),
      900_100,
    );
    expect(follower.used('key/k', take('requests', 5), 900_100)).toBe(1);
    expect(owner.copy(() => false, 150)).toEqual([]);
    follower.sweep(999_999_999);
    expect(follower.size).toBe(0);
  });

  it('forget the requests of an ingress that died', () => {
    const books = new LimitBooks();
    books.take('key/k', 'ingress-a:1', [take('parallel', 5), take('requests', 5)], 0);
    books.dropParallel((ticket) => ticket.startsWith('ingress-a:'));
    expect([books.used('key/k', take('parallel', 5), 0), books.used('key/k', take('requests', 5), 0)]).toEqual([0, 1]);
  });
});

describe('the counter', () => {
  it('tells the others before it answers, and nobody of a refusal', () => {
    const told: string[] = [];
    const counter = new LimitCounter({ now: () => 0, tell: (event) => told.push(event.ticket) });
    counter.noteListener();
    const ask = (ticket: string) =>
      counter.decide({ v: 1, op: 'take', owner: 'key/k', ticket, takes: [take('requests', 1)] }, () => true).granted;
    expect([ask('a'), ask('b'), told]).toEqual([true, false, ['a']]);
    const follower = new LimitCounter({ now: () => 0, tell: () => {} });
    follower.heard({ v: 1, holder: 'x', owner: 'key/k', ticket: 'a', takes: [take('requests', 1)], finished: null }, 0);
    const other = { v: 1, op: 'take', owner: 'key/k', ticket: 'c', takes: [take('requests', 1)] } as const;
    expect(follower.decide({ ...other, takes: [...other.takes] }, () => true).granted).toBe(false);
  });

  it('tells nothing while there is nobody to hear it, and goes on for some minutes after the last was heard of', () => {
    let now = 0;
    const told: string[] = [];
    const counter = new LimitCounter({ now: () => now, tell: (event) => told.push(event.ticket) });
    const pass = (ticket: string) => {
      counter.decide({ v: 1, op: 'take', owner: 'key/k', ticket, takes: [take('requests', 9)] }, () => true);
      counter.finish('key/k', ticket, { tokens: null, requests: null, undo: false });
    };
    pass('alone');
    counter.noteListener();
    pass('heard');
    now = 299_999;
    pass('just gone');
    now = 300_000;
    pass('long gone');
    expect(told).toEqual(['heard', 'heard', 'just gone', 'just gone']);
  });

  it('does not decide for a shard that it lost', () => {
    const counter = new LimitCounter({ now: () => 0, tell: () => {} });
    const question = { v: 1 as const, op: 'take' as const, owner: 'key/k', ticket: 'a', takes: [take('requests', 1)] };
    expect(() => counter.decide(question, () => false)).toThrow();
  });

  it('lends permits that count until they can be used no more', () => {
    let now = 0;
    const counter = new LimitCounter({ now: () => now, tell: () => {} });
    const permits = (amount: number) =>
      counter.decide(
        { v: 1, op: 'permits', owner: 'key/k', ticket: `p${now}`, take: take('requests', 2_000, amount) },
        () => true,
      );
    expect(permits(20)).toMatchObject({ granted: true, permits: 20, validMs: 1_000 });
    counter.finish('key/k', 'p0', { tokens: null, requests: 5, undo: false });
    expect(counter.books.used('key/k', take('requests', 2_000), 0)).toBe(5);
    now = 60_999;
    expect(counter.books.used('key/k', take('requests', 2_000), now)).toBe(5);
    now = 61_000;
    expect(counter.books.used('key/k', take('requests', 2_000), now)).toBe(0);
  });
});

describe('shares of a limit that nobody counts', () => {
  it('together stay under what was left', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.nat(50), fc.nat(50), (members, limit, used) => {
        let passed = 0;
        for (let member = 0; member < members; member += 1) {
          const shares = new LimitShares();
          for (let i = 0; i < 60; i += 1) {
            if (shares.take('key/k', [take('requests', limit)], members, () => used).granted) passed += 1;
          }
        }
        expect(passed).toBeLessThanOrEqual(Math.max(0, limit - used));
      }),
    );
  });

  it('are new after the owner answered again', () => {
    const shares = new LimitShares();
    const granted = () => shares.take('key/k', [take('requests', 2)], 2, () => 0).granted;
    expect([granted(), granted()]).toEqual([true, false]);
    shares.clear('key/k');
    expect([shares.isEmpty, granted()]).toEqual([true, true]);
  });
});

describe('permits', () => {
  it('are used up, end, and what is left of them is given back', () => {
    const cache = new PermitCache();
    expect(cache.use('key/k', 0)).toBe(false);
    cache.put('key/k', { ticket: 'a', permits: 2, validUntil: 1_000 });
    expect([cache.use('key/k', 1), cache.use('key/k', 2), cache.use('key/k', 3)]).toEqual([true, true, false]);
    expect(cache.put('key/k', { ticket: 'b', permits: 4, validUntil: 1_000 })).toBeNull();
    expect([cache.use('key/k', 999), cache.use('key/k', 1_000)]).toEqual([true, false]);
    expect(cache.ended(999)).toEqual([]);
    expect(cache.ended(1_000)).toEqual([{ owner: 'key/k', ticket: 'b', used: 1 }]);
  });

  it('grow with the traffic, up to a hundredth of the limit', () => {
    const cache = new PermitCache();
    const sizes: number[] = [];
    for (let i = 0; i < 9; i += 1) {
      const permits = cache.batchSize('key/k', 6_000);
      sizes.push(permits);
      cache.put('key/k', { ticket: `${i}`, permits, validUntil: 1_000 });
      for (let used = 0; used < permits; used += 1) cache.use('key/k', 1);
    }
    expect(sizes).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });
});
