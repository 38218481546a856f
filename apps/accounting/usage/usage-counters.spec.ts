import { describe, expect, it } from 'vitest';
import { closeEvent } from '../test/samples.js';
import { usageCounts } from './usage-counters.js';
import { usageRow } from './usage-row.js';

const row = (changes: Parameters<typeof closeEvent>[1] = {}) => {
  const event = closeEvent('r', changes);
  return usageRow(event, new Date(event.startedAt), new Date(event.endedAt));
};
const labels = { model: 'solar-expert', provider: 'ollama' };

describe('usageCounts', () => {
  it('counts what was used, and nothing that was not', () => {
    expect(usageCounts({ charges: [row()], corrections: [], duplicates: 3 })).toEqual([
      { ...labels, type: 'input', amount: 100 },
      { ...labels, type: 'output', amount: 50 },
      { ...labels, type: null, amount: 0.0015 },
    ]);
  });

  it('never takes anything back', () => {
    const corrections = [{ before: row({ costNanoUsd: 2_000_000 }), after: row({ usage: { outputTokens: 80 } }) }];
    expect(usageCounts({ charges: [], corrections, duplicates: 0 })).toEqual([
      { ...labels, type: 'output', amount: 30 },
    ]);
  });
});
