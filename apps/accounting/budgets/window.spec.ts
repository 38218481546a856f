import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isBudgetDuration, isResetTime, windowAt, type WindowRule } from './window.js';

const rule = (duration: string | null, timeZone = 'UTC', resetAt: string | null = null): WindowRule => ({
  duration,
  timeZone,
  resetAt,
});

function bounds(of: WindowRule, now: string): [string | undefined, string | undefined] {
  const { startsAt, endsAt } = windowAt(of, new Date(now));
  return [startsAt?.toISOString(), endsAt?.toISOString()];
}

describe('windows', () => {
  // 2026-11-21 is a Saturday.
  const now = '2026-11-21T13:47:25.500Z';
  it.each([
    ['30s', '2026-11-21T13:47:00.000Z', '2026-11-21T13:47:30.000Z'],
    ['10m', '2026-11-21T13:40:00.000Z', '2026-11-21T13:50:00.000Z'],
    ['1h', '2026-11-21T13:00:00.000Z', '2026-11-21T14:00:00.000Z'],
    ['hourly', '2026-11-21T13:00:00.000Z', '2026-11-21T14:00:00.000Z'],
    ['6h', '2026-11-21T12:00:00.000Z', '2026-11-21T18:00:00.000Z'],
    ['24h', '2026-11-21T00:00:00.000Z', '2026-11-22T00:00:00.000Z'],
    ['daily', '2026-11-21T00:00:00.000Z', '2026-11-22T00:00:00.000Z'],
    ['1d', '2026-11-21T00:00:00.000Z', '2026-11-22T00:00:00.000Z'],
    ['7d', '2026-11-16T00:00:00.000Z', '2026-11-23T00:00:00.000Z'],
    ['1w', '2026-11-16T00:00:00.000Z', '2026-11-23T00:00:00.000Z'],
    ['weekly', '2026-11-16T00:00:00.000Z', '2026-11-23T00:00:00.000Z'],
    ['30d', '2026-11-01T00:00:00.000Z', '2026-12-01T00:00:00.000Z'],
    ['monthly', '2026-11-01T00:00:00.000Z', '2026-12-01T00:00:00.000Z'],
    ['1mo', '2026-11-01T00:00:00.000Z', '2026-12-01T00:00:00.000Z'],
  ])('of %s are aligned', (duration, start, end) => {
    expect(bounds(rule(duration), now)).toEqual([start, end]);
  });

  it('never end without a duration', () => {
    expect(windowAt(rule(null), new Date(now))).toEqual({ id: 'all', startsAt: null, endsAt: null });
  });

  it('have the same name however the duration is written, and another one in the next window', () => {
    const id = (duration: string, at: string) => windowAt(rule(duration), new Date(at)).id;
    expect(id('1d', now)).toBe('1d@2026-11-21T00:00:00.000Z');
    expect(id('1d', '2026-11-22T00:00:00.000Z')).toBe('1d@2026-11-22T00:00:00.000Z');
    expect(id('daily', now)).toBe(id('24h', now));
  });

  it('begin at the time of day that was asked for', () => {
    expect(bounds(rule('1d', 'UTC', '06:30'), '2026-11-21T06:29:59Z')[0]).toBe('2026-11-20T06:30:00.000Z');
    expect(bounds(rule('1d', 'UTC', '06:30'), '2026-11-21T06:30:00Z')[0]).toBe('2026-11-21T06:30:00.000Z');
    expect(bounds(rule('1mo', 'UTC', '09:00'), '2026-12-01T08:00:00Z')[0]).toBe('2026-11-01T09:00:00.000Z');
  });

  it('follow the days of a time zone', () => {
    expect(bounds(rule('1d', 'America/Los_Angeles'), now)).toEqual([
      '2026-11-21T08:00:00.000Z',
      '2026-11-22T08:00:00.000Z',
    ]);
    expect(bounds(rule('1d', 'Asia/Kathmandu'), now)[0]).toBe('2026-11-20T18:15:00.000Z');
  });

  it.each([
    ['Europe/Berlin', '1d', '2026-03-29T10:00:00Z', '2026-03-28T23:00:00.000Z', '2026-03-29T22:00:00.000Z'],
    ['Europe/Berlin', '1d', '2026-10-25T10:00:00Z', '2026-10-24T22:00:00.000Z', '2026-10-25T23:00:00.000Z'],
    ['America/New_York', '7d', '2026-03-08T12:00:00Z', '2026-03-02T05:00:00.000Z', '2026-03-09T04:00:00.000Z'],
    // Clocks in Cairo go forward at midnight: that day begins at one o'clock.
    ['Africa/Cairo', '1d', '2026-04-24T10:00:00Z', '2026-04-23T22:00:00.000Z', '2026-04-24T21:00:00.000Z'],
  ])('have 23 or 25 hours where clocks in %s change', (zone, duration, at, start, end) => {
    expect(bounds(rule(duration, zone), at)).toEqual([start, end]);
  });

  it('move a reset that does not exist that day as far as the clocks jump', () => {
    expect(bounds(rule('1d', 'Europe/Berlin', '02:30'), '2026-03-29T12:00:00Z')[0]).toBe('2026-03-29T01:30:00.000Z');
    expect(bounds(rule('1d', 'Europe/Berlin', '02:30'), '2026-10-25T12:00:00Z')[0]).toBe('2026-10-25T00:30:00.000Z');
  });

  it('refuse what is no duration, time or zone', () => {
    const at = new Date(now);
    for (const bad of ['0d', '2mo', 'fortnightly', '', '-1d', '1.5h', '1y'])
      expect(() => windowAt(rule(bad), at)).toThrow(RangeError);
    expect(() => windowAt(rule('1d', 'UTC', '24:00'), at)).toThrow(RangeError);
    expect(() => windowAt(rule('1d', 'Mars/Olympus'), at)).toThrow(RangeError);
    expect([isBudgetDuration('1mo'), isBudgetDuration('2mo'), isResetTime('6:30'), isResetTime('6:61')]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  it('follow each other without a gap, and each holds its own time', () => {
    const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe', 'Pacific/Apia');
    const durations = fc.constantFrom(
      '30s',
      '45s',
      '10m',
      '7m',
      '1h',
      '5h',
      '24h',
      '1d',
      '3d',
      '7d',
      '2w',
      '30d',
      '1mo',
    );
    const resets = fc.constantFrom(null, '00:00', '02:30', '23:59');
    const times = fc.date({ min: new Date('2020-01-01'), max: new Date('2035-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(zones, durations, resets, times, (zone, duration, resetAt, at) => {
        const window = windowAt(rule(duration, zone, resetAt), at);
        const { startsAt, endsAt } = window;
        if (startsAt === null || endsAt === null) throw new Error('no bounds');
        expect(startsAt.getTime()).toBeLessThanOrEqual(at.getTime());
        expect(endsAt.getTime()).toBeGreaterThan(at.getTime());
        expect(windowAt(rule(duration, zone, resetAt), new Date(endsAt.getTime() - 1)).id).toBe(window.id);
        const next = windowAt(rule(duration, zone, resetAt), endsAt);
        expect(next.startsAt).toEqual(endsAt);
      }),
      { numRuns: 500 },
    );
  });
});
