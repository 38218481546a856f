import { describe, expect, it } from 'vitest';
import { calls, chunk, decode, doneLine, makeId, sse } from '../__fixtures__/openai-stream.js';
import { summary } from '../__fixtures__/recording.js';
import { OpenAiChatDecoder, readOpenAiChatAnswer, readOpenAiCompletionAnswer } from './answer.js';

describe('OpenAiChatDecoder', () => {
  it('tells id, model, time and provider once', () => {
    const events = decode([
      chunk({ role: 'assistant', content: '' }, null, { provider: 'P' }),
      chunk({ role: 'assistant', content: 'x' }),
      chunk({}, 'stop'),
      doneLine,
    ]);
    expect(events).toEqual([
      { type: 'start', id: 'gen-1', model: 'm', created: 7, provider: 'P' },
      { type: 'text-delta', choice: 0, text: 'x' },
      { type: 'finish', choice: 0, reason: 'stop', native: 'stop' },
      { type: 'end' },
    ]);
  });

  it('ignores the comments of OpenRouter and chunks without choices', () => {
    const events = decode([
      ': OPENROUTER PROCESSING',
      { id: 'x', choices: [], prompt_filter_results: [] },
      chunk({ content: 'a' }, 'stop'),
      doneLine,
    ]);
    expect(summary(events)).toMatchObject({ text: 'a', finish: 'stop', ended: 'end' });
  });

  const usage = { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 };
  it.each([
    ['in a chunk of its own', [chunk({}, 'stop'), { id: 'x', choices: [], usage }]],
    ['in a last chunk with filled choices', [chunk({}, 'stop'), chunk({ content: '' }, 'stop', { usage })]],
    ['on the finish chunk', [chunk({}, 'stop', { usage })]],
    [
      'on every chunk',
      [chunk({}, null, { usage: { ...usage, completion_tokens: 1, total_tokens: 10 } }), chunk({}, 'stop', { usage })],
    ],
    ['in x_groq', [chunk({}, 'stop', { x_groq: { usage } })]],
    ['inside the choice', [{ ...chunk({}), choices: [{ index: 0, delta: {}, finish_reason: 'stop', usage }] }]],
  ])('takes the usage %s, once', (_name, chunks) => {
    const events = decode([chunk({ content: 'a' }), ...chunks, doneLine]);
    expect(events.filter((event) => event.type === 'usage')).toHaveLength(1);
    expect(summary(events)).toMatchObject({ tokens: [9, 2], ended: 'end' });
    expect(events.filter((event) => event.type === 'finish')).toHaveLength(1);
  });

  it.each([
    [
      'OpenAI',
      {
        prompt_tokens: 100,
        completion_tokens: 50,
        total_tokens: 150,
        prompt_tokens_details: { cached_tokens: 40 },
        completion_tokens_details: { reasoning_tokens: 30 },
      },
      { inputTokens: 100, outputTokens: 50, cachedInputTokens: 40, reasoningTokens: 30, costUsd: null },
    ],
    [
      'OpenRouter',
      {
        prompt_tokens: 10,
        completion_tokens: 5,
        total_tokens: 15,
        cost: 0.0012,
        is_byok: false,
        prompt_tokens_details: { cached_tokens: 3, cache_write_tokens: 2 },
      },
      { cachedInputTokens: 3, cacheWriteTokens: 2, costUsd: 0.0012 },
    ],
    [
      'OpenRouter with an own key',
      {
        prompt_tokens: 1,
        completion_tokens: 1,
        total_tokens: 2,
        cost: 0.001,
        is_byok: true,
        cost_details: { upstream_inference_cost: 0.02 },
      },
      { costUsd: 0.021 },
    ],
    [
      'thinking outside of completion_tokens (xAI, Gemini)',
      { prompt_tokens: 10, completion_tokens: 5, total_tokens: 45 },
      { outputTokens: 35 },
    ],
    [
      'DeepSeek',
      { prompt_tokens: 10, completion_tokens: 5, prompt_cache_hit_tokens: 8 },
      { outputTokens: 5, cachedInputTokens: 8 },
    ],
    [
      'nonsense',
      { prompt_tokens: null, completion_tokens: 'many', total_tokens: -5 },
      { inputTokens: 0, outputTokens: 0 },
    ],
  ])('usage of %s', (_name, given, expected) => {
    const events = decode([chunk({ content: 'a' }, 'stop', { usage: given }), doneLine]);
    const found = events.find((event) => event.type === 'usage');
    expect(found?.usage).toMatchObject(expected);
  });

  it.each([
    ['reasoning_content', { reasoning_content: 'hm' }, { text: 'hm' }],
    ['reasoning', { reasoning: 'hm' }, { text: 'hm' }],
    ['both at once, counted once', { reasoning: 'hm', reasoning_content: 'hm' }, { text: 'hm' }],
    [
      'details of OpenRouter',
      { reasoning: 'hm', reasoning_details: [{ type: 'reasoning.text', text: 'hm' }] },
      { text: 'hm', details: [{ type: 'reasoning.text', text: 'hm' }] },
    ],
    [
      'details alone',
      { reasoning_details: [{ type: 'reasoning.encrypted', data: 'x' }] },
      { text: '', details: [{ type: 'reasoning.encrypted', data: 'x' }] },
    ],
    ['parts of Mistral', { content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] }] }, { text: 'hm' }],
  ])('thinking: %s', (_name, delta, expected) => {
    const events = decode([chunk(delta), chunk({ content: 'x' }, 'stop'), doneLine]);
    expect(events.filter((event) => event.type === 'reasoning-delta')).toEqual([
      { type: 'reasoning-delta', choice: 0, ...expected },
    ]);
  });

  it('keeps choices apart', () => {
    const part = (index: number, text: string, finish: string | null = null) => ({
      id: 'x',
      choices: [{ index, delta: { content: text }, finish_reason: finish }],
    });
    const events = decode([part(0, 'a'), part(1, 'b'), part(0, 'c', 'stop'), part(1, 'd', 'length'), doneLine]);
    expect(events.filter((event) => event.type === 'finish')).toMatchObject([
      { choice: 0, reason: 'stop' },
      { choice: 1, reason: 'length' },
    ]);
    expect(events.filter((event) => event.type === 'text-delta').map((event) => [event.choice, event.text])).toEqual([
      [0, 'a'],
      [1, 'b'],
      [0, 'c'],
      [1, 'd'],
    ]);
  });

  it('passes refusals, annotations and logprobs', () => {
    const token = { token: 'a', logprob: -0.1, bytes: [97], top_logprobs: [{ token: 'b', logprob: -2, bytes: null }] };
    const events = decode([
      {
        id: 'x',
        choices: [{ index: 0, delta: { content: 'a' }, logprobs: { content: [token] }, finish_reason: null }],
      },
      chunk({ refusal: 'no', annotations: [{ type: 'url_citation' }] }, 'stop'),
      doneLine,
    ]);
    expect(events.slice(1, 4)).toEqual([
      { type: 'text-delta', choice: 0, text: 'a', logprobs: [token] },
      { type: 'refusal-delta', choice: 0, text: 'no' },
      { type: 'annotations', choice: 0, annotations: [{ type: 'url_citation' }] },
    ]);
  });
});

