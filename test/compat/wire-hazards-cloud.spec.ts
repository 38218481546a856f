/**
 * What gateways commonly get wrong between a client and a cloud provider, seen from the client of the running suite. The
 * upstreams are as strict as the real ones.
 */
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AnthropicUpstream, OpenAiUpstream, openAiRefusals, startSuite, type Suite } from '#testing';
import { askStreamed, askWhole, messages } from './lamp-question.js';

let suite: Suite;
let cloud: OpenAiUpstream;
let openRouter: OpenAiUpstream;
let anthropic: AnthropicUpstream;
let client: OpenAI;

beforeAll(async () => {
  [cloud, openRouter, anthropic] = await Promise.all([
    OpenAiUpstream.start(),
    OpenAiUpstream.start({ flavour: 'openrouter' }),
    AnthropicUpstream.start(),
  ]);
  const atRouter = { api_base: `${openRouter.url}/api/v1`, api_key: 'k' };
  const atAnthropic = { api_base: anthropic.url, api_key: 'k' };
  const atCloud = { api_base: `${cloud.url}/v1`, api_key: 'sk-up' };
  suite = await startSuite({
    config: {
      model_list: [
        { model_name: 'cloud', litellm_params: { model: 'openai/gpt-4o-mini', ...atCloud } },
        // An account of its own, so that its empty purse is not that of others.
        { model_name: 'poor', litellm_params: { model: 'openai/poor', ...atCloud, api_key: 'sk-poor' } },
        { model_name: 'router', litellm_params: { model: 'openrouter/a/b', ...atRouter } },
        { model_name: 'free-a', litellm_params: { model: 'openrouter/x/a:free', ...atRouter } },
        { model_name: 'free-c', litellm_params: { model: 'openrouter/x/c:free', ...atRouter } },
        { model_name: 'free-b', litellm_params: { model: 'openrouter/x/b:free', ...atRouter } },
        { model_name: 'new-claude', litellm_params: { model: 'anthropic/claude-opus-4-8', ...atAnthropic } },
        { model_name: 'claude', litellm_params: { model: 'anthropic/claude-sonnet-4-5', ...atAnthropic } },
      ],
      router_settings: { num_retries: 0, allowed_fails: 1000, fallbacks: [{ poor: ['router'] }] },
    },
  });
  client = new OpenAI({ baseURL: `${suite.url}/v1`, apiKey: suite.adminKey });
});

afterAll(async () => {
  await suite?.stop();
  await Promise.all([cloud?.stop(), openRouter?.stop(), anthropic?.stop()]);
});

const chat = (model: string, more: object = {}) => askWhole(suite, model, more);
const streamed = (model: string) => askStreamed(suite, model);

const asksOfCloud = () => cloud.server.to('/v1/chat/completions').length;
const lastAtCloud = () => cloud.server.to('/v1/chat/completions').at(-1)?.body;

describe('to OpenAI and those who speak its API', () => {
  it('fields of Ollama and of the gateway stay behind', async () => {
    const { status } = await chat('cloud', {
      options: { num_ctx: 4096 },
      keep_alive: '5m',
      think: false,
      num_retries: 1,
      metadata: { tags: ['x'] },
      cache: { 'no-cache': true },
    });
    expect(status).toBe(200);
  });

  it('usage is asked for, and told only to those who asked', async () => {
    const without = await streamed('cloud');
    expect(lastAtCloud()).toMatchObject({ stream_options: { include_usage: true } });
    expect(without).not.toContain('usage');
    expect(without).not.toContain('"choices":[]');
    expect(without.trimEnd().endsWith('data: [DONE]')).toBe(true);
  });
});

