import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closeEvent } from '../test/samples.js';
import { ledgerPosting } from './ledger-entry.js';
import { bestOfEach, settle, type Settlement } from './settle.js';
import { sumsOf, type Sums } from './sums.js';
import { usageRow, type UsageRow } from './usage-row.js';

const row = (request: string, changes: Parameters<typeof closeEvent>[1] = {}): UsageRow => {
  const event = closeEvent(request, changes);
  return usageRow(event, new Date(event.startedAt), new Date(event.endedAt));
};

/** What the store does, with a map for a database. */
class Books {
  readonly rows = new Map<string, UsageRow>();
  readonly ledger: { attemptId: string; scope: string | null; amount: number }[] = [];
  readonly sums = new Map<string, Sums>();

  post(batch: readonly UsageRow[]): Settlement {
    const best = bestOfEach(batch);
    const first = new Set(best.map((one) => one.attemptId).filter((id) => !this.rows.has(id)));
    const settlement = settle(best, first, this.rows);
    for (const charge of settlement.charges) this.rows.set(charge.attemptId, charge);
    for (const { after } of settlement.corrections) this.rows.set(after.attemptId, after);
    this.ledger.push(...ledgerPosting(settlement).entries);
    for (const { key, sums } of sumsOf(settlement).daily) {
      const total = this.sums.get(key.join()) ?? {
        ...sums,
        spendNanoUsd: 0,
        outputTokens: 0,
        requests: 0,
        failures: 0,
      };
      total.spendNanoUsd += sums.spendNanoUsd;
      total.outputTokens += sums.outputTokens;
      total.requests += sums.requests;
      total.failures += sums.failures;
      this.sums.set(key.join(), total);
    }
    return settlement;
  }
}

describe('settling', () => {
  it.each([
    ['reaper', 'ingress', 'correction'],
    ['reaper', 'worker', 'correction'],
    ['ingress', 'worker', 'correction'],
    ['ingress', 'reaper', 'duplicate'],
    ['worker', 'ingress', 'duplicate'],
    ['worker', 'worker', 'duplicate'],
    ['ingress', 'ingress', 'duplicate'],
  ] as const)('%s, then %s: %s', (before, after, expected) => {
    const known = row('r', { source: before });
    const { charges, corrections, duplicates } = settle(
      [row('r', { source: after })],
      new Set(),
      new Map([['r.0', known]]),
    );
    expect({ charges: charges.length, corrections: corrections.length, duplicates }).toEqual({
      charges: 0,
      corrections: expected === 'correction' ? 1 : 0,
      duplicates: expected === 'duplicate' ? 1 : 0,
    });
  });

  it('leaves alone an attempt whose row is gone with its month', () => {
    expect(settle([row('r')], new Set(), new Map())).toEqual({ charges: [], corrections: [], duplicates: 1 });
  });

  it('keeps the start of the row that it corrects', () => {
    const known = row('r', { source: 'ingress' });
    const late = row('r', { startedAt: '2027-01-01T00:00:00.000Z' });
    const [correction] = settle([late], new Set(), new Map([['r.0', known]])).corrections;
    expect(correction?.after.startedAt).toEqual(known.startedAt);
  });
});

const event = fc.record({
  request: fc.constantFrom('a', 'b', 'c', 'd'),
  source: fc.constantFrom('worker', 'ingress', 'reaper'),
  cost: fc.option(fc.integer({ min: 0, max: 1_000 })),
  output: fc.integer({ min: 0, max: 100 }),
  outcome: fc.constantFrom('success', 'failure', 'client_disconnected'),
  leases: fc.subarray([0, 1, 2]),
});

const leases = [
  { id: 'l1', scope: 'usd/key/k', windowId: 'w' },
  { id: 'l2', scope: 'tokens/team/t', windowId: 'w' },
  { id: 'l3', scope: 'requests/user/u', windowId: 'w' },
];

describe('the books, for any events in any order and any batches', () => {
  const run = (batches: readonly (readonly UsageRow[])[]): Books => {
    const books = new Books();
    for (const batch of batches) books.post(batch);
    return books;
  };
  const batches = fc.array(fc.array(event, { maxLength: 8 }), { maxLength: 8 }).map((all) =>
    all.map((batch) =>
      batch.map((one) =>
        row(one.request, {
          source: one.source,
          costNanoUsd: one.cost,
          outcome: one.outcome,
          usage: { outputTokens: one.output },
          // Of a well-behaved attempt every report names the same leases; the books must balance if one does not.
          payer: { leases: leases.filter((_lease, place) => one.leases.includes(place)) },
        }),
      ),
    ),
  );

  it('have one row for each attempt, of the best source that reported', () => {
    fc.assert(
      fc.property(batches, (all) => {
        const { rows } = run(all);
        const reported = Map.groupBy(all.flat(), (one) => one.attemptId);
        expect([...rows.keys()].sort()).toEqual([...reported.keys()].sort());
        for (const [id, reports] of reported) {
          const best = ['worker', 'ingress', 'reaper'].find((source) => reports.some((one) => one.source === source));
          expect(rows.get(id)?.source).toBe(best);
        }
      }),
    );
  });

  it('balance: ledger, rows, sums and scopes say the same', () => {
    fc.assert(
      fc.property(batches, (all) => {
        const { rows, ledger, sums } = run(all);
        const add = (numbers: number[]) => numbers.reduce((total, one) => total + one, 0);
        const cost = add([...rows.values()].map((one) => one.costNanoUsd ?? 0));
        expect(add(ledger.filter((entry) => entry.scope === null).map((entry) => entry.amount))).toBe(cost);
        expect(add([...sums.values()].map((one) => one.spendNanoUsd))).toBe(cost);
        expect(add([...sums.values()].map((one) => one.requests + one.failures))).toBe(rows.size);
        const leasedFrom = (id: string) =>
          [...rows.values()].filter((one) => one.leases.some((lease) => lease.id === id));
        const inScope = (scope: string) => add(ledger.filter((one) => one.scope === scope).map((one) => one.amount));
        expect(inScope('usd/key/k')).toBe(add(leasedFrom('l1').map((one) => one.costNanoUsd ?? 0)));
        expect(inScope('tokens/team/t')).toBe(add(leasedFrom('l2').map((one) => one.inputTokens + one.outputTokens)));
        expect(inScope('requests/user/u')).toBe(leasedFrom('l3').filter((one) => one.outcome !== 'failure').length);
      }),
    );
  });

  it('do not change when everything comes again', () => {
    fc.assert(
      fc.property(batches, (all) => {
        const books = run(all);
        const entries = books.ledger.length;
        for (const batch of all) expect(books.post(batch)).toMatchObject({ charges: [], corrections: [] });
        expect(books.ledger).toHaveLength(entries);
      }),
    );
  });
});
