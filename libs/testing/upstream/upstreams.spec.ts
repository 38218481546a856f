/** The fakes speak to the official clients; what those accept, a gateway may meet. */
import Anthropic from '@anthropic-ai/sdk';
import { Ollama } from 'ollama';
import OpenAI from 'openai';
import { afterEach, describe, expect, test } from 'vitest';
import {
  AnthropicUpstream,
  OllamaUpstream,
  OpenAiUpstream,
  anthropicRefusals,
  openAiRefusals,
  usualText,
} from '../index.js';

const text = usualText.join('');
const stops: (() => Promise<void>)[] = [];
const kept = <T extends { stop(): Promise<void> }>(server: T): T => {
  stops.push(() => server.stop());
  return server;
};
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

const tools = [{ name: 'get_weather', arguments: { city: 'Paris' } }];
const hi = [{ role: 'user' as const, content: 'hi' }];

describe('Ollama', () => {
  test.each([
    { by: 'item' as const },
    { by: 'bytes' as const, size: 1 },
    { by: 'bytes' as const, size: 7 },
    { by: 'items' as const, count: 4 },
  ])('streams the same text however its bytes are cut: %o', async (cut) => {
    const upstream = kept(await OllamaUpstream.start());
    upstream.script.next({ cut });
    const client = new Ollama({ host: upstream.url });
    let got = '';
    let last;
    for await (const part of await client.chat({ model: 'llama3.2', messages: hi, stream: true })) {
      got += part.message.content;
      last = part;
    }
    expect(got).toBe(text);
    expect(last).toMatchObject({ done: true, done_reason: 'stop', eval_count: usualText.length });
    expect(upstream.requests.at(-1)?.generated?.outputTokens).toBe(usualText.length);
  });

  test('answers whole, with tools, thoughts and vectors', async () => {
    const upstream = kept(
      await OllamaUpstream.start({
        models: [
          { name: 'qwen3', capabilities: ['completion', 'tools', 'thinking'] },
          { name: 'nomic', capabilities: ['embedding'] },
        ],
      }),
    );
    const client = new Ollama({ host: upstream.url });
    upstream.script.next({ thinking: ['Let', ' me'], toolCalls: tools });
    const answer = await client.chat({ model: 'qwen3', messages: hi, think: true });
    expect(answer.message).toMatchObject({ thinking: 'Let me', content: '' });
    expect(answer.message.tool_calls?.[0]?.function).toMatchObject({
      name: 'get_weather',
      arguments: { city: 'Paris' },
    });
    expect((await client.generate({ model: 'qwen3', prompt: 'hi' })).response).toBe(text);
    const vectors = await client.embed({ model: 'nomic', input: ['a', 'b'] });
    expect(vectors.embeddings).toHaveLength(2);
    expect(Math.hypot(...(vectors.embeddings[0] ?? []))).toBeCloseTo(1, 5);
    expect((await client.list()).models.map((model) => model.name)).toEqual(['qwen3:latest', 'nomic:latest']);
    expect((await client.show({ model: 'qwen3' })).capabilities).toContain('thinking');
    expect((await client.ps()).models.map((model) => model.name)).toEqual(['qwen3:latest', 'nomic:latest']);
    await expect(client.chat({ model: 'nope', messages: hi })).rejects.toThrow("model 'nope' not found");
    await expect(client.chat({ model: 'nomic', messages: hi })).rejects.toThrow('"nomic" does not support chat');
    await expect(client.embed({ model: 'qwen3', input: 'x' })).rejects.toThrow('does not support embeddings');
  });

  test('holds one model at a time when told so, and counts the loads', async () => {
    const upstream = kept(await OllamaUpstream.start({ models: ['a', 'b'], maxLoaded: 1, loadMs: 30 }));
    const client = new Ollama({ host: upstream.url });
    const ask = (model: string) => client.chat({ model, messages: hi });
    await Promise.all([ask('a'), ask('b'), ask('a')]);
    expect(upstream.engine.loads.map((load) => load.model)).toEqual(['a:latest', 'b:latest', 'a:latest']);
    expect((await client.ps()).models).toHaveLength(1);
    await client.chat({ model: 'a', messages: hi, keep_alive: 0 });
    expect((await client.ps()).models).toHaveLength(0);
  });

  test('refuses what does not fit in its queue', async () => {
    const upstream = kept(await OllamaUpstream.start({ models: ['a'], maxQueue: 2, loadMs: 50 }));
    const client = new Ollama({ host: upstream.url });
    const answers = await Promise.allSettled(
      Array.from({ length: 4 }, () => client.chat({ model: 'a', messages: hi })),
    );
    const refused = answers.filter((answer) => answer.status === 'rejected').map((answer) => String(answer.reason));
    expect(refused).toHaveLength(2);
    expect(refused[0]).toContain('server busy, please try again.  maximum pending requests exceeded');
  });

  test('breaks off in each way', async () => {
    const upstream = kept(await OllamaUpstream.start());
    const client = new Ollama({ host: upstream.url });
    const read = async () => {
      for await (const part of await client.chat({ model: 'llama3.2', messages: hi, stream: true })) void part;
    };
    upstream.script.next({ breakAfter: { pieces: 2, how: 'error' } });
    await expect(read()).rejects.toThrow('unexpected EOF');
    upstream.script.next({ breakAfter: { pieces: 2, how: 'end' } });
    await expect(read()).rejects.toThrow('Did not receive done');
    upstream.script.next({ breakAfter: { pieces: 2, how: 'reset' } });
    await expect(read()).rejects.toThrow();
    upstream.script.next({ refuse: { status: 500, body: { error: 'out of memory' } } });
    await expect(read()).rejects.toThrow('out of memory');
  });

  test('sees when the client goes away, and what it had sent by then', async () => {
    const upstream = kept(await OllamaUpstream.start());
    const client = new Ollama({ host: upstream.url });
    upstream.script.next({ pieceDelayMs: 20, text: Array.from({ length: 500 }, () => 'x') });
    for await (const part of await client.chat({ model: 'llama3.2', messages: hi, stream: true })) {
      void part;
      break;
    }
    client.abort();
    const request = await upstream.server.until((one) => one.abortedAtMs !== null);
    expect(request.generated?.outputTokens).toBeLessThan(100);
    expect(request.endedAtMs).toBeNull();
  });
});

