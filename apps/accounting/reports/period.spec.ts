import { describe, expect, it } from 'vitest';
import { readBounds, readPeriod } from './period.js';

const now = new Date('2026-11-20T15:00:00Z');
const iso = (date: Date | null) => date?.toISOString() ?? null;

describe('readPeriod', () => {
  it.each([
    [null, null, '2026-10-22', '2026-11-20'],
    ['2026-11-01', null, '2026-11-01', '2026-11-20'],
    [null, '2026-11-10', '2026-10-12', '2026-11-10'],
    ['2026-11-10', '2026-11-10', '2026-11-10', '2026-11-10'],
    ['2026-11-10T10:00:00Z', '2026-11-11T00:00:00Z', '2026-11-10', '2026-11-10'],
    ['2026-11-10 10:00:00', '2026-11-10 11:00:00', '2026-11-10', '2026-11-10'],
  ])('%s to %s', (start, end, firstDay, lastDay) => {
    expect(readPeriod(start, end, now)).toMatchObject({ firstDay, lastDay });
  });

  it.each([
    ['yesterday', null, 'start_date'],
    ['2026-02-30', null, 'start_date'],
    [null, '20261101', 'end_date'],
    ['2026-11-11', '2026-11-10', 'end_date'],
  ])('refuses %s to %s', (start, end, param) => {
    expect(() => readPeriod(start, end, now)).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ param }) }),
    );
  });
});

describe('readBounds', () => {
  it('includes the last day, and no more than a time that was given', () => {
    const { from, to } = readBounds('2026-11-10', '2026-11-11');
    expect([iso(from), iso(to)]).toEqual(['2026-11-10T00:00:00.000Z', '2026-11-12T00:00:00.000Z']);
    expect(iso(readBounds(null, '2026-11-11T08:00:00+02:00').to)).toBe('2026-11-11T06:00:00.000Z');
    expect(readBounds(null, null)).toEqual({ from: null, to: null });
    expect(() => readBounds('2026-11-11', '2026-11-10')).toThrow('end_date: must not be before start_date');
  });
});
