import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AnswerTimers } from './answer-timers.js';
import { UpstreamProblem } from './http.client.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const limits = { loadMs: 60_000, firstContentMs: 5_000, idleMs: 20_000 };

describe('the waits of an answer', () => {
  it('give a cold model the time to load, and count the first token from then', () => {
    const timers = new AnswerTimers(limits);
    timers.start(true);
    vi.advanceTimersByTime(59_000);
    expect(timers.signal.aborted).toBe(false);
    timers.loaded();
    vi.advanceTimersByTime(4_999);
    expect(timers.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(timers.signal.reason).toBeInstanceOf(UpstreamProblem);
    expect(timers.signal.reason).toMatchObject({
      code: 'upstream_timeout',
      message: expect.stringContaining('first token'),
    });
  });

  it('end a load that takes too long', () => {
    const timers = new AnswerTimers(limits);
    timers.start(true);
    vi.advanceTimersByTime(60_000);
    expect(timers.signal.reason).toMatchObject({ message: expect.stringContaining('load') });
  });

  it('never cut a stream that flows', () => {
    const timers = new AnswerTimers(limits);
    timers.start(false);
    timers.bytes(true);
    for (let i = 0; i < 100; i += 1) {
      vi.advanceTimersByTime(19_000);
      timers.bytes(true);
    }
    expect(timers.signal.aborted).toBe(false);
    vi.advanceTimersByTime(20_000);
    expect(timers.signal.reason).toMatchObject({ message: expect.stringContaining('silent') });
  });

  it('do not count while the client takes nothing', () => {
    const timers = new AnswerTimers(limits);
    timers.start(false);
    timers.bytes(true);
    timers.pause();
    vi.advanceTimersByTime(120_000);
    timers.resume();
    vi.advanceTimersByTime(19_999);
    expect(timers.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(timers.signal.reason).toMatchObject({ message: expect.stringContaining('silent') });
  });

  it('are not longer by what comes before the first token', () => {
    const timers = new AnswerTimers(limits);
    timers.start(false);
    vi.advanceTimersByTime(4_000);
    timers.bytes(false);
    timers.pause();
    timers.resume();
    vi.advanceTimersByTime(1_000);
    expect(timers.signal.aborted).toBe(true);
  });

  it('do not take comments for the first token', () => {
    const timers = new AnswerTimers(limits);
    timers.start(false);
    vi.advanceTimersByTime(4_000);
    timers.bytes(false);
    vi.advanceTimersByTime(1_000);
    expect(timers.signal.aborted).toBe(true);
  });

  it('use the whole timeout where no first-token timeout is set', () => {
    const timers = new AnswerTimers({ ...limits, firstContentMs: null });
    timers.start(false);
    vi.advanceTimersByTime(19_999);
    expect(timers.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(timers.signal.aborted).toBe(true);
  });
});