describe('OpenAI', () => {
  const clientOf = (upstream: OpenAiUpstream) =>
    new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: 'sk-up', maxRetries: 0 });

  test('answers chat whole and streamed, with tools and usage', async () => {
    const upstream = kept(await OpenAiUpstream.start({ apiKey: 'sk-up' }));
    const client = clientOf(upstream);
    const whole = await client.chat.completions.create({ model: 'gpt-4o-mini', messages: hi });
    expect(whole.choices[0]?.message.content).toBe(text);
    upstream.script.next({ toolCalls: tools, cut: { by: 'bytes', size: 3 } });
    const stream = client.chat.completions.stream({
      model: 'gpt-4o-mini',
      messages: hi,
      stream_options: { include_usage: true },
    });
    const final = await stream.finalChatCompletion();
    expect(final.choices[0]?.finish_reason).toBe('tool_calls');
    const call = final.choices[0]?.message.tool_calls?.[0];
    expect(call?.type === 'function' ? call.function : undefined).toEqual({
      name: 'get_weather',
      arguments: '{"city":"Paris"}',
    });
    expect(final.usage?.completion_tokens).toBe(upstream.requests.at(-1)?.generated?.outputTokens);
    const legacy = await client.completions.create({ model: 'gpt-3.5-turbo-instruct', prompt: 'hi' });
    expect(legacy.choices[0]?.text).toBe(text);
    const vectors = await client.embeddings.create({ model: 'text-embedding-3-small', input: 'hi' });
    expect(vectors.data[0]?.embedding).toHaveLength(8);
    expect(Math.hypot(...(vectors.data[0]?.embedding ?? []))).toBeCloseTo(1, 5);
    expect((await client.models.list()).data).toHaveLength(1);
  });

  test('refuses wrong keys, unknown fields and what it is told to', async () => {
    const upstream = kept(await OpenAiUpstream.start({ apiKey: 'sk-up', models: ['gpt-4o-mini'] }));
    const client = clientOf(upstream);
    const ask = (more: object = {}) => client.chat.completions.create({ model: 'gpt-4o-mini', messages: hi, ...more });
    await expect(ask({ keep_alive: 5 })).rejects.toThrow("Unknown parameter: 'keep_alive'.");
    await expect(ask({ model: 'nope' })).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
    upstream.script.next({ refuse: openAiRefusals.rateLimit(7) }, { refuse: openAiRefusals.quota() });
    await expect(ask()).rejects.toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
    await expect(ask()).rejects.toMatchObject({ status: 429, code: 'insufficient_quota' });
    await expect(
      new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: 'no', maxRetries: 0 }).models.list(),
    ).rejects.toMatchObject({ status: 401 });
  });

  test('OpenRouter: comments, cost, errors inside a 200', async () => {
    const upstream = kept(
      await OpenAiUpstream.start({ flavour: 'openrouter', price: { input: 0.001, output: 0.002 } }),
    );
    const client = clientOf(upstream);
    upstream.script.next({ promptTokens: 10, outputTokens: 5 });
    const whole = await client.chat.completions.create({ model: 'a/b', messages: hi });
    expect(whole.usage).toMatchObject({ prompt_tokens: 10, completion_tokens: 5, cost: 0.02 });
    upstream.script.next({ breakAfter: { pieces: 1, how: 'error', message: 'Provider disconnected' } });
    const stream = await client.chat.completions.create({ model: 'a/b', messages: hi, stream: true });
    await expect(
      (async () => {
        for await (const part of stream) void part;
      })(),
    ).rejects.toThrow('Provider disconnected');
  });
});

