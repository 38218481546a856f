import { describe, expect, it } from 'vitest';
import type { Priority } from '#contracts';
import { HostQueue, type Decision } from './host-queue.js';

const limits = { maxParallel: 1, maxLength: 10, maxModelWaitMs: 20_000 };

function started(decisions: readonly Decision[]): string[] {
  return decisions.flatMap((decision) => (decision.kind === 'start' ? decision.id : []));
}

/** A queue with a loaded model `a`, whose loads take 1 s and whose requests take 100 ms. */
function warmQueue(more: Partial<typeof limits> = {}): HostQueue {
  const queue = new HostQueue({ ...limits, ...more });
  for (const model of ['a', 'b', 'c']) {
    queue.estimates.recordLoad(model, 1_000);
    queue.estimates.recordService(model, 100, null);
  }
  queue.observe(['a'], 0);
  return queue;
}

function put(
  queue: HostQueue,
  id: string,
  now: number,
  priority: Priority = 'normal',
  maxWaitMs: number | null = null,
) {
  return queue.enqueue({ id, model: id.slice(0, 1), priority, maxWaitMs }, now);
}

describe('HostQueue', () => {
  it('lets in at once who may not wait, and turns them away only where there is no room', () => {
    const queue = warmQueue();
    expect(started(put(queue, 'a1', 0, 'normal', 0).decisions)).toEqual(['a1']);
    expect(put(queue, 'a2', 0, 'normal', 0).decisions).toEqual([{ kind: 'expire', id: 'a2', waitedMs: 0 }]);
    expect(put(queue, 'a3', 0, 'normal', 50).decisions).toEqual([]);
    expect(queue.finish('a1', 51)).toEqual([{ kind: 'expire', id: 'a3', waitedMs: 51 }]);
  });

  it('starts at once while there is a free slot, and no more than may run', () => {
    const queue = warmQueue({ maxParallel: 2 });
    expect(put(queue, 'a1', 0).decisions).toEqual([
      { kind: 'start', id: 'a1', model: 'a', cold: false, waitedMs: 0, why: 'loaded' },
    ]);
    expect(started(put(queue, 'a2', 0).decisions)).toEqual(['a2']);
    expect(put(queue, 'a3', 0).decisions).toEqual([]);
    expect(queue.counts).toEqual({ running: 2, waiting: 1, coldStarts: 0 });
    expect(started(queue.finish('a1', 50))).toEqual(['a3']);
  });

  it('serves what is loaded first', () => {
    const queue = warmQueue();
    put(queue, 'a1', 0);
    put(queue, 'b1', 1);
    put(queue, 'a2', 2);
    expect(started(queue.finish('a1', 100))).toEqual(['a2']);
    expect(queue.finish('a2', 200)).toEqual([
      { kind: 'start', id: 'b1', model: 'b', cold: true, waitedMs: 199, why: 'nobody waits for what is loaded' },
    ]);
  });

  it('goes to another model when somebody there has waited for max_model_wait', () => {
    const queue = warmQueue();
    put(queue, 'a1', 0);
    put(queue, 'a2', 1);
    put(queue, 'a3', 2);
    put(queue, 'b1', 3);
    expect(started(queue.finish('a1', 18_000))).toEqual(['a2']);
    expect(queue.finish('a2', 19_500)).toMatchObject([{ id: 'b1', why: 'waited long enough' }]);
  });

  it('stays with a model for as long as its load took, although others are overdue', () => {
    const queue = warmQueue();
    put(queue, 'b1', 0);
    queue.loaded('b1', 1_000);
    put(queue, 'c1', 1);
    put(queue, 'b2', 2);
    put(queue, 'b3', 3);
    expect(started(queue.finish('b1', 1_100))).toEqual(['b2']);
    expect(started(queue.finish('b2', 40_000))).toEqual(['c1']);
  });

  it('gives the turn away after four loads when others of the same class have waited longer', () => {
    const queue = warmQueue();
    put(queue, 'b1', 0);
    queue.loaded('b1', 1_000);
    put(queue, 'c1', 1);
    put(queue, 'b2', 2);
    put(queue, 'b3', 3);
    expect(started(queue.finish('b1', 4_900))).toEqual(['b2']);
    expect(queue.finish('b2', 5_100)).toMatchObject([{ id: 'c1', why: 'its share is due' }]);
  });

  it('lets an interactive request end the turn of others, a batch request not', () => {
    const queue = warmQueue();
    put(queue, 'b1', 0, 'normal');
    queue.loaded('b1', 1_000);
    put(queue, 'b2', 1, 'normal');
    put(queue, 'c1', 2, 'batch');
    put(queue, 'c2', 3, 'interactive');
    expect(queue.finish('b1', 2_100)).toMatchObject([{ id: 'c2', why: 'more urgent' }]);
    const other = warmQueue();
    put(other, 'a1', 0);
    put(other, 'b1', 1, 'batch');
    put(other, 'a2', 2);
    expect(started(other.finish('a1', 10_000))).toEqual(['a2']);
  });

  it('refuses at once when it is full', () => {
    const queue = warmQueue({ maxLength: 1 });
    put(queue, 'a1', 0);
    expect(put(queue, 'a2', 0).refused).toBe(false);
    expect(put(queue, 'a3', 0)).toEqual({ refused: true, decisions: [] });
    expect(put(queue, 'a2', 0).refused).toBe(true);
  });

  it('gives up on a request that has waited as long as it may', () => {
    const queue = warmQueue();
    put(queue, 'a1', 0);
    put(queue, 'a2', 10, 'normal', 500);
    expect(queue.nextTickAt(10)).toBe(510);
    expect(queue.tick(509)).toEqual([]);
    expect(queue.tick(510)).toEqual([{ kind: 'expire', id: 'a2', waitedMs: 500 }]);
    expect(queue.counts.waiting).toBe(0);
  });

  it('never starts a request that was cancelled while it waited', () => {
    const queue = warmQueue();
    put(queue, 'a1', 0);
    put(queue, 'a2', 1);
    put(queue, 'a3', 2);
    expect(queue.cancel('a2', 3)).toEqual([]);
    expect(started(queue.finish('a1', 4))).toEqual(['a3']);
    expect(started(queue.cancel('a3', 5))).toEqual([]);
    expect(queue.counts).toEqual({ running: 0, waiting: 0, coldStarts: 0 });
  });

  it('holds other models back while one is loading, and lets them go when the load fails', () => {
    const queue = warmQueue({ maxParallel: 2 });
    expect(started(put(queue, 'b1', 0).decisions)).toEqual(['b1']);
    expect(started(put(queue, 'a1', 1).decisions)).toEqual([]);
    expect(started(put(queue, 'b2', 2).decisions)).toEqual(['b2']);
    queue.cancel('b2', 3);
    expect(started(queue.finish('b1', 4))).toEqual(['a1']);
  });

  it('runs models side by side that the host was seen to hold together', () => {
    const queue = warmQueue({ maxParallel: 2 });
    queue.observe(['a', 'b'], 0);
    expect(started(put(queue, 'b1', 0).decisions)).toEqual(['b1']);
    expect(started(put(queue, 'a1', 1).decisions)).toEqual(['a1']);
  });

  it('does not send a model into the engine that would push out a running one, until that one is done', () => {
    const queue = warmQueue({ maxParallel: 2 });
    queue.observe(['b'], 0);
    put(queue, 'b1', 0);
    expect(started(put(queue, 'a1', 1).decisions)).toEqual([]);
    expect(started(put(queue, 'b2', 2).decisions)).toEqual(['b2']);
    queue.finish('b1', 3);
    expect(started(queue.finish('b2', 4))).toEqual(['a1']);
  });

  it('believes a list of the host that names the loading model, and no list without it', () => {
    const queue = warmQueue();
    put(queue, 'b1', 0);
    queue.observe(['a'], 10);
    expect(queue.residency.has('b')).toBe(false);
    expect(queue.runningRequests()[0]?.loaded).toBe(false);
    queue.observe(['b'], 20);
    expect(queue.residency.has('b')).toBe(true);
    expect(queue.runningRequests()[0]?.loaded).toBe(true);
  });

  it('counts how many models a load displaced', () => {
    const queue = warmQueue();
    put(queue, 'b1', 0);
    expect(queue.loaded('b1', 1_000).displaced).toBe(1);
    expect(queue.loaded('b1', 1_001).displaced).toBe(0);
    expect(queue.loaded('unknown', 1_001)).toEqual({ displaced: 0, decisions: [] });
  });
});
