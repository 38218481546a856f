import Anthropic from '@anthropic-ai/sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StreamEvent } from '../neutral/stream-event.js';
import {
  cuts,
  decode,
  encodeStream,
  eventData,
  madeAnswer,
  options,
  serve,
  usage,
} from '../openai/answers.fixtures.js';
import { collectAnswer } from '../openai/collect-answer.js';
import { createEncoder, encodeWhole } from '../openai/create-encoder.js';

const client = (fetch: typeof globalThis.fetch) =>
  new Anthropic({ apiKey: 'sk-test', baseURL: 'http://gateway.test', fetch, maxRetries: 0 });
const ask = { model: 'house/model', max_tokens: 100, messages: [{ role: 'user' as const, content: 'Hi' }] };
const text = (value: string): StreamEvent => ({ type: 'text-delta', choice: 0, text: value });
const stop: StreamEvent = { type: 'finish', choice: 0, reason: 'stop' };
const reasons = { stop: 'end_turn', length: 'max_tokens', content_filter: 'refusal', tool_calls: 'tool_use' };

function checkMessage(message: Anthropic.Message, answer: { text: string; thinking: string }): void {
  const of = <T extends Anthropic.ContentBlock['type']>(type: T) =>
    message.content.filter((block): block is Extract<Anthropic.ContentBlock, { type: T }> => block.type === type);
  expect(
    of('text')
      .map((block) => block.text)
      .join(''),
  ).toBe(answer.text);
  expect(
    of('thinking')
      .map((block) => block.thinking)
      .join(''),
  ).toBe(answer.thinking);
  for (const block of of('thinking')) expect(block.signature).toEqual(expect.any(String));
}

