import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dataPolicies, KeyId, TeamId } from '#contracts';
import { parseChatBody, parseEmbeddingBody, parseMessagesBody } from '#wire';
import type { ParsedRequest } from '../completion/request-facts.js';
import { cacheKeyOf, cacheScopeOf, canonicalJson, type CacheIdentity } from './cache-key.js';

function chatOf(body: object): ParsedRequest {
  const parsed = parseChatBody({ model: 'm', ...body });
  if (parsed.kind === 'invalid') throw new Error(parsed.message);
  return { kind: 'chat', request: parsed.value.request };
}

const hello = { messages: [{ role: 'user', content: 'Hello' }] };
const identity: CacheIdentity = {
  scope: 'all',
  namespaces: [null, null],
  dataPolicy: null,
  modelGroup: 'm',
  model: 'm',
  parsed: chatOf(hello),
};
const keyOf = (more: Partial<CacheIdentity>) => cacheKeyOf({ ...identity, ...more });

/** The same value with the members of every object in another order. */
function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, member]) => [name, shuffled(member)]),
  );
}

describe('cacheKeyOf', () => {
  it('does not depend on the order of members', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJson(shuffled(value))).toBe(canonicalJson(value));
      }),
    );
  });

  it('tells different values apart', () => {
    const same = (one: unknown, other: unknown) =>
      isDeepStrictEqual(JSON.parse(JSON.stringify(one)), JSON.parse(JSON.stringify(other)));
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 2 }), fc.jsonValue({ maxDepth: 2 }), (one, other) => {
        expect(canonicalJson(one) === canonicalJson(other)).toBe(same(one, other));
      }),
    );
  });

  it('is the same for the same question in another dialect, streamed or not', () => {
    const messages = parseMessagesBody({ model: 'm', max_tokens: 9, stream: true, ...hello });
    if (messages.kind === 'invalid') throw new Error(messages.message);
    const parsed: ParsedRequest = { kind: 'chat', request: messages.value.request };
    expect(keyOf({ parsed })).toBe(keyOf({ parsed: chatOf({ ...hello, max_completion_tokens: 9 }) }));
    expect(keyOf({ parsed: chatOf({ ...hello, stream: true, stream_options: { include_usage: true } }) })).toBe(
      keyOf({}),
    );
    expect(keyOf({ parsed: chatOf({ ...hello, metadata: { tags: ['x'] }, num_retries: 3, cache: { ttl: 9 } }) })).toBe(
      keyOf({}),
    );
  });

  it.each([
    { messages: [{ role: 'user', content: 'Hello!' }] },
    { ...hello, temperature: 0 },
    { ...hello, temperature: 0.5 },
    { ...hello, seed: 1 },
    { ...hello, max_tokens: 1 },
    { ...hello, stop: 'x' },
    { ...hello, n: 2 },
    { ...hello, user: 'ann' },
    { ...hello, logprobs: true },
    { ...hello, reasoning_effort: 'high' },
    { ...hello, response_format: { type: 'json_object' } },
    { ...hello, tools: [{ type: 'function', function: { name: 'f' } }] },
    { ...hello, tools: [{ type: 'function', function: { name: 'f' } }], tool_choice: 'required' },
    { ...hello, options: { num_ctx: 4096 } },
    { ...hello, service_tier: 'flex' },
  ])('differs where the question does: %j', (body) => {
    expect(keyOf({ parsed: chatOf(body) })).not.toBe(keyOf({}));
  });

  it('differs by scope, namespace, model and each demand on the data policy', () => {
    const keys = [
      keyOf({}),
      keyOf({ scope: 'team:t' }),
      keyOf({ namespaces: ['a', null] }),
      keyOf({ namespaces: [null, 'a'] }),
      keyOf({ modelGroup: 'other' }),
      ...dataPolicies.map((dataPolicy) => keyOf({ dataPolicy })),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('of embeddings holds the name that was asked for, since the body shows it, and the encoding', () => {
    const vectorsOf = (more: object): ParsedRequest => {
      const parsed = parseEmbeddingBody({ model: 'm', input: 'x', ...more });
      if (parsed.kind === 'invalid') throw new Error(parsed.message);
      return { kind: 'embedding', request: parsed.value.request };
    };
    const parsed = vectorsOf({});
    expect(keyOf({ parsed, model: 'alias' })).not.toBe(keyOf({ parsed }));
    expect(keyOf({ parsed: vectorsOf({ encoding_format: 'base64' }) })).not.toBe(keyOf({ parsed }));
    expect(keyOf({ model: 'alias' })).toBe(keyOf({}));
  });
});

describe('cacheScopeOf', () => {
  const lone = { id: KeyId.parse('same'), teamId: null };
  const member = { id: KeyId.parse('k'), teamId: TeamId.parse('same') };
  it.each([
    [lone, 'key', 'key:same'],
    [lone, 'team', 'key:same'],
    [member, 'key', 'key:k'],
    [member, 'team', 'team:same'],
    [member, 'all', 'all'],
  ] as const)('%j with scope %s is %s', (key, scope, expected) => {
    expect(cacheScopeOf(key, scope)).toBe(expected);
  });
});
