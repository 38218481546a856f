import fc from 'fast-check';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import type { StreamEvent } from '../neutral/stream-event.js';
import { encodeStream, decode, eventData, madeAnswer, options, serve, usage } from './answers.fixtures.js';
import { collectAnswer } from './collect-answer.js';
import { parseCompletionBody } from './completions.js';
import { createEncoder, encodeWhole } from './create-encoder.js';
import { embeddingAnswer, parseEmbeddingBody } from './embeddings.js';

const client = (fetch: typeof globalThis.fetch) =>
  new OpenAI({ apiKey: 'sk-test', baseURL: 'http://gateway.test/v1', fetch, maxRetries: 0 });
const float32 = fc.float({ noNaN: true, noDefaultInfinity: true });

describe('parseCompletionBody', () => {
  it.each([
    ['Once', ['Once']],
    [
      ['a', 'b'],
      ['a', 'b'],
    ],
    [[1, 2], [[1, 2]]],
    [
      [[1, 2], [3]],
      [[1, 2], [3]],
    ],
  ])('takes the prompt %j', (prompt, prompts) => {
    expect(parseCompletionBody({ model: 'm', prompt })).toMatchObject({ kind: 'ok', value: { request: { prompts } } });
  });

  it("takes langchain's neutral values as absent", () => {
    const result = parseCompletionBody({
      model: 'm',
      prompt: 'x',
      n: 1,
      best_of: 1,
      seed: null,
      logprobs: null,
      presence_penalty: 0,
      echo: false,
      suffix: '',
      user: null,
    });
    expect(result).toEqual({
      kind: 'ok',
      value: { model: 'm', stream: false, includeUsage: false, request: { prompts: ['x'] }, gateway: { tags: [] } },
    });
  });

  it('keeps what only this endpoint has', () => {
    const result = parseCompletionBody({
      model: 'm',
      prompt: 'x',
      suffix: 'z',
      echo: true,
      logprobs: 2,
      best_of: 3,
      max_tokens: 4,
    });
    expect(result).toMatchObject({
      value: { request: { suffix: 'z', echo: true, logprobs: 2, bestOf: 3, maxTokens: 4 } },
    });
  });

  it.each([
    [undefined, "Missing required parameter: 'prompt'.", 'prompt'],
    [[], "Invalid 'prompt': empty array.", 'prompt'],
    [{}, "Invalid type for 'prompt'", 'prompt'],
    [['a', 5], "Invalid type for 'prompt[1]'", 'prompt[1]'],
    [[1, 'a'], "Invalid type for 'prompt[1]'", 'prompt[1]'],
    [[[1], [-1]], "Invalid type for 'prompt[1][0]'", 'prompt[1][0]'],
  ])('refuses the prompt %j', (prompt, message, param) => {
    const result = parseCompletionBody({ model: 'm', prompt });
    expect(result).toMatchObject({ kind: 'invalid', param, message: expect.stringContaining(message) as string });
  });
});