describe('from OpenAI and those who speak its API', () => {
  it.each(['end', 'reset', 'garbage', 'error'] as const)(
    'a stream that breaks off (%s) raises at the client',
    async (how) => {
      cloud.script.next({ breakAfter: { pieces: 2, how } });
      const response = await streamed('cloud');
      expect(response).toContain('data: {"error"');
      expect(response).not.toContain('[DONE]');
    },
  );

  it('a 429 for money is not tried again: the fallback answers', async () => {
    cloud.script.next({ refuse: openAiRefusals.quota() });
    const before = asksOfCloud();
    const { status, headers } = await chat('poor', { num_retries: 3 });
    expect(status).toBe(200);
    expect(asksOfCloud()).toBe(before + 1);
    expect(headers.get('x-litellm-attempted-fallbacks')).toBe('1');
  });

  it('a call whose name comes twice, or without an index, reaches the client once and whole', async () => {
    const chunk = (calls: readonly object[], reason: string | null = null) => {
      const choice = { index: 0, delta: { tool_calls: calls }, finish_reason: reason };
      return `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [choice] })}\n\n`;
    };
    const of = (name: string, args: string, more: object) => ({
      type: 'function',
      function: { name, arguments: args },
      ...more,
    });
    const chunks = [
      chunk([of('f', '', { index: 0, id: 'call_1' })]),
      chunk([of('f', '{"a"', { index: 0, id: 'call_1' })]),
      chunk([of('f', ':1}', { index: 0 })]),
      chunk([of('g', '{}', { id: 'call_2' })]),
      chunk([], 'tool_calls'),
      'data: [DONE]\n\n',
    ];
    cloud.script.next({ raw: { status: 200, contentType: 'text/event-stream', chunks } });
    const tools = ['f', 'g'].map((name) => ({ type: 'function' as const, function: { name, parameters: {} } }));
    const done = await client.chat.completions.stream({ model: 'cloud', messages, tools }).finalChatCompletion();
    expect(done.choices[0]?.message.tool_calls).toMatchObject([
      { id: 'call_1', function: { name: 'f', arguments: '{"a":1}' } },
      { id: 'call_2', function: { name: 'g', arguments: '{}' } },
    ]);
    expect(done.choices[0]?.finish_reason).toBe('tool_calls');
  });

  it("the SDK's own retries do not multiply the gateway's", async () => {
    cloud.script.next({ refuse: openAiRefusals.server() }, { refuse: openAiRefusals.server() });
    const before = asksOfCloud();
    const failed = await client.chat.completions.create({ model: 'cloud', messages }).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(OpenAI.APIError);
    expect(asksOfCloud()).toBe(before + 1);
    // The second refusal that was in store.
    await chat('cloud');
  });

  it('an error of OpenRouter inside of a 200 is one', async () => {
    const body = {
      error: { code: 502, message: 'Provider disconnected', metadata: { error_type: 'provider_unavailable' } },
    };
    const raw = { status: 200, contentType: 'application/json', chunks: [JSON.stringify(body)] };
    openRouter.script.next({ raw });
    expect((await chat('router')).status).toBe(502);
  });

  it('a finish_reason of error is none, with comments before it', async () => {
    const chunk = (delta: object, more: object) => {
      const choice = { index: 0, delta, finish_reason: null, ...more };
      return { id: 'gen-1', object: 'chat.completion.chunk', created: 1, model: 'a/b', choices: [choice] };
    };
    const failed = { ...chunk({ content: '' }, { finish_reason: 'error' }), error: { code: 502, message: 'Gone' } };
    const chunks = [
      ': OPENROUTER PROCESSING\n\n',
      `data: ${JSON.stringify(chunk({ role: 'assistant', content: 'Gre' }, {}))}\n\n`,
      `data: ${JSON.stringify(failed)}\n\n`,
      'data: [DONE]\n\n',
    ];
    openRouter.script.next({ raw: { status: 200, contentType: 'text/event-stream', chunks } });
    const response = await streamed('router');
    expect(response).toContain('data: {"error"');
    expect(response).not.toContain('"finish_reason":"error"');
    expect(response).not.toContain('[DONE]');
  });
});

describe('the free models of OpenRouter', () => {
  const refusal = (text: string, headers: Record<string, string>) => ({
    refuse: {
      status: 429,
      body: { error: { code: 429, message: text, metadata: { error_type: 'rate_limit_exceeded', headers } } },
      headers,
    },
  });
  const asks = () => openRouter.server.to('/api/v1/chat/completions').length;

  it('fail by themselves while their provider is busy, and together once the day is over', async () => {
    openRouter.script.next(refusal('x/a:free is temporarily rate-limited upstream. Please retry shortly.', {}));
    expect((await chat('free-a')).status).toBe(429);
    expect((await chat('free-b')).status).toBe(200);
    const midnight = String(new Date().setUTCHours(24, 0, 0, 0));
    const day = { 'X-RateLimit-Limit': '50', 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': midnight };
    openRouter.script.next(refusal('Rate limit exceeded: free-models-per-day.', day));
    expect((await chat('free-c')).status).toBe(429);
    const before = asks();
    const { status, headers } = await chat('free-b');
    expect(status).toBe(503);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(asks()).toBe(before);
    expect((await chat('router')).status).toBe(200);
  });
});

describe('to and from Anthropic', () => {
  const lastBody = () => anthropic.server.to('/v1/messages').at(-1)?.body;

  it('a temperature stays away from models that refuse any, and no more than 1 goes to the others', async () => {
    const sampling = { temperature: 1.4, top_p: 0.9 };
    expect((await chat('new-claude', sampling)).status).toBe(200);
    expect(lastBody()).not.toHaveProperty('temperature');
    expect(lastBody()).not.toHaveProperty('top_p');
    expect((await chat('claude', sampling)).status).toBe(200);
    expect(lastBody()).toMatchObject({ temperature: 1 });
  });

  it('searches by its own tool are paid for, each', async () => {
    const usage = { input_tokens: 1_000, output_tokens: 100, server_tool_use: { web_search_requests: 2 } };
    const content = [{ type: 'text', text: 'Lit.' }];
    const message = {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'c',
      content,
      stop_reason: 'end_turn',
      usage,
    };
    anthropic.script.next({ raw: { status: 200, contentType: 'application/json', chunks: [JSON.stringify(message)] } });
    const response = await suite.fetch('/v1/messages', {
      method: 'POST',
      body: {
        model: 'claude',
        max_tokens: 200,
        messages,
        tools: [{ type: 'web_search_20250305', name: 'web_search' }],
      },
    });
    expect(response.status).toBe(200);
    // 1,000 tokens at $3 and 100 at $15 a million, and two searches at a cent.
    expect(Number(response.headers.get('x-litellm-response-cost'))).toBeCloseTo(0.003 + 0.0015 + 0.02, 9);
  });
});
