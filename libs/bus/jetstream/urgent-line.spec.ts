import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UrgentLine } from './urgent-line.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A line whose messages are acknowledged by hand; what left is in `messages`, whose senders go on in `sent`. */
function lineOf() {
  const messages: string[][] = [];
  const sent: string[] = [];
  const acknowledge: (() => void)[] = [];
  const state = { connected: true };
  const line = new UrgentLine<{ name: string; onSent: () => void }>({
    take: (waiting) => waiting.splice(0, 3),
    send: (batch) => {
      messages.push(batch.map(({ name }) => name));
      return new Promise((resolve) => acknowledge.push(resolve));
    },
    isConnected: () => state.connected,
  });
  const push = (...names: string[]) => names.forEach((name) => line.push({ name, onSent: () => void sent.push(name) }));
  const settled = () => vi.advanceTimersByTimeAsync(0);
  return { push, messages, sent, acknowledge, settled, state };
}

describe('events whose senders wait until they left', () => {
  it('leave at once while few are on their way', async () => {
    const { push, messages, sent, settled } = lineOf();
    push('a', 'b');
    await settled();
    expect([messages, sent]).toEqual([
      [['a'], ['b']],
      ['a', 'b'],
    ]);
  });

  it('are held back for five milliseconds at most, then leave together', async () => {
    const { push, messages, sent, settled } = lineOf();
    push('a', 'b', 'c', 'd', 'e', 'f');
    await vi.advanceTimersByTimeAsync(4);
    expect([messages.length, sent]).toEqual([2, ['a', 'b']]);
    await vi.advanceTimersByTimeAsync(1);
    await settled();
    expect(messages.slice(2)).toEqual([['c', 'd', 'e'], ['f']]);
    expect(sent).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  });

  it('leave as soon as a message before them is acknowledged', async () => {
    const { push, messages, sent, acknowledge, settled } = lineOf();
    push('a', 'b', 'c');
    acknowledge[0]?.();
    await settled();
    expect([messages, sent]).toEqual([
      [['a'], ['b'], ['c']],
      ['a', 'b', 'c'],
    ]);
  });

  it('have not left where there is no server', async () => {
    const { push, sent, settled, state } = lineOf();
    state.connected = false;
    push('a');
    await settled();
    expect(sent).toEqual([]);
  });
});
