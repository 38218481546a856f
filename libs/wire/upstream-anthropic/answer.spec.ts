import { describe, expect, it } from 'vitest';
import { cutsOf, drain, recording, recordingsOf, summary } from '../__fixtures__/recording.js';
import { AnthropicDecoder, readAnthropicAnswer } from './answer.js';

const makeId = () => 'toolu_made';
const encoder = new TextEncoder();
type Item = { readonly type: string } & Readonly<Record<string, unknown>>;

const sse = (items: readonly Item[]) =>
  encoder.encode(items.map((item) => `event: ${item.type}\ndata: ${JSON.stringify(item)}\n\n`).join(''));
const decode = (items: readonly Item[]) => drain(new AnthropicDecoder({ makeId }), [sse(items)]);

const start = (usage: object = { input_tokens: 12, output_tokens: 1 }) => ({
  type: 'message_start',
  message: { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-x', content: [], usage },
});
const open = (index: number, block: object) => ({ type: 'content_block_start', index, content_block: block });
const delta = (index: number, value: object) => ({ type: 'content_block_delta', index, delta: value });
const close = (index: number) => ({ type: 'content_block_stop', index });
const finish = (reason: string, usage: object = { output_tokens: 30 }, sequence: string | null = null) => ({
  type: 'message_delta',
  delta: { stop_reason: reason, stop_sequence: sequence },
  usage,
});
const stop = { type: 'message_stop' };
const text = (index: number, value: string) => [
  open(index, { type: 'text', text: '' }),
  delta(index, { type: 'text_delta', text: value }),
  close(index),
];

describe('recorded answers of /v1/messages (the layer of Ollama)', () => {
  const answered = recordingsOf('/v1/messages').filter((r) => r.status === 200);
  it.each(answered.map((r) => [r.name, r] as const))('%s: any cut, same events', (_name, r) => {
    const cuts =
      r.chunks === null
        ? [readAnthropicAnswer(r.bodyText, { makeId })]
        : cutsOf(r.chunks).map((chunks) => drain(new AnthropicDecoder({ makeId }), chunks));
    for (const events of cuts) expect(events).toEqual(cuts[0]);
    expect(cuts[0]?.at(-1)?.type).toBe('end');
  });

  it('gives both tool calls', () => {
    const events = drain(new AnthropicDecoder({ makeId }), recording('v1-messages-tools-stream').chunks ?? []);
    expect(summary(events)).toMatchObject({
      calls: [
        { name: 'get_weather', arguments: '{"city":"Paris"}' },
        { name: 'get_time', arguments: '{"zone":"CET","dst":true}' },
      ],
      finish: 'tool_calls',
      ended: 'end',
    });
  });
});

describe('AnthropicDecoder', () => {
  it('reads thinking, its signature, text and calls, and counts only the calls', () => {
    const events = decode([
      start(),
      { type: 'ping' },
      open(0, { type: 'thinking', thinking: '', signature: '' }),
      delta(0, { type: 'thinking_delta', thinking: 'hm' }),
      delta(0, { type: 'signature_delta', signature: 'sig' }),
      close(0),
      open(1, { type: 'redacted_thinking', data: 'opaque' }),
      close(1),
      ...text(2, 'Hello'),
      open(3, { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} }),
      delta(3, { type: 'input_json_delta', partial_json: '' }),
      delta(3, { type: 'input_json_delta', partial_json: '{"a"' }),
      delta(3, { type: 'input_json_delta', partial_json: ':1}' }),
      close(3),
      open(4, { type: 'tool_use', id: 'toolu_2', name: 'g', input: {} }),
      close(4),
      { type: 'something_new', index: 9 },
      finish('tool_use'),
      stop,
    ]);
    expect(events).toEqual([
      { type: 'start', id: 'msg_1', model: 'claude-x', created: null },
      { type: 'reasoning-delta', choice: 0, text: 'hm' },
      { type: 'reasoning-signature', choice: 0, signature: 'sig' },
      { type: 'reasoning-signature', choice: 0, redacted: 'opaque' },
      { type: 'text-delta', choice: 0, text: 'Hello' },
      { type: 'tool-call-start', choice: 0, index: 0, id: 'toolu_1', name: 'f' },
      { type: 'tool-call-delta', choice: 0, index: 0, arguments: '{"a"' },
      { type: 'tool-call-delta', choice: 0, index: 0, arguments: ':1}' },
      { type: 'tool-call-start', choice: 0, index: 1, id: 'toolu_2', name: 'g' },
      { type: 'tool-call-delta', choice: 0, index: 1, arguments: '{}' },
      { type: 'finish', choice: 0, reason: 'tool_calls', native: 'tool_use' },
      {
        type: 'usage',
        usage: {
          inputTokens: 12,
          outputTokens: 30,
          cachedInputTokens: 0,
          cacheWriteTokens: 0,
          reasoningTokens: 0,
          costUsd: null,
        },
      },
      { type: 'end' },
    ]);
  });

  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['pause_turn', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['tool_use', 'tool_calls'],
    ['refusal', 'content_filter'],
    ['something_new', 'stop'],
  ])('stop_reason %s', (native, reason) => {
    expect(
      decode([start(), ...text(0, 'a'), finish(native), stop]).find((event) => event.type === 'finish'),
    ).toMatchObject({ reason, native });
  });

  it('tells which stop sequence it was', () => {
    const events = decode([start(), finish('stop_sequence', {}, 'END'), stop]);
    expect(events.find((event) => event.type === 'finish')).toMatchObject({ stopSequence: 'END' });
  });

  it.each([
    [
      'cache reads and writes are part of the prompt',
      { input_tokens: 5, cache_creation_input_tokens: 100, cache_read_input_tokens: 1000, output_tokens: 1 },
      { output_tokens: 7 },
      { inputTokens: 1105, cachedInputTokens: 1000, cacheWriteTokens: 100, outputTokens: 7 },
    ],
    [
      'the last count holds',
      { input_tokens: 5, output_tokens: 1 },
      { input_tokens: 6, output_tokens: 9, cache_read_input_tokens: 2 },
      { inputTokens: 8, outputTokens: 9 },
    ],
    [
      'null is no count',
      { input_tokens: 5, cache_read_input_tokens: null, output_tokens: 1 },
      { input_tokens: null, output_tokens: 3 },
      { inputTokens: 5, outputTokens: 3 },
    ],
    [
      'what is kept for an hour, and searches, have prices of their own',
      {
        input_tokens: 5,
        cache_creation_input_tokens: 100,
        cache_creation: { ephemeral_5m_input_tokens: 40, ephemeral_1h_input_tokens: 60 },
        output_tokens: 1,
      },
      { output_tokens: 7, server_tool_use: { web_search_requests: 3, web_fetch_requests: 1 } },
      { cacheWriteTokens: 100, units: { cacheWriteHourTokens: 60, webSearches: 3 } },
    ],
    [
      'thinking',
      { input_tokens: 5, output_tokens: 1 },
      { output_tokens: 9, output_tokens_details: { thinking_tokens: 4 } },
      { outputTokens: 9, reasoningTokens: 4 },
    ],
  ])('usage: %s', (_name, first, last, expected) => {
    const found = decode([start(first), finish('end_turn', last), stop]).find((event) => event.type === 'usage');
    expect(found?.usage).toMatchObject(expected);
  });

  it.each([
    [
      'overload after 200',
      [start(), ...text(0, 'a'), { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }],
      'backend_overloaded',
    ],
    [
      'a stream that breaks off',
      [start(), open(0, { type: 'text', text: '' }), delta(0, { type: 'text_delta', text: 'a' })],
      'upstream_error',
    ],
    ['message_stop without a reason', [start(), ...text(0, 'a'), stop], 'upstream_error'],
    ['nothing', [], 'upstream_error'],
  ] as const)('%s is a failure', (_name, items, code) => {
    const events = decode(items);
    expect(events.at(-1)).toMatchObject({ type: 'failure', failure: { code, status: 200, blame: 'backend' } });
    // The prompt was read: it is billed.
    if (items.length > 0) expect(events.at(-2)).toMatchObject({ type: 'usage', usage: { inputTokens: 12 } });
  });

  it('takes a stop reason for an end where message_stop is missing', () => {
    expect(summary(decode([start(), ...text(0, 'a'), finish('end_turn')])).ended).toBe('end');
  });

  it('fails on what is no JSON and on lines beyond the bound, and gives nothing more', () => {
    const decoder = new AnthropicDecoder({ makeId, maxLineLength: 300 });
    expect(summary(decoder.push(encoder.encode('data: nonsense\n\n'))).ended).toBe('upstream_invalid_response');
    expect(decoder.push(sse([start()]))).toEqual([]);
    expect(decoder.end()).toEqual([]);
    const long = new AnthropicDecoder({ makeId, maxLineLength: 300 });
    expect(summary(long.push(encoder.encode(`data: ${'x'.repeat(400)}\n\n`))).ended).toBe('upstream_invalid_response');
  });

  it('makes an id where there is none, and takes an input that came whole', () => {
    const events = decode([
      start(),
      open(0, { type: 'tool_use', name: 'f', input: { a: 1 } }),
      finish('tool_use'),
      stop,
    ]);
    expect(summary(events).calls).toEqual([{ id: 'toolu_made', name: 'f', arguments: '{"a":1}' }]);
  });
});

