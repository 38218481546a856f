import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { growthOf, worseThanLinear } from '#testing';
import type { ChatMessage, ChatRequest } from '../neutral/chat-request.js';
import { estimateTokens } from './estimate.js';
import {
  boundChatTokens,
  boundInputTokens,
  estimateChatTokens,
  estimateInputTokens,
  imageTokens,
} from './request-tokens.js';
import { samples } from './samples.fixtures.js';

const user = (text: string): ChatMessage => ({ role: 'user', content: [{ type: 'text', text }] });

describe('estimateTokens', () => {
  it.each(samples.map(({ name, tokens, text }) => [name, tokens, text] as const))(
    'is close to o200k on %s: %i tokens, at most 15 percent off',
    (_name, tokens, text) => {
      expect(Math.abs(estimateTokens(text) / tokens - 1)).toBeLessThan(0.15);
    },
  );

  it.each([
    ['', 0],
    ['Hi', 1],
    ['1234', 2],
    ['a 1', 3],
    ['readToolChoice', 3],
  ])('%j is %i', (text, tokens) => {
    expect(estimateTokens(text)).toBe(tokens);
  });

  it('never exceeds the byte bound, and grows with the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        expect(estimateTokens(a)).toBeLessThanOrEqual(Buffer.byteLength(a, 'utf8'));
        expect(estimateTokens(`${a}\n\n${b}`)).toBeGreaterThanOrEqual(
          Math.max(estimateTokens(a), estimateTokens(b)) - 1,
        );
      }),
    );
  });

  it.each(['The quick brown fox. ', 'a', '-', '字'])('takes linear time, also for one long run of %j', (unit) => {
    expect(growthOf((size) => estimateTokens(unit.repeat(size / unit.length)), 50_000)).toBeLessThan(worseThanLinear);
  });
});

describe('tokens of requests', () => {
  const request: ChatRequest = {
    messages: [
      { role: 'system', content: [{ type: 'text', text: 'Be brief.' }] },
      user('What is the weather in Paris?'),
      { role: 'assistant', content: [], toolCalls: [{ id: 'call_1', name: 'weather', arguments: '{"city":"Paris"}' }] },
      { role: 'tool', toolCallId: 'call_1', toolName: 'weather', content: [{ type: 'text', text: 'sunny' }] },
    ],
    tools: [{ name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } }],
  };

  it('count messages, calls and tools', () => {
    const total = estimateChatTokens(request);
    expect(total).toBeGreaterThan(70);
    expect(total).toBeLessThan(110);
    const { tools: _tools, ...bare } = request;
    expect(estimateChatTokens(bare)).toBeLessThan(total);
  });

  it('count an image at its maximum, not by its bytes', () => {
    const source = { kind: 'base64' as const, mediaType: 'image/png', data: 'A'.repeat(400_000) };
    const image: ChatRequest = { messages: [{ role: 'user', content: [{ type: 'image', source }] }] };
    expect(estimateChatTokens(image) - estimateChatTokens({ messages: [{ role: 'user', content: [] }] })).toBe(
      imageTokens,
    );
    expect(boundChatTokens(image)).toBeLessThan(2 * imageTokens);
  });

  it('are never more than the bound', () => {
    expect(estimateChatTokens(request)).toBeLessThan(boundChatTokens(request));
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (texts) => {
        const made = { messages: texts.map(user) };
        expect(estimateChatTokens(made)).toBeLessThanOrEqual(boundChatTokens(made));
        expect(estimateInputTokens(texts)).toBeLessThanOrEqual(boundInputTokens(texts));
      }),
    );
  });

  it('count lists of tokens exactly', () => {
    expect(estimateInputTokens([[1, 2, 3], [4]])).toBe(4);
  });

  it.each(samples.map(({ name, tokens, text }) => [name, tokens, text] as const))(
    'the bound holds for %s',
    (_name, tokens, text) => {
      expect(boundChatTokens({ messages: [user(text)] })).toBeGreaterThan(tokens);
    },
  );
});