describe('ends', () => {
  it.each([
    ['stop', 'stop'],
    ['length', 'length'],
    ['content_filter', 'content_filter'],
    ['tool_calls', 'tool_calls'],
    ['function_call', 'tool_calls'],
    ['eos', 'stop'],
    ['model_length', 'length'],
    ['MAX_TOKENS', 'length'],
    ['something_new', 'stop'],
  ])('finish_reason %s', (native, reason) => {
    expect(decode([chunk({ content: 'a' }, native), doneLine]).find((event) => event.type === 'finish')).toMatchObject({
      reason,
      native,
    });
  });

  it('says tool_calls where a compatible upstream says stop beside calls; OpenAI is believed', () => {
    const items = [calls({ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }), chunk({}, 'stop'), doneLine];
    expect(summary(decode(items)).finish).toBe('tool_calls');
    expect(summary(decode(items, { flavour: 'openai' })).finish).toBe('stop');
  });

  it.each([
    ['nothing at all', [], 'upstream_error'],
    ['only comments', [': hi'], 'upstream_error'],
    ['[DONE] and nothing else', [doneLine], 'upstream_error'],
    ['[DONE] after an empty answer without a reason', [chunk({ role: 'assistant' }), doneLine], 'upstream_error'],
    ['text that breaks off', [chunk({ content: 'a' })], 'upstream_error'],
    ['no JSON', ['data: oops'], 'upstream_invalid_response'],
    ['a list', [[1]], 'upstream_invalid_response'],
    ['finish_reason error', [chunk({ content: 'a' }, 'error')], 'upstream_error'],
    ['DeepSeek out of room', [chunk({}, 'insufficient_system_resource')], 'backend_overloaded'],
    ['an error of OpenAI', [{ error: { message: 'x', type: 'server_error', code: null } }], 'upstream_error'],
    [
      'an error with a number',
      [chunk({}, 'error', { error: { code: 502, message: 'Provider disconnected' } })],
      'upstream_error',
    ],
    ['an error with a 429', [{ error: { code: 429, message: 'slow' } }], 'rate_limit_exceeded'],
    [
      'an error of the choice',
      [{ id: 'x', choices: [{ index: 0, error: { code: 503, message: 'busy' } }] }],
      'backend_overloaded',
    ],
    ['an error event', ['event: error\ndata: {"message":"x"}'], 'upstream_error'],
    [
      'an error of old vLLM',
      [{ object: 'error', message: 'maximum context length is 5', code: 400 }],
      'context_length_exceeded',
    ],
  ])('%s is a failure', (_name, items, code) => {
    const events = decode(items);
    expect(events.at(-1)).toMatchObject({ type: 'failure', failure: { code } });
    expect(events.filter((event) => event.type === 'end')).toEqual([]);
  });

  it('takes an end without [DONE] where every choice has its reason', () => {
    expect(summary(decode([chunk({ content: 'a' }, 'stop')])).ended).toBe('end');
  });

  it('takes [DONE] after text without a reason for a stop', () => {
    expect(summary(decode([chunk({ content: 'a' }), doneLine]))).toMatchObject({
      finish: 'stop',
      native: null,
      ended: 'end',
    });
  });

  it('bills what was used before a failure', () => {
    const events = decode([
      chunk({ content: 'a' }),
      chunk({}, 'error', { usage: { prompt_tokens: 5, completion_tokens: 1 } }),
    ]);
    expect(events.slice(-2).map((event) => event.type)).toEqual(['usage', 'failure']);
  });

  it('gives nothing after the end, nor after a line beyond the bound', () => {
    const decoder = new OpenAiChatDecoder({ makeId, maxLineLength: 300 });
    expect(decoder.push(sse([chunk({ content: 'a' }), `data: ${'x'.repeat(400)}`])).at(-1)).toMatchObject({
      failure: { code: 'upstream_invalid_response' },
    });
    expect(decoder.push(sse([chunk({ content: 'b' })]))).toEqual([]);
    expect(decoder.end()).toEqual([]);
  });
});

