import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { decodeFrames, noBytes } from './frame.js';
import { FrameOutbox } from './outbox.js';
import { streamTiming } from './timing.js';

let sent: string[];
let tickEnd: (() => void)[];
let outbox: FrameOutbox;

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  tickEnd = [];
  outbox = new FrameOutbox(
    (message) => sent.push((decodeFrames(message) ?? []).map(({ type }) => type).join('+')),
    () => Date.now(),
    (write) => tickEnd.push(write),
  );
});

afterEach(() => {
  vi.useRealTimers();
});

const endTick = () => {
  for (const write of tickEnd.splice(0)) write();
};

describe('an outbox', () => {
  it('sends the frames of a tick as one message', () => {
    outbox.push('queued', noBytes);
    outbox.push('data', noBytes);
    endTick();
    expect(sent).toEqual(['queued+data']);
  });

  it('lets a greeting wait for what it can leave with, in its order', () => {
    outbox.pushPatiently('hello', noBytes);
    outbox.pushPatiently('accepted', noBytes);
    endTick();
    expect(sent).toEqual([]);
    outbox.push('data', noBytes);
    endTick();
    vi.advanceTimersByTime(streamTiming.patienceMs * 2);
    expect(sent).toEqual(['hello+accepted+data']);
  });

  it('sends a greeting alone where nothing else comes', () => {
    outbox.pushPatiently('hello', noBytes);
    vi.advanceTimersByTime(streamTiming.patienceMs - 1);
    expect(sent).toEqual([]);
    vi.advanceTimersByTime(1);
    outbox.push('data', noBytes);
    endTick();
    expect(sent).toEqual(['hello', 'data']);
  });
});
