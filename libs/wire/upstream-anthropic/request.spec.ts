import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChatMessage, ChatRequest } from '../neutral/chat-request.js';
import { anthropicModel } from './model.js';
import { type AnthropicWriteOptions, writeAnthropicMessages } from './request.js';

const text = (value: string) => ({ type: 'text', text: value }) as const;
const user = (value: string): ChatMessage => ({ role: 'user', content: [text(value)] });
const hi: ChatRequest = { messages: [user('hi')] };
const write = (request: Partial<ChatRequest>, options: Partial<AnthropicWriteOptions> = {}) =>
  writeAnthropicMessages({ ...hi, ...request }, { model: 'claude-sonnet-4-5', stream: false, ...options });
const opus48 = { model: 'claude-opus-4-8' };

describe('writeAnthropicMessages', () => {
  it('writes every parameter that has an equivalent', () => {
    const { body, dropped, unsupported, headers } = write(
      {
        messages: [
          { role: 'system', content: [text('be nice')] },
          user('hi'),
          { role: 'system', content: [text('now')] },
        ],
        maxTokens: 9,
        temperature: 0.5,
        topK: 4,
        stop: ['END', ' ', '\n'],
        user: 'u1',
        tools: [{ name: 'f', description: 'd', parameters: { type: 'object', properties: {} } }, { name: 'g' }],
        toolChoice: 'required',
        parallelToolCalls: false,
        responseFormat: {
          type: 'json_schema',
          name: 's',
          schema: { type: 'object', properties: { a: { type: 'object' } } },
        },
      },
      { stream: true },
    );
    expect(body).toEqual({
      model: 'claude-sonnet-4-5',
      max_tokens: 9,
      system: 'be nice\nnow',
      messages: [{ role: 'user', content: [text('hi')] }],
      stream: true,
      temperature: 0.5,
      top_k: 4,
      stop_sequences: ['END'],
      tools: [
        { name: 'f', description: 'd', input_schema: { type: 'object', properties: {} } },
        { name: 'g', input_schema: { type: 'object' } },
      ],
      tool_choice: { type: 'any', disable_parallel_tool_use: true },
      output_config: {
        format: {
          type: 'json_schema',
          schema: {
            type: 'object',
            properties: { a: { type: 'object', additionalProperties: false } },
            additionalProperties: false,
          },
        },
      },
      metadata: { user_id: 'u1' },
    });
    expect(unsupported).toEqual([]);
    expect(dropped).toEqual(['stop']);
    expect(headers).toEqual({ 'anthropic-version': '2023-06-01' });
  });

  it.each([
    ['claude-sonnet-4-5', null, 8192],
    ['claude-3-haiku-20240307', null, 4096],
    ['claude-sonnet-4-5', 2000, 2000],
    ['claude-sonnet-4-5', 64_000, 8192],
  ])('supplies max_tokens for %s (at most %s)', (model, maxOutputTokens, expected) => {
    expect(write({}, { model, maxOutputTokens }).body['max_tokens']).toBe(expected);
    expect(write({}, { model, maxOutputTokens, params: { max_tokens: 77 } }).body['max_tokens']).toBe(77);
  });

  it.each([
    [{ temperature: 1.7 }, 'claude-sonnet-4-5', { temperature: 1 }, ['temperature']],
    [{ temperature: 0.3, topP: 0.5 }, 'claude-3-5-sonnet-20241022', { temperature: 0.3, top_p: 0.5 }, []],
    [{ temperature: 0.3, topP: 0.5 }, 'claude-sonnet-4-5', { temperature: 0.3 }, ['top_p']],
    [{ topP: 0.5 }, 'claude-sonnet-4-5', { top_p: 0.5 }, []],
    [{ temperature: 0.3, topP: 0.5, topK: 3 }, 'claude-opus-4-8', {}, ['temperature', 'top_p', 'top_k']],
    [{ temperature: 1, topP: 1 }, 'claude-opus-4-8', {}, []],
    [{ temperature: 0.3 }, 'claude-mythos-preview', {}, ['temperature']],
    [{ temperature: 0.3 }, 'claude-opus-4-6', { temperature: 0.3 }, []],
    [{ temperature: 0.3 }, 'minimax-m2', { temperature: 0.3 }, []],
  ])('sampling %j of %s', (request, model, expected, dropped) => {
    const written = write(request, { model });
    const { temperature, top_p, top_k } = written.body;
    expect(JSON.parse(JSON.stringify({ temperature, top_p, top_k }))).toEqual(expected);
    expect(written.dropped).toEqual(dropped);
  });

  it.each([
    ['n', { n: 2 }],
    ['logprobs', { logprobs: true }],
    ['seed', { seed: 1 }],
    ['logit_bias', { logitBias: { '1': 1 } }],
    ['presence_penalty', { presencePenalty: 0.5 }],
    ['frequency_penalty', { frequencyPenalty: 0.5 }],
    ['audio', { extra: { audio: {} } }],
  ] as const)('cannot express %s', (name, request: Partial<ChatRequest>) => {
    expect(write(request).unsupported).toEqual([name]);
    expect(write(request, { omit: [name] }).unsupported).toEqual([]);
  });

  it('finds nothing unsupported at neutral values', () => {
    const request = {
      n: 1,
      logprobs: false,
      logitBias: {},
      presencePenalty: 0,
      frequencyPenalty: 0,
      minP: 0,
      parallelToolCalls: true,
    };
    expect(write(request).unsupported).toEqual([]);
  });

  it.each([
    ['none', false, { type: 'none' }],
    ['auto', undefined, { type: 'auto' }],
    ['required', true, { type: 'any' }],
    [{ name: 'f' }, undefined, { type: 'tool', name: 'f' }],
    [undefined, false, { type: 'auto', disable_parallel_tool_use: true }],
    [undefined, undefined, undefined],
  ] as const)('tool_choice %j, parallel %s', (toolChoice, parallelToolCalls, expected) => {
    const request: Partial<ChatRequest> = { tools: [{ name: 'f' }] };
    if (toolChoice !== undefined) request.toolChoice = toolChoice;
    if (parallelToolCalls !== undefined) request.parallelToolCalls = parallelToolCalls;
    expect(write(request).body['tool_choice']).toEqual(expected);
    expect(write({ ...request, tools: [] }).body).not.toHaveProperty('tool_choice');
  });

  it('passes what belongs to Anthropic, its betas as a header, and nothing else', () => {
    const { body, headers, dropped } = write({
      extra: {
        thinking: { type: 'enabled', budget_tokens: 2000 },
        output_config: { effort: 'low' },
        anthropic_beta: 'a-1,b-2',
        context_management: { edits: [] },
        metadata: { user_id: 'x', other: 'y' },
        service_tier: 'flex',
        verbosity: 'low',
      },
    });
    expect(body).toMatchObject({
      thinking: { type: 'enabled', budget_tokens: 2000 },
      output_config: { effort: 'low' },
      context_management: { edits: [] },
      metadata: { user_id: 'x' },
    });
    expect(headers['anthropic-beta']).toBe('a-1,b-2');
    expect([...dropped].sort()).toEqual(['service_tier', 'verbosity']);
  });

  it('sends only listed fields (property)', () => {
    const known = [
      'model',
      'max_tokens',
      'system',
      'messages',
      'stream',
      'thinking',
      'output_config',
      'metadata',
      'service_tier',
      'cache_control',
      'container',
      'context_management',
      'inference_geo',
      'mcp_servers',
      'speed',
    ];
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (extra) => {
        for (const name of Object.keys(write({ extra }, { params: extra }).body)) {
          expect([...known, 'temperature', 'top_p', 'top_k', 'stop_sequences']).toContain(name);
        }
      }),
    );
  });
});