describe('streamed messages', () => {
  it('are read by the official client as they were meant, in any chunking', async () => {
    await fc.assert(
      fc.asyncProperty(madeAnswer, cuts, async (answer, places) => {
        const fetch = serve(encodeStream('anthropic-messages', answer.events), 'text/event-stream', places);
        const message = await client(fetch).messages.stream(ask).finalMessage();
        checkMessage(message, answer);
        const calls = message.content.flatMap((block) => (block.type === 'tool_use' ? [block] : []));
        expect(calls.map(({ id, name, input }) => ({ id, name, input }))).toEqual(answer.calls);
        const signatures = message.content.flatMap((block) => (block.type === 'thinking' ? [block.signature] : []));
        expect(signatures.filter((signature) => signature !== '')).toEqual(answer.signatures);
        const reason = answer.reason === 'stop' && answer.calls.length > 0 ? 'tool_calls' : answer.reason;
        expect(message.stop_reason).toBe(reasons[reason]);
        expect(message.usage).toMatchObject({
          input_tokens: 15,
          cache_read_input_tokens: 10,
          cache_creation_input_tokens: 5,
          output_tokens: 12,
        });
      }),
      { numRuns: 80 },
    );
  });

  it('have one block open at a time, with rising indexes', () => {
    fc.assert(
      fc.property(madeAnswer, (answer) => {
        let open: number | null = null;
        let next = 0;
        for (const event of eventData(encodeStream('anthropic-messages', answer.events))) {
          const { type, index } = event as { type: string; index: number };
          if (type === 'content_block_start') {
            expect([open, index]).toEqual([null, next]);
            open = index;
            next += 1;
          }
          if (type === 'content_block_delta') expect(index).toBe(open);
          if (type === 'content_block_stop') {
            expect(index).toBe(open);
            open = null;
          }
        }
        expect(open).toBeNull();
      }),
    );
  });

  it('are the documented events in order', () => {
    const signed: StreamEvent[] = [
      { type: 'reasoning-delta', choice: 0, text: 'Hm' },
      { type: 'reasoning-signature', choice: 0, signature: 'sig' },
      { type: 'reasoning-signature', choice: 0, redacted: 'opaque' },
    ];
    const call: StreamEvent = { type: 'tool-call-start', choice: 0, index: 0, id: 'toolu_1', name: 'f' };
    const data = eventData(
      encodeStream('anthropic-messages', [...signed, text('Hi'), call, stop, { type: 'usage', usage }]),
    );
    const counts = { cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 0 };
    expect(data).toEqual([
      {
        type: 'message_start',
        message: {
          id: 'answer-1',
          type: 'message',
          role: 'assistant',
          model: 'house/model',
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: { input_tokens: 7, ...counts },
        },
      },
      { type: 'ping' },
      { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '', signature: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'Hm' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 'sig' } },
      { type: 'content_block_stop', index: 0 },
      { type: 'content_block_start', index: 1, content_block: { type: 'redacted_thinking', data: 'opaque' } },
      { type: 'content_block_stop', index: 1 },
      { type: 'content_block_start', index: 2, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 2, delta: { type: 'text_delta', text: 'Hi' } },
      { type: 'content_block_stop', index: 2 },
      {
        type: 'content_block_start',
        index: 3,
        content_block: { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} },
      },
      { type: 'content_block_delta', index: 3, delta: { type: 'input_json_delta', partial_json: '{}' } },
      { type: 'content_block_stop', index: 3 },
      {
        type: 'message_delta',
        delta: { stop_reason: 'tool_use', stop_sequence: null },
        usage: { input_tokens: 15, cache_creation_input_tokens: 5, cache_read_input_tokens: 10, output_tokens: 12 },
      },
      { type: 'message_stop' },
    ]);
  });

  it('begin with the counts of the upstream where it names them first, else with the estimate', () => {
    const start = (events: StreamEvent[]) => eventData(encodeStream('anthropic-messages', events))[0];
    expect(start([text('Hi')])).toMatchObject({ message: { usage: { input_tokens: 7 } } });
    const known: StreamEvent = { type: 'usage', usage: { ...usage, outputTokens: 1 } };
    expect(start([known, text('Hi')])).toMatchObject({
      message: { usage: { input_tokens: 15, cache_read_input_tokens: 10, output_tokens: 1 } },
    });
  });

  it('stream the arguments of a call as they come', () => {
    const encoder = createEncoder('anthropic-messages', options);
    encoder.push({ type: 'tool-call-start', choice: 0, index: 0, id: 'a', name: 'f' });
    const bytes = encoder.push({ type: 'tool-call-delta', choice: 0, index: 0, arguments: '{"x"' });
    expect(bytes === null ? null : eventData(bytes)).toEqual([
      { type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: '{"x"' } },
    ]);
  });

  it('let a call that waited begin as soon as the one before it is complete', () => {
    const encoder = createEncoder('anthropic-messages', options);
    const start = (index: number): StreamEvent => ({
      type: 'tool-call-start',
      choice: 0,
      index,
      id: `c${index}`,
      name: 'f',
    });
    const more = (index: number, json: string): StreamEvent => ({
      type: 'tool-call-delta',
      choice: 0,
      index,
      arguments: json,
    });
    for (const event of [start(0), more(0, '{"a":'), start(1), more(1, '{}')]) encoder.push(event);
    const bytes = encoder.push(more(0, '1}'));
    expect(bytes === null ? null : eventData(bytes)).toMatchObject([
      { index: 0, delta: { partial_json: '1}' } },
      { type: 'content_block_stop', index: 0 },
      { type: 'content_block_start', index: 1 },
      { index: 1, delta: { partial_json: '{}' } },
    ]);
  });

  it.each([
    [
      { reason: 'stop', stopSequence: 'END' },
      { stop_reason: 'stop_sequence', stop_sequence: 'END' },
    ],
    [
      { reason: 'stop', native: 'pause_turn' },
      { stop_reason: 'pause_turn', stop_sequence: null },
    ],
    [
      { reason: 'length', native: 'length' },
      { stop_reason: 'max_tokens', stop_sequence: null },
    ],
    [{ reason: 'content_filter' }, { stop_reason: 'refusal', stop_sequence: null }],
  ] as const)('say why they stopped: %o', (end, delta) => {
    const data = eventData(encodeStream('anthropic-messages', [text('x'), { type: 'finish', choice: 0, ...end }]));
    expect(data.at(-2)).toMatchObject({ type: 'message_delta', delta });
  });

  it('end a failure with an error that the client throws, and no message_delta', async () => {
    const encoder = createEncoder('anthropic-messages', options);
    const failed = encoder.fail({
      message: 'The backend has too much to do.',
      type: 'server_error',
      anthropicType: 'overloaded_error',
      param: null,
      code: 'backend_overloaded',
      requestId: 'req_1',
    });
    const bytes = Buffer.concat([encoder.push(text('Hel')) ?? new Uint8Array(), failed]);
    expect(decode(bytes)).not.toMatch(/message_delta|message_stop/);
    expect(eventData(failed)).toEqual([
      {
        type: 'error',
        error: { type: 'overloaded_error', message: 'The backend has too much to do.' },
        request_id: 'req_1',
      },
    ]);
    const stream = client(serve(bytes, 'text/event-stream')).messages.stream(ask);
    await expect(stream.finalMessage()).rejects.toThrow(/too much to do/);
  });
});

describe('whole messages', () => {
  it('are read by the official client as they were meant', async () => {
    await fc.assert(
      fc.asyncProperty(madeAnswer, async (answer) => {
        const body = encodeWhole('anthropic-messages', collectAnswer(answer.events), options);
        const message = await client(serve(body, 'application/json')).messages.create(ask);
        checkMessage(message, answer);
        const calls = message.content.flatMap((block) => (block.type === 'tool_use' ? [block] : []));
        expect(calls.map(({ id, name, input }) => ({ id, name, input }))).toEqual(answer.calls);
        expect(message.usage.input_tokens).toBe(15);
      }),
      { numRuns: 50 },
    );
  });

  it('keep arguments that are no object as text in one', () => {
    const events: StreamEvent[] = [
      { type: 'tool-call-start', choice: 0, index: 0, id: 'a', name: 'f' },
      { type: 'tool-call-delta', choice: 0, index: 0, arguments: '{"city":"Par' },
      { type: 'finish', choice: 0, reason: 'length' },
    ];
    const body: unknown = JSON.parse(decode(encodeWhole('anthropic-messages', collectAnswer(events), options)));
    expect(body).toMatchObject({
      content: [{ type: 'tool_use', input: { raw_arguments: '{"city":"Par' } }],
      stop_reason: 'max_tokens',
    });
  });
});
