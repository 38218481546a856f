import { describe, expect, it } from 'vitest';
import type { ChatRequest, CompletionRequest } from '../neutral/chat-request.js';
import { withChatDefaults, withCompletionDefaults, withoutParams } from './default-params.js';
import { effortOf } from './effort.js';
import { withSystemPrompt } from './system-prompt.js';

const chat: ChatRequest = { messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }] };

describe('withChatDefaults', () => {
  it.each([
    [{ temperature: 0.2 }, { temperature: 0.2 }],
    [{ max_tokens: 5 }, { maxTokens: 5 }],
    [{ max_completion_tokens: 6 }, { maxTokens: 6 }],
    [{ num_predict: 7 }, { maxTokens: 7 }],
    [{ stop: 'x' }, { stop: ['x'] }],
    [{ stop: ['x', 'y'] }, { stop: ['x', 'y'] }],
    [
      { top_p: 0.1, top_k: 2, min_p: 0.3 },
      { topP: 0.1, topK: 2, minP: 0.3 },
    ],
    [{ repetition_penalty: 1.1 }, { repeatPenalty: 1.1 }],
    [{ logit_bias: { '1': 2 } }, { logitBias: { '1': 2 } }],
    [{ think: true }, { reasoning: { enabled: true } }],
    [{ think: 'high' }, { reasoning: { effort: 'high' } }],
    [{ reasoning_effort: 'low' }, { reasoning: { effort: 'low' } }],
    [{ reasoning: { max_tokens: 9, enabled: true } }, { reasoning: { budgetTokens: 9, enabled: true } }],
    [{ response_format: { type: 'json_object' } }, { responseFormat: { type: 'json_object' } }],
    [
      { response_format: { type: 'json_schema', json_schema: { name: 'n', schema: {}, strict: true } } },
      { responseFormat: { type: 'json_schema', name: 'n', schema: {}, strict: true } },
    ],
    [
      { parallel_tool_calls: false, tool_choice: 'none' },
      { parallelToolCalls: false, toolChoice: 'none' },
    ],
    [
      { logprobs: true, top_logprobs: 2 },
      { logprobs: true, topLogprobs: 2 },
    ],
    [
      { n: 1, seed: 4, user: 'u' },
      { n: 1, seed: 4, user: 'u' },
    ],
  ])('%j', (params, expected) => {
    expect(withChatDefaults(chat, params)).toEqual({ request: { ...chat, ...expected }, rest: {} });
  });

  it.each([
    [{ temperature: 'hot' }],
    [{ max_tokens: -1 }],
    [{ max_tokens: 1.5 }],
    [{ stop: [1] }],
    [{ logit_bias: { a: 'b' } }],
    [{ think: null }],
    [{ response_format: { type: 'json_schema' } }],
  ])('has no use for %j', (params) => {
    expect(withChatDefaults(chat, params)).toEqual({ request: chat, rest: {} });
  });

  it('lets the request win, but not a key that holds nothing', () => {
    const request = { ...chat, temperature: 1, seed: undefined };
    expect(withChatDefaults(request, { temperature: 0, seed: 3 }).request).toEqual({
      ...chat,
      temperature: 1,
      seed: 3,
    });
  });

  it('gives back what is no field of a request, whatever its name', () => {
    const rest = { num_ctx: 5, toString: 1, constructor: 2 };
    expect(withChatDefaults(chat, rest)).toEqual({ request: chat, rest });
  });
});

describe('withCompletionDefaults', () => {
  it('knows sampling only', () => {
    const completion: CompletionRequest = { prompts: ['a'] };
    expect(withCompletionDefaults(completion, { temperature: 0, think: true, num_ctx: 3 })).toEqual({
      request: { prompts: ['a'], temperature: 0 },
      rest: { num_ctx: 3 },
    });
  });
});

describe('withoutParams', () => {
  it('takes out fields and extras by their OpenAI names', () => {
    const request: ChatRequest = {
      ...chat,
      maxTokens: 5,
      logprobs: true,
      topLogprobs: 2,
      tools: [{ name: 'f' }],
      toolChoice: 'auto',
      extra: { store: true, verbosity: 'low' },
    };
    const names = ['max_completion_tokens', 'logprobs', 'tools', 'store', 'nonsense'];
    expect(withoutParams(request, names)).toEqual({ ...chat, extra: { verbosity: 'low' } });
    expect(request.maxTokens).toBe(5);
    expect(withoutParams(request)).toBe(request);
  });
});

describe('effortOf', () => {
  it.each([
    [{ enabled: false, effort: 'high' }, 'none'],
    [{ effort: 'HIGH' }, 'high'],
    [{ budgetTokens: 4096 }, 'high'],
    [{ budgetTokens: 2048 }, 'medium'],
    [{ budgetTokens: 1024 }, 'low'],
    [{ budgetTokens: 5 }, 'minimal'],
    [{ budgetTokens: 0 }, 'none'],
    [{ enabled: true }, null],
  ])('%j is %s', (wish, expected) => {
    expect(effortOf(wish)).toBe(expected);
  });
});

describe('withSystemPrompt', () => {
  const system = (text: string) => ({ role: 'system', content: [{ type: 'text', text }] }) as const;
  const own: ChatRequest = { messages: [...chat.messages, { ...system('own'), content: [...system('own').content] }] };
  const texts = (request: ChatRequest) =>
    request.messages.map((message) => message.content.map((part) => (part.type === 'text' ? part.text : '')).join(''));

  it.each([
    ['prepend', ['P', 'hi', 'own'], ['P', 'hi']],
    ['default', ['hi', 'own'], ['P', 'hi']],
    ['replace', ['P', 'hi'], ['P', 'hi']],
  ] as const)('%s', (mode, withOwn, withoutOwn) => {
    expect(texts(withSystemPrompt(own, { text: 'P', mode }))).toEqual(withOwn);
    expect(texts(withSystemPrompt(chat, { text: 'P', mode }))).toEqual(withoutOwn);
  });

  it('does nothing without a prompt', () => {
    expect(withSystemPrompt(own, null)).toBe(own);
    expect(withSystemPrompt(own, { text: '', mode: 'replace' })).toBe(own);
  });
});
