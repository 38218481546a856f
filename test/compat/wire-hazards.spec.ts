/**
 * What gateways commonly get wrong between a client and an upstream, seen from the client of the running suite. Bytes of a
 * real Ollama are played as they were recorded; the other upstreams are as strict as the real ones.
 */
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  OllamaUpstream,
  OpenAiUpstream,
  openAiRefusals,
  startSuite,
  usualText,
  type Behaviour,
  type Suite,
} from '#testing';
import { recording } from '../../libs/wire/__fixtures__/recording.js';

let suite: Suite;
let host: OllamaUpstream;
let spare: OllamaUpstream;
let cloud: OpenAiUpstream;
let openRouter: OpenAiUpstream;
let client: OpenAI;

const text = usualText.join('');
const usual = { type: 'function' as const, function: { name: 'get_weather', parameters: { type: 'object' } } };

beforeAll(async () => {
  [host, spare, cloud, openRouter] = await Promise.all([
    OllamaUpstream.start({
      models: [
        { name: 'plain', capabilities: ['completion', 'tools', 'vision'] },
        { name: 'slow:1b', loadMs: 2_000 },
        { name: 'vectors', capabilities: ['embedding'] },
      ],
    }),
    OllamaUpstream.start({ models: ['plain'] }),
    OpenAiUpstream.start(),
    OpenAiUpstream.start({ flavour: 'openrouter' }),
  ]);
  const atCloud = { api_base: `${cloud.url}/v1`, api_key: 'sk-up' };
  suite = await startSuite({
    config: {
      model_list: [
        // The host lists plain:latest.
        { model_name: 'local', litellm_params: { model: 'ollama/plain', api_base: host.url, num_ctx: 4096 } },
        { model_name: 'pool', litellm_params: { model: 'ollama/plain', api_base: host.url, order: 1 } },
        { model_name: 'pool', litellm_params: { model: 'ollama/plain', api_base: spare.url, order: 2 } },
        {
          model_name: 'cold',
          litellm_params: { model: 'ollama/slow:1b', api_base: host.url, stream_timeout: 1 },
        },
        {
          model_name: 'vectors',
          litellm_params: { model: 'ollama/vectors', api_base: host.url },
          model_info: { mode: 'embedding' },
        },
        { model_name: 'cloud', litellm_params: { model: 'openai/gpt-4o-mini', ...atCloud } },
        { model_name: 'poor', litellm_params: { model: 'openai/poor', ...atCloud } },
        {
          model_name: 'router',
          litellm_params: { model: 'openrouter/a/b', api_base: `${openRouter.url}/api/v1`, api_key: 'k' },
        },
      ],
      router_settings: { num_retries: 0, disable_cooldowns: true, fallbacks: [{ poor: ['local'] }] },
    },
  });
  client = new OpenAI({ baseURL: `${suite.url}/v1`, apiKey: suite.adminKey });
});

afterAll(async () => {
  await suite?.stop();
  await Promise.all([host?.stop(), spare?.stop(), cloud?.stop(), openRouter?.stop()]);
});

const messages = [{ role: 'user' as const, content: 'Which lamp is lit?' }];

/** The bytes of a recorded answer, as they were read from the socket. */
function recorded(name: string): Behaviour {
  const { status, chunks, bodyText } = recording(name);
  const contentType = chunks === null ? 'application/json; charset=utf-8' : 'application/x-ndjson';
  return { raw: { status, contentType, chunks: chunks ?? [bodyText] } };
}

async function chat(model: string, more: object = {}): Promise<{ status: number; body: unknown; headers: Headers }> {
  const response = await suite.fetch('/v1/chat/completions', { method: 'POST', body: { model, messages, ...more } });
  return { status: response.status, body: await response.json(), headers: response.headers };
}

async function streamed(model: string): Promise<string> {
  const response = await suite.fetch('/v1/chat/completions', {
    method: 'POST',
    body: { model, messages, stream: true },
  });
  return response.text();
}

/** The last chat that the host, or the cloud, was asked for. */
const lastAtHost = () => host.server.to('/api/chat').at(-1)?.body;
const asksOfCloud = () => cloud.server.to('/v1/chat/completions').length;
const lastAtCloud = () => cloud.server.to('/v1/chat/completions').at(-1)?.body;

