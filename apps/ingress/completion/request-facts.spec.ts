import { describe, expect, it } from 'vitest';
import { PlanQuery } from '#contracts';
import type { ChatMessage, ChatRequest, RawRequest } from '#wire';
import { factsOf } from './request-facts.js';

const json = (path: string, body: Record<string, unknown>): RawRequest => ({ path, json: body, form: null });

describe('what a chat may be billed beside tokens', () => {
  const hi: ChatMessage = { role: 'user', content: [{ type: 'text', text: 'hi' }] };
  const marked: ChatMessage = {
    role: 'user',
    content: [{ type: 'text', text: 'hi', cacheControl: { type: 'ephemeral', ttl: '1h' } }],
  };
  const search = { type: 'web_search_20250305', name: 'web_search' };

  it.each<[string, ChatRequest, object | undefined]>([
    ['is nothing', { messages: [hi] }, undefined],
    ['is nothing for tools without a price', { messages: [hi], nativeTools: [{ type: 'bash_20250124' }] }, undefined],
    [
      'are the searches that are allowed',
      { messages: [hi], nativeTools: [{ ...search, max_uses: 3 }] },
      { webSearches: 3 },
    ],
    ['are ten searches where any number is', { messages: [hi], nativeTools: [search] }, { webSearches: 10 }],
    ...[-5, 1.5, '3', null, Number.NaN].map((max_uses): [string, ChatRequest, object] => [
      `are ten searches where the bound is none: ${String(max_uses)}`,
      { messages: [hi], nativeTools: [{ ...search, max_uses }] },
      { webSearches: 10 },
    ]),
    ["are ten searches in OpenAI's words", { messages: [hi], extra: { web_search_options: {} } }, { webSearches: 10 }],
    [
      'is a cache that is kept for an hour',
      { messages: [hi, marked] },
      { webSearches: 0, cacheWriteHourTokens: Number.MAX_SAFE_INTEGER },
    ],
  ])('%s', (_name, request, units) => {
    expect(factsOf({ kind: 'chat', request }).units).toEqual(units);
  });
});

describe('the facts of a request that is passed through', () => {
  it.each([
    [json('rerank', { query: 'x', documents: ['y'] }), { searches: 1 }],
    [json('moderations', { input: '' }), {}],
    [json('audio/speech', { input: 'Hello' }), { characters: 5 }],
    [json('images/generations', { prompt: 'x', n: 2 }), { images: 2 }],
    [{ path: 'audio/transcriptions', json: null, form: [] }, { seconds: 0 }],
  ])('%#: are what the router takes, with the units to reserve', (request, units) => {
    const facts = factsOf({ kind: 'raw', request });
    expect(facts.units).toMatchObject(units);
    const asked = PlanQuery.pick({ inputTokens: true, maxOutputTokens: true, needs: true });
    expect(asked.safeParse(facts).success).toBe(true);
  });
});