describe('Anthropic', () => {
  test('answers whole and streamed, and fails in the stream', async () => {
    const upstream = kept(await AnthropicUpstream.start({ apiKey: 'sk-ant' }));
    const client = new Anthropic({ baseURL: upstream.url, apiKey: 'sk-ant', maxRetries: 0 });
    const ask = { model: 'claude-haiku-4-5', max_tokens: 100, messages: hi };
    const whole = await client.messages.create(ask);
    expect(whole.content).toMatchObject([{ type: 'text', text }]);
    upstream.script.next({
      thinking: ['Hm'],
      toolCalls: tools,
      cachedTokens: 3,
      promptTokens: 10,
      cut: { by: 'bytes', size: 5 },
    });
    const final = await client.messages.stream(ask).finalMessage();
    expect(final.content).toMatchObject([
      { type: 'thinking', thinking: 'Hm' },
      { type: 'tool_use', name: 'get_weather', input: { city: 'Paris' } },
    ]);
    expect(final.usage).toMatchObject({ input_tokens: 7, cache_read_input_tokens: 3 });
    expect(final.usage.output_tokens).toBe(upstream.requests.at(-1)?.generated?.outputTokens);
    upstream.script.next({ breakAfter: { pieces: 2, how: 'error', message: 'Overloaded' } });
    await expect(client.messages.stream(ask).finalMessage()).rejects.toThrow('Overloaded');
    upstream.script.next({ refuse: anthropicRefusals.overloaded() });
    await expect(client.messages.create(ask)).rejects.toMatchObject({ status: 529 });
    expect((await client.messages.countTokens({ model: ask.model, messages: hi })).input_tokens).toBeGreaterThan(0);
  });
});
