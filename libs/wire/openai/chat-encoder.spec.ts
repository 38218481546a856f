import fc from 'fast-check';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import type { StreamEvent } from '../neutral/stream-event.js';
import { cuts, decode, encodeStream, eventData, madeAnswer, options, serve, usage } from './answers.fixtures.js';
import { collectAnswer } from './collect-answer.js';
import { createEncoder, encodeWhole } from './create-encoder.js';

const client = (fetch: typeof globalThis.fetch) =>
  new OpenAI({ apiKey: 'sk-test', baseURL: 'http://gateway.test/v1', fetch, maxRetries: 0 });
const ask = { model: 'house/model', messages: [{ role: 'user' as const, content: 'Hi' }] };
const text = (value: string, choice = 0): StreamEvent => ({ type: 'text-delta', choice, text: value });
const stop: StreamEvent = { type: 'finish', choice: 0, reason: 'stop' };

describe('streamed chat completions', () => {
  it('are read by the official client as they were meant, in any chunking', async () => {
    await fc.assert(
      fc.asyncProperty(madeAnswer, cuts, async (answer, places) => {
        const fetch = serve(encodeStream('openai-chat', answer.events), 'text/event-stream', places);
        const done = await client(fetch).chat.completions.stream(ask).finalChatCompletion();
        const choice = done.choices[0];
        const calls = (choice?.message.tool_calls ?? []).map((call) =>
          call.type === 'function'
            ? { name: call.function.name, input: JSON.parse(call.function.arguments) as unknown }
            : call,
        );
        expect(choice?.message.content ?? '').toBe(answer.text);
        expect(calls).toEqual(answer.calls.map(({ name, input }) => ({ name, input })));
        expect((choice?.message.tool_calls ?? []).map(({ id }) => id)).toEqual(answer.calls.map(({ id }) => id));
        const reason = answer.reason === 'stop' && answer.calls.length > 0 ? 'tool_calls' : answer.reason;
        expect(choice?.finish_reason).toBe(reason);
        expect(done).toMatchObject({ id: 'answer-1', model: 'house/model', created: 1_760_000_000 });
        expect(done.usage).toMatchObject({ prompt_tokens: 30, completion_tokens: 12, total_tokens: 42 });
      }),
      { numRuns: 80 },
    );
  });

  it('carry thinking as reasoning_content, and signed thinking as a block that can be sent back', () => {
    fc.assert(
      fc.property(madeAnswer, (answer) => {
        const deltas = eventData(encodeStream('openai-chat', answer.events)).flatMap((chunk) => deltasOf(chunk));
        expect(
          deltas
            .map((delta) => delta['reasoning_content'])
            .filter((value) => typeof value === 'string')
            .join(''),
        ).toBe(answer.thinking);
        const blocks = deltas.flatMap((delta) => delta['thinking_blocks'] ?? []);
        expect(blocks).toMatchObject(answer.signatures.map((signature) => ({ type: 'thinking', signature })));
      }),
    );
  });

  it('begin with the role, have a constant id, and end with finish, usage without choices, and [DONE]', () => {
    const data = eventData(encodeStream('openai-chat', [text('Hel'), text('lo'), stop, { type: 'usage', usage }]));
    const chunk = (choices: unknown[], counts: unknown = null) => ({
      id: 'answer-1',
      object: 'chat.completion.chunk',
      created: 1_760_000_000,
      model: 'house/model',
      choices,
      usage: counts,
    });
    const choice = (delta: object, finish: string | null = null) => [
      { index: 0, delta, logprobs: null, finish_reason: finish },
    ];
    expect(data).toEqual([
      chunk(choice({ role: 'assistant', content: '', refusal: null })),
      chunk(choice({ content: 'Hel' })),
      chunk(choice({ content: 'lo' })),
      chunk(choice({}, 'stop')),
      chunk([], {
        prompt_tokens: 30,
        completion_tokens: 12,
        total_tokens: 42,
        prompt_tokens_details: { cached_tokens: 10, cache_write_tokens: 5 },
        completion_tokens_details: { reasoning_tokens: 4 },
      }),
      '[DONE]',
    ]);
  });

  it('give each signed block its own thinking', () => {
    const signed = (value: string): StreamEvent[] => [
      { type: 'reasoning-delta', choice: 0, text: value },
      { type: 'reasoning-signature', choice: 0, signature: `signed ${value}` },
    ];
    const data = eventData(encodeStream('openai-chat', [...signed('one'), ...signed('two')]));
    expect(data.flatMap((chunk) => deltasOf(chunk)).flatMap((delta) => delta['thinking_blocks'] ?? [])).toEqual([
      { type: 'thinking', thinking: 'one', signature: 'signed one' },
      { type: 'thinking', thinking: 'two', signature: 'signed two' },
    ]);
  });

  it('say nothing more of a choice that has ended', () => {
    const data = eventData(encodeStream('openai-chat', [text('a'), stop, text('b'), stop]));
    expect(data.flatMap((chunk) => choicesOf(chunk)).map((choice) => choice.finish_reason)).toEqual([
      null,
      null,
      'stop',
    ]);
  });

  it('have no usage at all for clients that did not ask', () => {
    const events = [text('Hi'), stop, { type: 'usage' as const, usage }];
    expect(decode(encodeStream('openai-chat', events, { includeUsage: false }))).not.toContain('usage');
  });

  it('name a call once, and give an empty object to a call without arguments', () => {
    const call: StreamEvent = { type: 'tool-call-start', choice: 0, index: 0, id: 'call_1', name: 'f' };
    const data = eventData(encodeStream('openai-chat', [call, call, stop]));
    const calls = data.flatMap((chunk) => deltasOf(chunk)).flatMap((delta) => delta['tool_calls'] ?? []);
    expect(calls).toEqual([
      { index: 0, id: 'call_1', type: 'function', function: { name: 'f', arguments: '' } },
      { index: 0, function: { arguments: '{}' } },
    ]);
  });

  it('interleave the choices of n > 1, each with its role and its end', () => {
    const second: StreamEvent = { type: 'finish', choice: 1, reason: 'length' };
    const data = eventData(encodeStream('openai-chat', [text('a'), text('b', 1), text('c'), stop, second]));
    const seen = data
      .flatMap((chunk) => choicesOf(chunk))
      .map((choice) => [choice.index, choice.delta, choice.finish_reason]);
    const role = { role: 'assistant', content: '', refusal: null };
    expect(seen).toEqual([
      [0, role, null],
      [0, { content: 'a' }, null],
      [1, role, null],
      [1, { content: 'b' }, null],
      [0, { content: 'c' }, null],
      [0, {}, 'stop'],
      [1, {}, 'length'],
    ]);
  });

  it('carry logprobs, refusals, annotations and OpenRouter details', () => {
    const logprobs = [{ token: 'a', logprob: -0.1, bytes: [97], top_logprobs: [] }];
    const details = [{ type: 'reasoning.encrypted', data: 'x' }];
    const data = eventData(
      encodeStream('openai-chat', [
        { type: 'text-delta', choice: 0, text: 'a', logprobs },
        { type: 'refusal-delta', choice: 0, text: 'no' },
        { type: 'annotations', choice: 0, annotations: [{ type: 'url_citation' }] },
        { type: 'reasoning-delta', choice: 0, text: '', details },
        { type: 'reasoning-signature', choice: 0, redacted: 'opaque' },
      ]),
    );
    const choices = data.flatMap((chunk) => choicesOf(chunk)).slice(1);
    expect(choices.map(({ delta }) => delta)).toEqual([
      { content: 'a' },
      { refusal: 'no' },
      { annotations: [{ type: 'url_citation' }] },
      { reasoning_content: '', reasoning_details: details },
      { thinking_blocks: [{ type: 'redacted_thinking', data: 'opaque' }] },
      {},
    ]);
    expect(choices[0]?.logprobs).toEqual({ content: logprobs, refusal: null });
  });

  it('end a failure with an error that the client throws, and without [DONE]', async () => {
    const encoder = createEncoder('openai-chat', options);
    const failed = encoder.fail({
      message: 'The backend answered with an error.',
      type: 'upstream_error',
      anthropicType: 'api_error',
      param: null,
      code: 'upstream_error',
    });
    const bytes = Buffer.concat([encoder.push(text('Hel')) ?? new Uint8Array(), failed]);
    expect(decode(bytes)).not.toContain('[DONE]');
    const stream = await client(serve(bytes, 'text/event-stream')).chat.completions.create({ ...ask, stream: true });
    const heard: string[] = [];
    const listen = async () => {
      for await (const chunk of stream) heard.push(chunk.choices[0]?.delta.content ?? '');
    };
    await expect(listen()).rejects.toMatchObject({ code: 'upstream_error', type: 'upstream_error' });
    expect(heard.join('')).toBe('Hel');
  });

  it('keep comments on one line, so that nothing in them is taken for data', () => {
    const comment = createEncoder('openai-chat', options).comment('queued\n\ndata: {}\r\nx');
    expect(decode(comment)).toBe(': queued data: {} x\n\n');
  });

  it('answer an upstream that ended without a word with a complete stream', () => {
    const data = eventData(encodeStream('openai-chat', [{ type: 'end' }]));
    expect(data.flatMap((chunk) => choicesOf(chunk)).map((choice) => choice.finish_reason)).toEqual([null, 'stop']);
    expect(data.at(-1)).toBe('[DONE]');
  });
});

