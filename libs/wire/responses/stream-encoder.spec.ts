import fc from 'fast-check';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import type { StreamEvent } from '../neutral/stream-event.js';
import { cuts, decode, encodeStream, eventData, madeAnswer, options, serve } from '../openai/answers.fixtures.js';
import { collectAnswer } from '../openai/collect-answer.js';
import { createEncoder, encodeWhole } from '../openai/create-encoder.js';
import { parseResponsesBody } from './request.js';

const client = (fetch: typeof globalThis.fetch) =>
  new OpenAI({ apiKey: 'sk-test', baseURL: 'http://gateway.test/v1', fetch, maxRetries: 0 });
const ask = { model: 'house/model', input: 'Hi' };
const text = (value: string): StreamEvent => ({ type: 'text-delta', choice: 0, text: value });
const stop: StreamEvent = { type: 'finish', choice: 0, reason: 'stop' };
const outcomes = { stop: 'completed', tool_calls: 'completed', length: 'incomplete', content_filter: 'incomplete' };

function checkResponse(
  response: OpenAI.Responses.Response,
  answer: { text: string; thinking: string; calls: readonly { id: string; name: string; input: unknown }[] },
): void {
  expect(response.output_text).toBe(answer.text);
  const calls = response.output.flatMap((item) => (item.type === 'function_call' ? [item] : []));
  expect(
    calls.map((call) => ({ id: call.call_id, name: call.name, input: JSON.parse(call.arguments) as unknown })),
  ).toEqual(answer.calls);
  const thoughts = response.output.flatMap((item) => (item.type === 'reasoning' ? item.summary : []));
  expect(thoughts.map((part) => part.text).join('')).toBe(answer.thinking);
}

describe('streamed responses', () => {
  it('are read by the official client as they were meant, in any chunking', async () => {
    await fc.assert(
      fc.asyncProperty(madeAnswer, cuts, async (answer, places) => {
        const fetch = serve(encodeStream('openai-responses', answer.events), 'text/event-stream', places);
        const response = await client(fetch).responses.stream(ask).finalResponse();
        checkResponse(response, answer);
        expect(response.status).toBe(outcomes[answer.reason]);
        expect(response.usage).toMatchObject({ input_tokens: 30, output_tokens: 12, total_tokens: 42 });
      }),
      { numRuns: 80 },
    );
  });

  it('count their events from 0 and never say [DONE]; deltas make up what the end repeats', () => {
    fc.assert(
      fc.property(madeAnswer, (answer) => {
        const data = eventData(encodeStream('openai-responses', answer.events)) as Record<string, unknown>[];
        expect(data.map((event) => event['sequence_number'])).toEqual(data.map((_event, index) => index));
        const deltas = (type: string) => data.filter((event) => event['type'] === type).map((event) => event['delta']);
        expect(deltas('response.output_text.delta').join('')).toBe(answer.text);
        expect(deltas('response.reasoning_summary_text.delta').join('')).toBe(answer.thinking);
        const opened = data.filter((event) => event['type'] === 'response.output_item.added').length;
        const done = data.filter((event) => event['type'] === 'response.output_item.done');
        expect(done).toHaveLength(opened);
        const final = data.at(-1)?.['response'] as { output: unknown[] };
        const items = [...done].sort((a, b) => Number(a['output_index']) - Number(b['output_index']));
        expect(items.map((event) => event['item'])).toEqual(final.output);
      }),
    );
  });

  it('are the documented events in order', () => {
    const call: StreamEvent = { type: 'tool-call-start', choice: 0, index: 0, id: 'call_1', name: 'f' };
    const bytes = encodeStream('openai-responses', [
      { type: 'reasoning-delta', choice: 0, text: 'Hm' },
      text('Hi'),
      call,
      stop,
    ]);
    const names = [...decode(bytes).matchAll(/^event: (.*)$/gm)].map((match) => match[1]);
    expect(names).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.reasoning_summary_part.added',
      'response.reasoning_summary_text.delta',
      'response.reasoning_summary_text.done',
      'response.reasoning_summary_part.done',
      'response.output_item.done',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.output_item.added',
      'response.function_call_arguments.delta',
      'response.function_call_arguments.done',
      'response.output_item.done',
      'response.completed',
    ]);
  });

  it('fail with response.failed and an error that the client throws', async () => {
    const encoder = createEncoder('openai-responses', options);
    const error = {
      message: 'Gone.',
      type: 'upstream_error',
      anthropicType: 'api_error',
      param: null,
      code: 'upstream_error',
    };
    const bytes = Buffer.concat([encoder.push(text('Hel')) ?? new Uint8Array(), encoder.fail(error)]);
    const data = eventData(bytes) as Record<string, unknown>[];
    expect(data.slice(-2)).toMatchObject([
      { type: 'response.failed', response: { status: 'failed', error: { code: 'upstream_error', message: 'Gone.' } } },
      {
        type: 'error',
        code: 'upstream_error',
        message: 'Gone.',
        param: null,
        error: { message: 'Gone.', param: null },
      },
    ]);
    const stream = await client(serve(bytes, 'text/event-stream')).responses.create({ ...ask, stream: true });
    const heard: string[] = [];
    const listen = async () => {
      for await (const event of stream) heard.push(event.type);
    };
    await expect(listen()).rejects.toMatchObject({ code: 'upstream_error' });
  });

  it('fail with the error alone where nothing had begun', () => {
    const error = { message: 'Gone.', type: 'server_error', anthropicType: 'api_error', param: null, code: null };
    const data = eventData(createEncoder('openai-responses', options).fail(error));
    expect(data).toMatchObject([{ type: 'error', sequence_number: 0, message: 'Gone.' }]);
  });
});

describe('whole responses', () => {
  it('are read by the official client as they were meant', async () => {
    await fc.assert(
      fc.asyncProperty(madeAnswer, async (answer) => {
        const body = encodeWhole('openai-responses', collectAnswer(answer.events), options);
        const response = await client(serve(body, 'application/json')).responses.create(ask);
        checkResponse(response, answer);
        expect(response.status).toBe(outcomes[answer.reason]);
      }),
      { numRuns: 50 },
    );
  });

  it('take signed thinking around: the output sent back as input has the signature and the data again', () => {
    const events: StreamEvent[] = [
      { type: 'reasoning-delta', choice: 0, text: 'Hm' },
      { type: 'reasoning-signature', choice: 0, signature: 'sig' },
      { type: 'reasoning-signature', choice: 0, redacted: 'opaque' },
      { type: 'tool-call-start', choice: 0, index: 0, id: 'call_1', name: 'f' },
      stop,
    ];
    const body = JSON.parse(decode(encodeWhole('openai-responses', collectAnswer(events), options))) as {
      output: unknown[];
    };
    const parsed = parseResponsesBody({ model: 'm', input: [{ role: 'user', content: 'x' }, ...body.output] });
    expect(parsed).toMatchObject({
      kind: 'ok',
      value: {
        request: {
          messages: [
            { role: 'user' },
            {
              role: 'assistant',
              reasoning: [
                { text: 'Hm', signature: 'sig' },
                { text: '', redacted: 'opaque' },
              ],
              toolCalls: [{ id: 'call_1', name: 'f', arguments: '{}' }],
            },
          ],
        },
      },
    });
  });
});
