import { describe, expect, it } from 'vitest';
import { expectedWaitMs, forecast } from './forecast.js';
import { HostQueue } from './host-queue.js';

function busyQueue(): HostQueue {
  const queue = new HostQueue({ maxParallel: 1, maxLength: 10, maxModelWaitMs: 20_000 });
  queue.estimates.recordLoad('b', 1_000);
  queue.estimates.recordService('a', 100, null);
  queue.estimates.recordService('b', 200, null);
  queue.observe(['a'], 0);
  for (const id of ['a1', 'b1', 'a2', 'b2']) {
    queue.enqueue({ id, model: id.slice(0, 1), priority: 'normal', maxWaitMs: null }, 0);
  }
  return queue;
}

describe('forecast', () => {
  it('plays the queue forward with the measured times', () => {
    expect([...forecast(busyQueue(), 0)]).toEqual([
      ['a2', { position: 1, waitMs: 100 }],
      ['b1', { position: 2, waitMs: 200 }],
      ['b2', { position: 3, waitMs: 1_400 }],
    ]);
  });

  it('leaves the queue as it was', () => {
    const queue = busyQueue();
    forecast(queue, 0);
    expect(queue.counts).toEqual({ running: 1, waiting: 3, coldStarts: 0 });
    expect([...queue.residency.models()]).toEqual(['a']);
  });

  it('takes a request that runs too long for nearly done, never for gone', () => {
    expect(forecast(busyQueue(), 50).get('a2')?.waitMs).toBe(50);
    expect(forecast(busyQueue(), 90).get('a2')?.waitMs).toBe(25);
    expect(forecast(busyQueue(), 5_000).get('a2')?.waitMs).toBe(25);
  });

  it('tells the wait of one more request for a loaded model', () => {
    expect(expectedWaitMs(busyQueue(), 0)).toBe(200);
    const idle = new HostQueue({ maxParallel: 1, maxLength: 1, maxModelWaitMs: 20_000 });
    expect(expectedWaitMs(idle, 0)).toBe(0);
  });
});
