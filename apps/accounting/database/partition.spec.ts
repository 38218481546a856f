import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isExpiredPartition, monthPartition } from './partition.js';

const now = new Date('2026-11-20T12:00:00Z');

describe('monthPartition', () => {
  it.each([
    [0, 'usage_events_2026_11', '2026-11-01T00:00:00.000Z', '2026-12-01T00:00:00.000Z'],
    [1, 'usage_events_2026_12', '2026-12-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
    [2, 'usage_events_2027_01', '2027-01-01T00:00:00.000Z', '2027-02-01T00:00:00.000Z'],
    [-11, 'usage_events_2025_12', '2025-12-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z'],
  ])('%i months away', (offset, name, from, to) => {
    expect(monthPartition('usage_events', now, offset)).toEqual({ name, from, to });
  });

  it('leaves no gap between months', () => {
    fc.assert(
      fc.property(fc.integer({ min: -500, max: 500 }), (offset) => {
        expect(monthPartition('t', now, offset).to).toBe(monthPartition('t', now, offset + 1).from);
      }),
    );
  });
});

describe('isExpiredPartition', () => {
  it.each([
    ['usage_events_2026_09', 30, true],
    ['usage_events_2026_10', 30, false],
    ['usage_events_2026_10', 19, true],
    ['usage_events_2026_11', 1, false],
    ['usage_events_default', 1, false],
    ['ledger_2020_01', 1, false],
  ])('%s kept %i days: %s', (name, days, expected) => {
    expect(isExpiredPartition('usage_events', name, now, days)).toBe(expected);
  });
});