describe('whole chat completions', () => {
  it('are read by the official client as they were meant', async () => {
    await fc.assert(
      fc.asyncProperty(madeAnswer, async (answer) => {
        const body = encodeWhole('openai-chat', collectAnswer(answer.events), options);
        const done = await client(serve(body, 'application/json')).chat.completions.create(ask);
        const message = done.choices[0]?.message;
        expect(message?.content ?? '').toBe(answer.text);
        const calls = message?.tool_calls?.map((call) => (call.type === 'function' ? call.function : null)) ?? [];
        expect(calls.map((call) => JSON.parse(call?.arguments ?? 'null') as unknown)).toEqual(
          answer.calls.map(({ input }) => input),
        );
        expect((message as { reasoning_content?: string } | undefined)?.reasoning_content ?? '').toBe(answer.thinking);
        expect(done.usage?.total_tokens).toBe(42);
      }),
      { numRuns: 50 },
    );
  });

  it('have null content beside calls, and an empty string where nothing was said', () => {
    const call: StreamEvent = { type: 'tool-call-start', choice: 0, index: 0, id: 'call_1', name: 'f' };
    const whole = (events: StreamEvent[]): unknown =>
      JSON.parse(decode(encodeWhole('openai-chat', collectAnswer(events), options)));
    expect(whole([call, stop])).toMatchObject({
      choices: [
        {
          message: {
            content: null,
            tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } }],
          },
          finish_reason: 'tool_calls',
        },
      ],
    });
    expect(whole([stop])).toMatchObject({
      choices: [{ message: { content: '', refusal: null }, finish_reason: 'stop' }],
    });
  });
});

interface SeenChoice {
  index: number;
  delta: Record<string, unknown>;
  logprobs: unknown;
  finish_reason: string | null;
}

function choicesOf(chunk: unknown): SeenChoice[] {
  return typeof chunk === 'object' && chunk !== null && 'choices' in chunk ? (chunk.choices as SeenChoice[]) : [];
}

function deltasOf(chunk: unknown): Record<string, unknown>[] {
  return choicesOf(chunk).map((choice) => choice.delta);
}