describe('legacy completions', () => {
  const token = { token: 'Hi', logprob: -0.5, bytes: null, top_logprobs: [{ token: 'Ho', logprob: -1, bytes: null }] };

  it('stream text that is never null, to the official client too', async () => {
    await fc.assert(
      fc.asyncProperty(madeAnswer, async (answer) => {
        const bytes = encodeStream('openai-completion', answer.events);
        expect(decode(bytes)).not.toContain('"text":null');
        const stream = await client(serve(bytes, 'text/event-stream')).completions.create({
          model: 'm',
          prompt: 'x',
          stream: true,
        });
        let text = '';
        let total = 0;
        for await (const chunk of stream) {
          text += chunk.choices[0]?.text ?? '';
          total = chunk.usage?.total_tokens ?? total;
        }
        expect(text).toBe(answer.text);
        expect(total).toBe(42);
      }),
      { numRuns: 40 },
    );
  });

  it('end with a reason, usage only when asked for, and [DONE]', () => {
    const events: StreamEvent[] = [
      { type: 'text-delta', choice: 0, text: 'Hi', logprobs: [token] },
      { type: 'text-delta', choice: 0, text: 'Hi', logprobs: [token] },
      { type: 'finish', choice: 0, reason: 'length' },
      { type: 'usage', usage },
    ];
    const data = eventData(encodeStream('openai-completion', events, { includeUsage: false }));
    const logprobs = (start: number) => ({
      tokens: ['Hi'],
      token_logprobs: [-0.5],
      top_logprobs: [{ Ho: -1 }],
      text_offset: [start],
    });
    expect(data).toMatchObject([
      { object: 'text_completion', choices: [{ index: 0, text: 'Hi', logprobs: logprobs(0), finish_reason: null }] },
      { choices: [{ text: 'Hi', logprobs: logprobs(2) }] },
      { choices: [{ text: '', finish_reason: 'length' }] },
      '[DONE]',
    ]);
    expect(JSON.stringify(data)).not.toContain('usage');
  });

  it('have one choice per prompt when they are whole', () => {
    const events: StreamEvent[] = [
      { type: 'text-delta', choice: 1, text: 'b' },
      { type: 'text-delta', choice: 0, text: 'a' },
      { type: 'finish', choice: 1, reason: 'length' },
      { type: 'usage', usage },
    ];
    expect(JSON.parse(decode(encodeWhole('openai-completion', collectAnswer(events), options)))).toMatchObject({
      object: 'text_completion',
      choices: [
        { index: 0, text: 'a', logprobs: null, finish_reason: 'stop' },
        { index: 1, text: 'b', logprobs: null, finish_reason: 'length' },
      ],
      usage: { total_tokens: 42 },
    });
  });

  it('fail in band without [DONE]', () => {
    const error = {
      message: 'Gone.',
      type: 'upstream_error',
      anthropicType: 'api_error',
      param: null,
      code: 'upstream_error',
    };
    expect(eventData(createEncoder('openai-completion', options).fail(error))).toEqual([
      { error: { message: 'Gone.', type: 'upstream_error', param: null, code: 'upstream_error' } },
    ]);
  });
});

describe('embeddings', () => {
  it.each([
    [{ input: 'a' }, { inputs: ['a'], encodingFormat: 'float' }],
    [
      { input: ['a', 'b'], encoding_format: 'base64', dimensions: 8 },
      { inputs: ['a', 'b'], encodingFormat: 'base64', dimensions: 8 },
    ],
    [
      { input: [[1], [2, 3]], encoding_format: null },
      { inputs: [[1], [2, 3]], encodingFormat: 'float' },
    ],
  ])('take %j', (fields, request) => {
    expect(parseEmbeddingBody({ model: 'm', ...fields })).toMatchObject({ kind: 'ok', value: { request } });
  });

  it.each([
    [{ input: '' }, 'input'],
    [{ input: ['a', ''] }, 'input[1]'],
    [{ input: Array.from({ length: 2049 }, () => 'a') }, 'input'],
    [{ input: 'a', encoding_format: 'hex' }, 'encoding_format'],
    [{ input: 'a', dimensions: 0 }, 'dimensions'],
  ])('refuse %j', (fields, param) => {
    expect(parseEmbeddingBody({ model: 'm', ...fields })).toMatchObject({ kind: 'invalid', param });
  });

  it.each(['base64', 'float'] as const)(
    'come back through the official client bit for bit as %s',
    async (encodingFormat) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(float32, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 3 }),
          async (vectors) => {
            const body = embeddingAnswer({ vectors, usage, model: 'x' }, { model: 'house/model', encodingFormat });
            const fetch = serve(new TextEncoder().encode(body), 'application/json');
            // Without a format the client asks for base64 and decodes it by itself.
            const format = encodingFormat === 'float' ? { encoding_format: encodingFormat } : {};
            const done = await client(fetch).embeddings.create({ model: 'm', input: 'x', ...format });
            const positive = (vector: readonly number[]) => vector.map((value) => value + 0);
            expect(done.data.map(({ embedding }) => positive(embedding))).toEqual(vectors.map(positive));
            expect(done).toMatchObject({ model: 'house/model', usage: { prompt_tokens: 30, total_tokens: 30 } });
          },
        ),
        { numRuns: 30 },
      );
    },
  );
});