describe('thinking', () => {
  const budget = (tokens: number) => ({ type: 'enabled', budget_tokens: tokens });
  const shown = { type: 'adaptive', display: 'summarized' };
  it.each([
    [
      'a level becomes a budget',
      'claude-sonnet-4-5',
      { reasoning: { effort: 'high' } },
      budget(4096),
      undefined,
      8192,
      [],
    ],
    ['a budget', 'claude-3-7-sonnet-latest', { reasoning: { budgetTokens: 3000 } }, budget(3000), undefined, 8192, []],
    [
      'a budget below the least',
      'claude-sonnet-4-5',
      { reasoning: { budgetTokens: 10 } },
      budget(1024),
      undefined,
      8192,
      [],
    ],
    [
      'room is made for a budget',
      'claude-sonnet-4-5',
      { reasoning: { budgetTokens: 20_000 } },
      budget(20_000),
      undefined,
      28_192,
      [],
    ],
    [
      'max_tokens of the client wins',
      'claude-sonnet-4-5',
      { reasoning: { effort: 'high' }, maxTokens: 2000 },
      budget(1999),
      undefined,
      2000,
      [],
    ],
    [
      'no room',
      'claude-sonnet-4-5',
      { reasoning: { effort: 'high' }, maxTokens: 500 },
      undefined,
      undefined,
      500,
      ['reasoning_effort'],
    ],
    ['off', 'claude-sonnet-4-5', { reasoning: { enabled: false } }, { type: 'disabled' }, undefined, 8192, []],
    [
      'a model that cannot',
      'claude-3-5-sonnet-20241022',
      { reasoning: { effort: 'high' } },
      undefined,
      undefined,
      8192,
      ['reasoning_effort'],
    ],
    [
      'off at a model that cannot',
      'claude-3-5-sonnet-20241022',
      { reasoning: { enabled: false } },
      undefined,
      undefined,
      8192,
      [],
    ],
    ['adaptive', 'claude-opus-4-6', { reasoning: { effort: 'xhigh' } }, { type: 'adaptive' }, 'max', 8192, []],
    ['adaptive, newer', 'claude-opus-4-8', { reasoning: { effort: 'xhigh' } }, shown, 'xhigh', 8192, []],
    ['adaptive, on', 'claude-opus-4-8', { reasoning: { enabled: true } }, shown, undefined, 8192, []],
    ['adaptive, minimal', 'claude-opus-4-8', { reasoning: { effort: 'minimal' } }, shown, 'low', 8192, []],
    ['adaptive, a budget', 'claude-opus-4-8', { reasoning: { budgetTokens: 5000 } }, shown, 'high', 8192, []],
    ['adaptive, off', 'claude-opus-4-8', { reasoning: { effort: 'none' } }, { type: 'disabled' }, undefined, 8192, []],
    [
      'a model that always thinks',
      'claude-mythos-5',
      { reasoning: { effort: 'none' } },
      undefined,
      'low',
      8192,
      ['reasoning_effort'],
    ],
    [
      'a forced tool',
      'claude-opus-4-8',
      { reasoning: { effort: 'high' }, tools: [{ name: 'f' }], toolChoice: 'required' },
      undefined,
      undefined,
      8192,
      ['reasoning_effort'],
    ],
  ] as const)('%s', (_name, model, request, thinking, effort, maxTokens, dropped) => {
    const written = write(JSON.parse(JSON.stringify(request)), { model });
    expect(written.body['thinking']).toEqual(thinking);
    expect(written.body['output_config']).toEqual(effort === undefined ? undefined : { effort });
    expect(written.body['max_tokens']).toBe(maxTokens);
    expect(written.dropped).toEqual(dropped);
  });

  it('leaves sampling alone while it is on', () => {
    const { body, dropped } = write({ reasoning: { effort: 'low' }, temperature: 0.2, topK: 3 });
    expect(body).not.toHaveProperty('temperature');
    expect(body).not.toHaveProperty('top_k');
    expect(dropped).toEqual(['temperature', 'top_k']);
  });

  const turn = (reasoning?: { text: string; signature: string }[]): ChatMessage[] => [
    user('hi'),
    {
      role: 'assistant',
      content: [],
      toolCalls: [{ id: 't', name: 'f', arguments: '{}' }],
      ...(reasoning === undefined ? {} : { reasoning }),
    },
    { role: 'tool', toolCallId: 't', content: [text('x')] },
  ];

  it('is switched off in a tool turn whose signed thinking the client did not send back', () => {
    const reasoning = { effort: 'low' };
    expect(write({ messages: turn(), reasoning }).body).not.toHaveProperty('thinking');
    const signed = write({ messages: turn([{ text: 'hm', signature: 's' }]), reasoning });
    expect(signed.body['thinking']).toEqual(budget(1024));
    expect(write({ messages: turn(), reasoning }, opus48).body['thinking']).toEqual(shown);
  });
});

describe('anthropicModel', () => {
  it.each([
    ['claude-3-5-sonnet-20241022', 305],
    ['claude-3-haiku-20240307', 300],
    ['claude-3-7-sonnet-latest', 307],
    ['claude-sonnet-4-20250514', 400],
    ['claude-sonnet-4-5-20250929', 405],
    ['anthropic/claude-opus-4.6', 406],
    ['claude-opus-5', 500],
    ['claude-haiku-5-5', 505],
    ['claude-mythos-preview', null],
    ['gpt-4o', null],
  ])('%s', (name, version) => {
    expect(anthropicModel(name).version).toBe(version);
  });
});
