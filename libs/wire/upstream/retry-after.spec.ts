import { describe, expect, it } from 'vitest';
import { durationMs, retryAfterInText, retryAfterOf } from './retry-after.js';

const now = Date.UTC(2026, 10, 21, 12, 0, 0);

describe('retryAfterOf', () => {
  it.each([
    ['nothing', {}, null],
    ['seconds', { 'retry-after': '3' }, 3000],
    ['fractions of seconds', { 'retry-after': '1.5' }, 1500],
    ['an HTTP date', { 'retry-after': 'Sat, 21 Nov 2026 12:00:10 GMT' }, 10_000],
    ['a date in the past', { 'retry-after': 'Sat, 21 Nov 2026 11:00:00 GMT' }, 0],
    ['retry-after-ms before retry-after', { 'retry-after': '3', 'retry-after-ms': '250' }, 250],
    ['nonsense', { 'retry-after': 'soon' }, null],
    ['nonsense, and a reset', { 'retry-after': 'soon', 'x-ratelimit-reset': '30' }, 30_000],
    ['epoch milliseconds (OpenRouter)', { 'x-ratelimit-reset': String(now + 60_000) }, 60_000],
    ['epoch seconds', { 'x-ratelimit-reset': String(now / 1000 + 60) }, 60_000],
    [
      'the reset of the limit that is spent',
      {
        'x-ratelimit-remaining-requests': '0',
        'x-ratelimit-reset-requests': '1m30s',
        'x-ratelimit-remaining-tokens': '500',
        'x-ratelimit-reset-tokens': '6h',
      },
      90_000,
    ],
    ['limits that are not spent', { 'x-ratelimit-remaining-tokens': '5', 'x-ratelimit-reset-tokens': '6h' }, null],
    [
      'the RFC 3339 reset of Anthropic',
      {
        'anthropic-ratelimit-output-tokens-remaining': '0',
        'anthropic-ratelimit-output-tokens-reset': '2026-11-21T12:00:20Z',
      },
      20_000,
    ],
    ['the first of several values', { 'retry-after': ['4', '9'] }, 4000],
    ['a span nobody means', { 'retry-after': '99999999' }, 32 * 86_400_000],
  ])('%s', (_name, headers, expected) => {
    expect(retryAfterOf(headers, now)).toBe(expected);
  });
});

describe('durationMs', () => {
  it.each([
    ['1s', 1000],
    ['6m0s', 360_000],
    ['120ms', 120],
    ['1h2m3.5s', 3_723_500],
    ['5', null],
    ['', null],
    ['m5', null],
  ])('%s', (text, expected) => {
    expect(durationMs(text)).toBe(expected);
  });
});

describe('retryAfterInText', () => {
  it.each([
    ['Rate limit reached. Please try again in 1.2s. Visit', 1200],
    ['try again in 6m0s', 360_000],
    ['{"@type":"RetryInfo","retryDelay":"17s"}', 17_000],
    ['Please try again later', null],
  ])('%s', (text, expected) => {
    expect(retryAfterInText(text)).toBe(expected);
  });
});
