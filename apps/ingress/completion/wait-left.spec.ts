import { describe, expect, it } from 'vitest';
import { waitLeft, type WaitedAttempt } from './wait-left.js';

const begun = (startedMs: number, more: Partial<WaitedAttempt> = {}): WaitedAttempt => ({
  startedMs,
  queuedMs: 0,
  failure: null,
  ...more,
});
const failed = (code: string, blame: 'gateway' | 'backend') => ({
  failure: { code, blame, details: {}, retryAfterMs: null },
});

describe('waitLeft', () => {
  it('is the whole wait for the first attempt, and no bound where none was asked for', () => {
    expect(waitLeft(1_000, [begun(5)])).toBe(1_000);
    expect(waitLeft(null, [begun(5)])).toBeNull();
  });

  it('is used up by a queue that gave the request back', () => {
    expect(waitLeft(1_000, [begun(0, failed('backend_overloaded', 'gateway')), begun(400)])).toBe(600);
    expect(waitLeft(1_000, [begun(0, failed('backend_overloaded', 'gateway')), begun(1_200)])).toBe(0);
  });

  it('does not count the time in which an engine worked', () => {
    const asked = begun(0, { queuedMs: 300, ...failed('upstream_error', 'backend') });
    expect(waitLeft(1_000, [asked, begun(9_000)])).toBe(700);
    expect(waitLeft(1_000, [begun(0, failed('backend_overloaded', 'backend')), begun(9_000)])).toBe(1_000);
  });
});
