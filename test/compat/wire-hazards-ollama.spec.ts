/**
 * What gateways commonly get wrong between a client and Ollama, seen from the client of the running suite. Bytes of a real
 * Ollama are played as they were recorded.
 */
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OllamaUpstream, startSuite, usualText, type Behaviour, type Suite } from '#testing';
import { recording } from '../../libs/wire/__fixtures__/recording.js';
import { askStreamed, askWhole, messages } from './lamp-question.js';

let suite: Suite;
let host: OllamaUpstream;
let spare: OllamaUpstream;
let small: OllamaUpstream;
let client: OpenAI;

const text = usualText.join('');
const usual = { type: 'function' as const, function: { name: 'get_weather', parameters: { type: 'object' } } };

beforeAll(async () => {
  [host, spare, small] = await Promise.all([
    OllamaUpstream.start({
      models: [
        { name: 'plain', capabilities: ['completion', 'tools', 'vision'] },
        { name: 'slow:1b', loadMs: 2_000 },
        { name: 'vectors', capabilities: ['embedding'] },
      ],
    }),
    OllamaUpstream.start({ models: ['plain'] }),
    OllamaUpstream.start({ models: ['one', 'two'], maxLoaded: 1, maxQueue: 2, loadMs: 200 }),
  ]);
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
        { model_name: 'one', litellm_params: { model: 'ollama/one', api_base: small.url } },
        { model_name: 'two', litellm_params: { model: 'ollama/two', api_base: small.url } },
        // Ollama's own layer for OpenAI's clients, which loses errors in the middle of a stream.
        {
          model_name: 'layer',
          litellm_params: {
            model: 'openai/plain',
            api_base: `${host.url}/v1`,
            api_key: 'none',
            input_cost_per_token: 0,
          },
        },
        {
          model_name: 'fragile',
          litellm_params: {
            model: 'ollama/plain',
            api_base: spare.url,
            num_ctx: 2048,
            allowed_fails: 0,
            cooldown_time: 60,
          },
        },
      ],
      router_settings: { num_retries: 0, allowed_fails: 1000 },
    },
  });
  client = new OpenAI({ baseURL: `${suite.url}/v1`, apiKey: suite.adminKey });
});

afterAll(async () => {
  await suite?.stop();
  await Promise.all([host?.stop(), spare?.stop(), small?.stop()]);
});

/** The bytes of a recorded answer, as they were read from the socket. */
function recorded(name: string): Behaviour {
  const { status, chunks, bodyText } = recording(name);
  const contentType = chunks === null ? 'application/json; charset=utf-8' : 'application/x-ndjson';
  return { raw: { status, contentType, chunks: chunks ?? [bodyText] } };
}

const chat = (model: string, more: object = {}) => askWhole(suite, model, more);
const streamed = (model: string) => askStreamed(suite, model);

/** The last chat that the host was asked for. */
const lastAtHost = () => host.server.to('/api/chat').at(-1)?.body;

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

  it('a call that was cut by the length stays cut, in the words of the client', async () => {
    const call = { function: { index: 0, name: 'get_weather', arguments: { city: 'X' } } };
    const line = (message: object, more: object) => `${JSON.stringify({ model: 'plain', message, ...more })}\n`;
    const chunks = [
      line({ role: 'assistant', content: '', tool_calls: [call] }, { done: false }),
      line({ role: 'assistant', content: '' }, { done: true, done_reason: 'length', eval_count: 9 }),
    ];
    host.script.next({ raw: { status: 200, contentType: 'application/x-ndjson', chunks } });
    const done = await client.chat.completions.create({ model: 'local', messages, tools: [usual], stream: true });
    const reasons: unknown[] = [];
    for await (const chunk of done) reasons.push(chunk.choices[0]?.finish_reason);
    expect(reasons.filter((reason) => reason !== null && reason !== undefined)).toEqual(['length']);
  });

  it.each(['v1-chat-repeat-stream', 'v1-chat-broken-utf8-stream', 'fault-runner-killed-v1-stream'])(
    '%s, in which its OpenAI layer loses the error, is a failure',
    async (name) => {
      host.script.next(recorded(name));
      const response = await streamed('layer');
      expect(response).toContain('"error"');
      expect(response).not.toContain('[DONE]');
    },
  );

  it('a text that is too long fails its batch in plain words, and no other batch', async () => {
    host.script.next(recorded('embed-long-batch-refused'));
    const failed = await client.embeddings
      .create({ model: 'vectors', input: ['a', 'b'] })
      .catch((error: unknown) => error);
    expect(failed).toMatchObject({ status: 400, code: 'context_length_exceeded' });
    expect((await client.embeddings.create({ model: 'vectors', input: ['a', 'b'] })).data).toHaveLength(2);
  });

  it('a burst on a model that must be loaded waits in the gateway, where its queue would turn seven of ten away', async () => {
    expect((await chat('two')).status).toBe(200);
    const statuses = await Promise.all(Array.from({ length: 10 }, async () => (await chat('one')).status));
    expect(statuses).toEqual(Array.from({ length: 10 }, () => 200));
    expect(small.engine.loads.map(({ model }) => model)).toEqual(['two:latest', 'one:latest']);
  });

  it('a 500 for a bad option does not rest the host, as one of its own does', async () => {
    spare.script.next(recorded('chat-option-type'));
    expect((await chat('fragile')).status).toBe(400);
    expect((await chat('fragile')).status).toBe(200);
    spare.script.next(recorded('fault-runner-killed'));
    expect((await chat('fragile')).status).toBe(502);
    expect((await chat('fragile')).status).toBe(503);
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
