import { describe, expect, it } from 'vitest';
import { bytes, clock, count, dayLabel, duration, percent, relative, usd, withClock } from './format.js';

const now = Date.parse('2026-11-20T12:00:00Z');

describe('formats', () => {
  it.each([
    [null, '–'],
    [0, '$0'],
    [12.3456, '$12.35'],
    [1234.5, '$1,234.50'],
    [0.5, '$0.50'],
    [0.0123, '$0.012'],
    [0.000_123_4, '$0.00012'],
    [0.000_000_4, '< $0.000001'],
    [-0.25, '-$0.25'],
  ])('money %j as %s', (amount, text) => expect(usd(amount)).toBe(text));

  it.each([
    [0, '0'],
    [9_999, '9,999'],
    [12_345, '12.3k'],
    [999_499, '999k'],
    [999_600, '1M'],
    [123_456_789, '123M'],
    [2_500_000_000, '2.5G'],
  ])('counts %d as %s', (value, text) => expect(count(value)).toBe(text));

  it.each([
    [null, '–'],
    [0.4, '0 ms'],
    [420, '420 ms'],
    [1_234, '1.2 s'],
    [59_960, '1 min 0 s'],
    [125_000, '2 min 5 s'],
    [7_320_000, '2 h 2 min'],
  ])('durations %j as %s', (ms, text) => expect(duration(ms)).toBe(text));

  it.each([
    [null, '–'],
    ['nonsense', '–'],
    ['2026-11-20T11:59:59Z', 'now'],
    ['2026-11-20T11:59:20Z', '40 s ago'],
    ['2026-11-20T12:10:00Z', 'in 10 min'],
    ['2026-11-19T12:00:00Z', '24 h ago'],
    ['2026-12-01T12:00:00Z', 'in 11 days'],
  ])('distances in time %j as %s', (iso, text) => expect(relative(iso, now)).toBe(text));

  it.each([
    ['2026-11-20T09:05:03Z', '09:05:03'],
    ['2026-11-18T09:05:03Z', '18 Nov, 09:05:03'],
    ['2025-11-20T09:05:03Z', '20 Nov, 09:05:03'],
    ['whenever', 'whenever'],
  ])('times %s as %s', (iso, text) => expect(clock(iso, now, 'UTC')).toBe(text));

  it('times within a sentence', () => {
    const reason = 'cooling down until 2026-11-20T12:00:42.123Z: rate_limit_exceeded';
    expect(withClock(reason, now, 'UTC')).toBe('cooling down until 12:00:42: rate_limit_exceeded');
  });

  it('sizes, days and shares', () => {
    expect(bytes(5_432_000_000)).toBe('5.4 GB');
    expect(bytes(274_000_000)).toBe('274 MB');
    expect(dayLabel('2026-11-05')).toBe('5 Nov');
    expect(dayLabel('someday')).toBe('someday');
    expect(percent(1, 3)).toBe('33 %');
    expect(percent(0, 0)).toBe('–');
  });
});
