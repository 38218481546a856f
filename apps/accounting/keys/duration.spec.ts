import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addDuration, durationMs, parseDuration } from './duration.js';

const at = new Date('2026-01-31T10:00:00Z');
const after = (text: string) => {
  const duration = parseDuration(text);
  return duration === null ? null : addDuration(at, duration).toISOString();
};

describe('durations', () => {
  it.each([
    ['30s', '2026-01-31T10:00:30.000Z'],
    ['10m', '2026-01-31T10:10:00.000Z'],
    ['24h', '2026-02-01T10:00:00.000Z'],
    ['1d', '2026-02-01T10:00:00.000Z'],
    ['7d', '2026-02-07T10:00:00.000Z'],
    ['2w', '2026-02-14T10:00:00.000Z'],
    ['30d', '2026-03-02T10:00:00.000Z'],
    ['1mo', '2026-02-28T10:00:00.000Z'],
    ['13mo', '2027-02-28T10:00:00.000Z'],
    ['hourly', '2026-01-31T11:00:00.000Z'],
    ['Daily', '2026-02-01T10:00:00.000Z'],
    ['weekly', '2026-02-07T10:00:00.000Z'],
    ['monthly', '2026-03-02T10:00:00.000Z'],
  ])('%s', (text, expected) => expect(after(text)).toBe(expected));

  it.each(['', '0d', 'soon', '-1', '1.5h', '10', 'd', '1y', '99999d', '1 d', '1D'])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeNull();
  });

  it('always lead forward', () => {
    const units = fc.constantFrom('s', 'm', 'h', 'd', 'w', 'mo');
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), units, fc.date({ noInvalidDate: true }), (count, unit, start) => {
        fc.pre(Math.abs(start.getTime()) < 8e15);
        const duration = parseDuration(`${count}${unit}`);
        fc.pre(duration !== null);
        expect(addDuration(start, duration).getTime()).toBeGreaterThan(start.getTime());
        expect(durationMs(duration)).toBeGreaterThan(0);
      }),
    );
  });
});