describe('readAnthropicAnswer', () => {
  const message = (
    content: readonly object[],
    stopReason: string | null,
    usage: object = { input_tokens: 3, output_tokens: 4 },
  ) =>
    JSON.stringify({
      id: 'msg',
      type: 'message',
      model: 'm',
      content,
      stop_reason: stopReason,
      stop_sequence: null,
      usage,
    });

  it('reads every block', () => {
    const events = readAnthropicAnswer(
      message(
        [
          { type: 'thinking', thinking: 'hm', signature: 'sig' },
          { type: 'text', text: 'a' },
          { type: 'tool_use', id: 't', name: 'f', input: { x: [1] } },
          { type: 'tool_use', id: 'u', name: 'g', input: {} },
        ],
        'tool_use',
      ),
      { makeId },
    );
    expect(events).toContainEqual({ type: 'reasoning-signature', choice: 0, signature: 'sig' });
    expect(summary(events)).toMatchObject({
      text: 'a',
      thinking: 'hm',
      calls: [
        { id: 't', name: 'f', arguments: '{"x":[1]}' },
        { id: 'u', name: 'g', arguments: '{}' },
      ],
      tokens: [3, 4],
      finish: 'tool_calls',
      ended: 'end',
    });
  });

  it.each([
    ['an error', '{"type":"error","error":{"type":"api_error","message":"x"}}', 'upstream_error'],
    ['no reason', message([{ type: 'text', text: 'a' }], null), 'upstream_error'],
    ['HTML', '<html>', 'upstream_invalid_response'],
  ])('%s is a failure', (_name, body, code) => {
    expect(summary(readAnthropicAnswer(body, { makeId })).ended).toBe(code);
  });
});
