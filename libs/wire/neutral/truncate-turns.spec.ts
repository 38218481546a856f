import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimateChatTokens } from '../tokens/request-tokens.js';
import type { ChatMessage, ChatRequest } from './chat-request.js';
import { truncateTurns } from './truncate-turns.js';

const text = (words: number) => [{ type: 'text' as const, text: 'word '.repeat(words) }];
const system: ChatMessage = { role: 'system', content: text(20) };
const user = (words = 50): ChatMessage => ({ role: 'user', content: text(words) });
const answer = (words = 50): ChatMessage => ({ role: 'assistant', content: text(words), toolCalls: [] });
const call = (id: string): ChatMessage => ({
  role: 'assistant',
  content: [],
  toolCalls: [{ id, name: 'look', arguments: '{}' }],
});
const result = (id: string, words = 50): ChatMessage => ({ role: 'tool', toolCallId: id, content: text(words) });

describe('truncateTurns', () => {
  it('leaves a request alone that fits', () => {
    const request: ChatRequest = { messages: [system, user()] };
    expect(truncateTurns(request, 1_000)).toEqual({ request, droppedMessages: 0, fits: true });
  });

  it('drops the oldest turn, and keeps the system prompt', () => {
    const messages = [system, user(), answer(), user(60), answer(60), user(70)];
    const { request, droppedMessages, fits } = truncateTurns({ messages }, 250);
    expect(fits).toBe(true);
    expect(droppedMessages).toBe(2);
    expect(request.messages).toEqual([system, ...messages.slice(3)]);
  });

  it('keeps the last user turn with its tool exchange, however long it is', () => {
    const messages = [user(), answer(), user(), call('c1'), result('c1', 900)];
    const { request, fits } = truncateTurns({ messages }, 100);
    expect(request.messages).toEqual(messages.slice(2));
    expect(fits).toBe(false);
  });

  it('keeps everything but messages: tools, limits and the rest', () => {
    const request: ChatRequest = { messages: [user(500), user(5)], maxTokens: 7, tools: [{ name: 'look' }] };
    expect(truncateTurns(request, 50).request).toEqual({ ...request, messages: request.messages.slice(1) });
  });

  it('never parts a call from its result, never loses the end, and fits where it says so (property)', () => {
    const turn = fc
      .tuple(fc.integer({ min: 0, max: 80 }), fc.boolean(), fc.nat())
      .map(([words, tools, id]) =>
        tools ? [user(words), call(`c${id}`), result(`c${id}`, words), answer(words)] : [user(words), answer(words)],
      );
    fc.assert(
      fc.property(
        fc.array(turn, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 800 }),
        (turns, maxTokens) => {
          const last = turns.at(-1) ?? [];
          const outcome = truncateTurns({ messages: [system, ...turns.flat()] }, maxTokens);
          const kept = outcome.request.messages;
          expect(kept[0]).toBe(system);
          expect(kept.slice(-last.length)).toEqual(last);
          if (outcome.fits) expect(estimateChatTokens(outcome.request)).toBeLessThanOrEqual(maxTokens);
          const called = kept.flatMap((message) => (message.role === 'assistant' ? message.toolCalls : []));
          const answered = kept.filter((message) => message.role === 'tool');
          expect(answered.length).toBe(called.length);
        },
      ),
    );
  });
});
