import { describe, expect, it } from 'vitest';
import { WaitingList, type WaitingRequest } from './waiting-list.js';

const request = (id: string, more: Partial<WaitingRequest> = {}): WaitingRequest => ({
  id,
  model: 'a',
  priority: 'normal',
  maxWaitMs: null,
  arrivedAt: 0,
  ...more,
});

function order(list: WaitingList, now: number, promoteAfterMs: number): string[] {
  const ids: string[] = [];
  for (let [line] = list.models(now, promoteAfterMs); line !== undefined; [line] = list.models(now, promoteAfterMs)) {
    ids.push(line.head.id);
    list.remove(line.head.id);
  }
  return ids;
}

describe('WaitingList', () => {
  it('orders by class, then by arrival', () => {
    const list = new WaitingList();
    list.add(request('batch', { priority: 'batch', arrivedAt: 1 }));
    list.add(request('first', { arrivedAt: 2 }));
    list.add(request('second', { arrivedAt: 3 }));
    list.add(request('urgent', { priority: 'interactive', arrivedAt: 4 }));
    expect(order(list, 10, 1_000)).toEqual(['urgent', 'first', 'second', 'batch']);
  });

  it('lets nobody starve behind a more urgent class', () => {
    const list = new WaitingList();
    list.add(request('batch', { priority: 'batch', arrivedAt: 0 }));
    list.add(request('urgent', { priority: 'interactive', arrivedAt: 900 }));
    expect(order(list, 1_000, 1_000)).toEqual(['batch', 'urgent']);
  });

  it('forgets what was taken out, and knows an id once', () => {
    const list = new WaitingList();
    expect(list.add(request('x'))).toBe(true);
    expect(list.add(request('x'))).toBe(false);
    expect(list.remove('x')?.id).toBe('x');
    expect(list.remove('x')).toBeNull();
    expect(list.size).toBe(0);
    expect(list.models(0, 1)).toEqual([]);
  });

  it('says for each model who is next, who waited longest and how many there are', () => {
    const list = new WaitingList();
    list.add(request('a1', { arrivedAt: 5, priority: 'batch' }));
    list.add(request('a2', { arrivedAt: 6 }));
    list.add(request('b1', { arrivedAt: 7, model: 'b' }));
    const lines = list.models(10, 1_000).map((line) => [line.model, line.count, line.head.id, line.oldest.id]);
    expect(lines).toEqual([
      ['a', 2, 'a2', 'a1'],
      ['b', 1, 'b1', 'b1'],
    ]);
  });
});