describe('to Ollama', () => {
  it('content parts become text and images, past arguments an object', async () => {
    const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,aGk=' } };
    const { status } = await chat('local', {
      tools: [usual],
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'Look' }, image] },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c1', type: 'function', function: { name: 'get_weather', arguments: '{"city":"X"}' } }],
        },
        { role: 'tool', tool_call_id: 'c1', content: 'sunny' },
      ],
    });
    expect(status).toBe(200);
    expect(lastAtHost()).toMatchObject({
      messages: [
        { content: 'Look', images: ['aGk='] },
        { tool_calls: [{ function: { name: 'get_weather', arguments: { city: 'X' } } }] },
        { content: 'sunny', tool_name: 'get_weather' },
      ],
    });
  });

  it('reasoning_effort is kept from a model that does not think', async () => {
    expect((await chat('local', { reasoning_effort: 'high', drop_params: true })).status).toBe(200);
    expect(lastAtHost()).not.toHaveProperty('think', 'high');
  });

  it.each(['300', '-1', 300, '5m'])('keep_alive %j is one that it takes', async (keepAlive) => {
    expect((await chat('pool', { keep_alive: keepAlive })).status).toBe(200);
  });

  it('num_ctx stays pinned, whatever clients say, and nothing is cut in silence', async () => {
    for (const num_ctx of [1024, 32_768]) {
      await chat('local', { options: { num_ctx } });
      expect(lastAtHost()).toMatchObject({ truncate: false, options: { num_ctx: 4096 } });
    }
  });

  it('a cold model has the time to load, whatever the wait for the first token is', async () => {
    expect((await chat('cold')).status).toBe(200);
  });
});

describe('from Ollama', () => {
  it('a call of a tool that nobody offered is an answer without text, with its tokens', async () => {
    host.script.next(recorded('chat-tools-unknown-name'));
    const { status, body } = await chat('local', { tools: [usual] });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      choices: [{ message: { content: '' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 145, completion_tokens: 13 },
    });
  });

  it.each(['chat-tools-stream', 'chat-jinja-tools-stream'])(
    'the calls of %s arrive, and end with tool_calls',
    async (name) => {
      host.script.next(recorded(name));
      const tools = [usual];
      const done = await client.chat.completions.stream({ model: 'local', messages, tools }).finalChatCompletion();
      expect(done.choices[0]?.finish_reason).toBe('tool_calls');
      const calls = (done.choices[0]?.message.tool_calls ?? []).flatMap((call) =>
        call.type === 'function' ? [call] : [],
      );
      expect(calls.length).toBeGreaterThan(0);
      expect(new Set(calls.map(({ id }) => id)).size).toBe(calls.length);
      for (const call of calls) expect(JSON.parse(call.function.arguments)).toBeTypeOf('object');
    },
  );

  it('parallel calls that all have index 0 stay apart', async () => {
    const call = (city: string) => ({ function: { index: 0, name: 'get_weather', arguments: { city } } });
    const line = (message: object, more: object) => `${JSON.stringify({ model: 'plain', message, ...more })}\n`;
    const calls = line({ role: 'assistant', content: '', tool_calls: [call('X'), call('Y')] }, { done: false });
    const end = line({ role: 'assistant', content: '' }, { done: true, done_reason: 'stop', eval_count: 9 });
    host.script.next({ raw: { status: 200, contentType: 'application/x-ndjson', chunks: [calls, end] } });
    const done = await client.chat.completions
      .stream({ model: 'local', messages, tools: [usual] })
      .finalChatCompletion();
    const cities = (done.choices[0]?.message.tool_calls ?? []).map((each) =>
      each.type === 'function' ? (JSON.parse(each.function.arguments) as unknown) : each,
    );
    expect(cities).toEqual([{ city: 'X' }, { city: 'Y' }]);
  });

  it.each([
    'chat-repeat',
    'chat-repeat-whole',
    'chat-broken-utf8',
    'chat-broken-utf8-whole',
    'fault-runner-killed-stream',
  ])('%s is a failure, streamed and whole', async (name) => {
    host.script.next(recorded(name), recorded(name));
    expect((await chat('local')).status).toBe(502);
    const response = await streamed('local');
    expect(response).toContain('"error"');
    expect(response).not.toContain('[DONE]');
  });

  it('a 500 for a bad option is the fault of the client, not of the host', async () => {
    host.script.next(recorded('chat-option-type'));
    const { status, body } = await chat('local');
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: { type: 'invalid_request_error', param: 'temperature' } });
    expect((await chat('local')).status).toBe(200);
  });

  it('a prompt that is too long says so in words, not in JSON inside of JSON', async () => {
    host.script.next(recorded('chat-long-refused'));
    const { status, body } = await chat('local');
    expect(status).toBe(400);
    expect(body).toMatchObject({
      error: { code: 'context_length_exceeded', message: expect.not.stringContaining('{') },
    });
  });

  it('a full queue is no answer: another host gives it', async () => {
    host.script.next(recorded('fault-queue-full'));
    const { status, body, headers } = await chat('pool', { num_retries: 1 });
    expect(status).toBe(200);
    expect(body).toMatchObject({ choices: [{ message: { content: text } }] });
    expect(headers.get('x-litellm-attempted-retries')).toBe('1');
  });

  it('vectors come in base64 for SDKs that ask for it, and as numbers for others', async () => {
    const input = ['one', 'two'];
    const asSdksAsk = await client.embeddings.create({ model: 'vectors', input });
    const asNumbers = await client.embeddings.create({ model: 'vectors', input, encoding_format: 'float' });
    asSdksAsk.data.forEach(({ embedding }, index) => {
      const numbers = asNumbers.data[index]?.embedding ?? [];
      expect(embedding).toHaveLength(numbers.length);
      embedding.forEach((value, at) => expect(value).toBeCloseTo(numbers[at] ?? 0, 5));
    });
  });
});

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