describe('whole answers', () => {
  const answer = (message: object, finish: string | null, more: object = {}) =>
    JSON.stringify({
      id: 'x',
      model: 'm',
      created: 1,
      choices: [{ index: 0, message, finish_reason: finish }],
      ...more,
    });

  it('is read like a stream with one chunk', () => {
    const message = {
      content: 'a',
      reasoning_content: 'hm',
      tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '' } }],
    };
    const events = readOpenAiChatAnswer(
      answer(message, 'tool_calls', { usage: { prompt_tokens: 1, completion_tokens: 2 } }),
      { makeId },
    );
    expect(summary(events)).toEqual({
      text: 'a',
      thinking: 'hm',
      calls: [{ id: 'c', name: 'f', arguments: '{}' }],
      logprobs: 0,
      finish: 'tool_calls',
      native: 'tool_calls',
      tokens: [1, 2],
      ended: 'end',
    });
  });

  it.each([
    ['an error with status 200', '{"error":{"code":502,"message":"Provider returned error"}}', 'upstream_error'],
    ['a failed choice with partial text', answer({ content: 'par' }, 'error', {}), 'upstream_error'],
    ['no choices', '{"id":"x","choices":[]}', 'upstream_error'],
    ['an empty answer without a reason', answer({ content: '' }, null), 'upstream_error'],
    ['HTML', '<html>', 'upstream_invalid_response'],
  ])('%s is a failure', (_name, text, code) => {
    expect(summary(readOpenAiChatAnswer(text, { makeId })).ended).toBe(code);
  });

  it('reads legacy completions and their logprobs, of several prompts', () => {
    const text = JSON.stringify({
      id: 'cmpl',
      choices: [
        {
          index: 0,
          text: 'a',
          finish_reason: 'stop',
          logprobs: { tokens: ['a'], token_logprobs: [-0.5], top_logprobs: [{ b: -1 }], text_offset: [0] },
        },
        { index: 1, text: 'b', finish_reason: 'length' },
      ],
    });
    expect(readOpenAiCompletionAnswer(text, { makeId }).slice(1, -1)).toEqual([
      {
        type: 'text-delta',
        choice: 0,
        text: 'a',
        logprobs: [
          { token: 'a', logprob: -0.5, bytes: null, top_logprobs: [{ token: 'b', logprob: -1, bytes: null }] },
        ],
      },
      { type: 'finish', choice: 0, reason: 'stop', native: 'stop' },
      { type: 'text-delta', choice: 1, text: 'b' },
      { type: 'finish', choice: 1, reason: 'length', native: 'length' },
    ]);
  });
});
