import { describe, expect, it } from 'vitest';
import { closeEvent } from '../test/samples.js';
import { sumsOf } from './sums.js';
import { usageRow } from './usage-row.js';

const row = (request: string, changes: Parameters<typeof closeEvent>[1] = {}) => {
  const event = closeEvent(request, changes);
  return usageRow(event, new Date(event.startedAt), new Date(event.endedAt));
};
const charged = (...rows: ReturnType<typeof row>[]) => sumsOf({ charges: rows, corrections: [], duplicates: 0 });

describe('sumsOf', () => {
  it('adds up what has the same key', () => {
    const { daily, totals } = charged(row('a'), row('b'), row('c', { modelAsked: 'other' }));
    expect(daily.map(({ key, sums }) => [key[4], sums.requests, sums.inputTokens, sums.spendNanoUsd])).toEqual([
      ['other', 1, 100, 1_500_000],
      ['solar-expert', 2, 200, 3_000_000],
    ]);
    expect(totals.map(({ key, sums }) => [...key, sums.requests])).toEqual([
      ['global', '', 3],
      ['key', 'key-1', 3],
      ['team', 'solar-qa-bot', 3],
    ]);
  });

  it('counts a failure as no request, a client that left as one, an unknown price as such', () => {
    const { totals } = charged(
      row('a', { outcome: 'failure', costNanoUsd: null }),
      row('b', { outcome: 'client_disconnected' }),
      row('c', { cacheHit: true }),
    );
    expect(totals[0]?.sums).toMatchObject({ requests: 2, failures: 1, unpriced: 1, cacheHits: 1 });
  });

  it('counts each tag of a row, its customer, and the day of its start in UTC', () => {
    const { byTag, byCustomer } = charged(
      row('a', { startedAt: '2026-11-20T23:59:59.999Z', payer: { tags: ['x', 'y'], endUser: 'eve' } }),
      row('b', { startedAt: '2026-11-21T01:30:00+02:00', payer: { tags: ['x'] } }),
    );
    expect(byTag.map(({ key, sums }) => [...key, sums.requests])).toEqual([
      ['2026-11-20', 'x', 'solar-expert', 2],
      ['2026-11-20', 'y', 'solar-expert', 1],
    ]);
    expect(byCustomer.map(({ key }) => key)).toEqual([['2026-11-20', 'eve', 'solar-expert']]);
  });

  it('takes back what a correction replaces', () => {
    const before = row('a', { source: 'ingress', outcome: 'failure', costNanoUsd: 700 });
    const after = row('a', { costNanoUsd: 500, usage: { outputTokens: 80 } });
    const { totals } = sumsOf({ charges: [], corrections: [{ before, after }], duplicates: 0 });
    expect(totals[0]?.sums).toMatchObject({ requests: 1, failures: -1, spendNanoUsd: -200, outputTokens: 30 });
  });
});
