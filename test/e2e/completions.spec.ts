import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OllamaUpstream, OpenAiUpstream, openAiRefusals, startSuite, usualText, type Suite } from '#testing';

let suite: Suite;
let ollama: OllamaUpstream;
let cloud: OpenAiUpstream;
let client: OpenAI;

beforeAll(async () => {
  ollama = await OllamaUpstream.start({
    models: [
      { name: 'llama3.1:8b' },
      { name: 'failing:1b' },
      { name: 'nomic-embed-text', capabilities: ['embedding'] },
    ],
  });
  cloud = await OpenAiUpstream.start();
  suite = await startSuite({
    config: {
      model_list: [
        { model_name: 'house', litellm_params: { model: 'ollama/llama3.1:8b', api_base: ollama.url } },
        {
          model_name: 'vectors',
          litellm_params: { model: 'ollama/nomic-embed-text', api_base: ollama.url },
          model_info: { mode: 'embedding' },
        },
        { model_name: 'house-failing', litellm_params: { model: 'ollama/failing:1b', api_base: ollama.url } },
        {
          model_name: 'cloud-failing',
          litellm_params: { model: 'openai/failing', api_base: `${cloud.url}/v1`, api_key: 'sk-upstream-secret' },
        },
        {
          model_name: 'cloud',
          litellm_params: { model: 'openai/gpt-4o-mini', api_base: `${cloud.url}/v1`, api_key: 'sk-upstream-secret' },
        },
      ],
    },
  });
  client = new OpenAI({ baseURL: `${suite.url}/v1`, apiKey: suite.adminKey, maxRetries: 0 });
});

afterAll(async () => {
  await suite?.stop();
  await Promise.all([ollama?.stop(), cloud?.stop()]);
});

const messages = [{ role: 'user' as const, content: 'Which lamp is lit?' }];
const expected = usualText.join('');

async function streamed(model: string): Promise<string> {
  const stream = await client.chat.completions.create({ model, messages, stream: true });
  let text = '';
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
  return text;
}

describe.each(['house', 'cloud'])('a chat completion of %s', (model) => {
  it('comes whole', async () => {
    const answer = await client.chat.completions.create({ model, messages });
    expect(answer.choices[0]?.message.content).toBe(expected);
    expect(answer.model).toBe(model);
    expect(answer.usage?.total_tokens).toBeGreaterThan(0);
  });

  it('comes as a stream', async () => {
    expect(await streamed(model)).toBe(expected);
  });

  it.each([
    { by: 'bytes', size: 1 },
    { by: 'bytes', size: 7 },
    { by: 'items', count: 3 },
  ] as const)("survives any cut of the upstream's bytes: %j", async (cut) => {
    (model === 'house' ? ollama : cloud).script.next({ cut });
    expect(await streamed(model)).toBe(expected);
  });

  it('fails clearly when the upstream refuses before the first token', async () => {
    const upstream = model === 'house' ? ollama : cloud;
    const refuse =
      model === 'house'
        ? { status: 500, body: { error: 'llama-server process has terminated: exit status 2' } }
        : openAiRefusals.server();
    upstream.script.default({ refuse });
    const failed = await client.chat.completions
      .create({ model: `${model}-failing`, messages })
      .catch((error: unknown) => error);
    upstream.script.default({});
    expect(failed).toBeInstanceOf(OpenAI.APIError);
    expect((failed as InstanceType<typeof OpenAI.APIError>).status).toBe(502);
  });

  it('fails clearly when the upstream breaks off in the middle of the stream', async () => {
    (model === 'house' ? ollama : cloud).script.next({
      breakAfter: { pieces: 2, how: 'error', message: 'an error was encountered while running the model' },
    });
    await expect(streamed(`${model}-failing`)).rejects.toThrow();
  });
});

describe('the gateway', () => {
  it('lists its models', async () => {
    const models = await client.models.list();
    expect(models.data.map((model) => model.id).sort()).toEqual([
      'cloud',
      'cloud-failing',
      'house',
      'house-failing',
      'vectors',
    ]);
  });

  it('gives embeddings as the SDK asks for them, in base64', async () => {
    const answer = await client.embeddings.create({ model: 'vectors', input: ['one', 'two'] });
    expect(answer.data).toHaveLength(2);
    expect(answer.data[0]?.embedding.length).toBeGreaterThan(1);
    expect(answer.data[0]?.embedding).not.toEqual(answer.data[1]?.embedding);
  });

  it('lets nobody in without the key', async () => {
    const response = await fetch(`${suite.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'house', messages }),
    });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ error: { code: 'invalid_api_key' } });
    const wrong = await fetch(`${suite.url}/v1/models`, { headers: { authorization: 'Bearer sk-wrong-key-here' } });
    expect(wrong.status).toBe(401);
  });

  it('names the models that come close to one that is not there', async () => {
    const response = await suite.fetch('/v1/chat/completions', { method: 'POST', body: { model: 'House', messages } });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({
      error: { code: 'model_not_found', message: expect.stringContaining('house') },
    });
  });

  it('says what is wrong with a body', async () => {
    const response = await suite.fetch('/v1/chat/completions', {
      method: 'POST',
      body: { model: 'house', messages: [{ role: 'user', content: 7 }] },
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { param: 'messages[0].content' } });
  });

  it.each([
    ['/health/liveliness', 200],
    ['/health/readiness', 200],
    ['/health', 200],
    ['/nothing/here', 404],
  ])('answers %s with %i', async (path, status) => {
    expect((await suite.fetch(path)).status).toBe(status);
  });

  it("readiness has LiteLLM's fields", async () => {
    const state: unknown = await (await suite.fetch('/health/readiness')).json();
    expect(state).toMatchObject({
      status: 'healthy',
      db: 'connected',
      cache: null,
      litellm_version: expect.stringMatching(/^signalbox-\d+\.\d+/),
    });
  });

  it('tells in its headers what happened', async () => {
    const response = await suite.fetch('/chat/completions', {
      method: 'POST',
      body: { model: 'house', messages },
      headers: { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' },
    });
    await response.json();
    expect(response.headers.get('x-trace-id')).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
    expect(response.headers.get('x-request-id')).toBeTruthy();
    expect(response.headers.get('x-litellm-model-group')).toBe('house');
    expect(response.headers.get('x-litellm-response-cost')).toBe('0');
    expect(response.headers.get('x-litellm-attempted-fallbacks')).toBe('0');
  });

  it('books one row for each request, within a second', async () => {
    const response = await suite.fetch('/v1/chat/completions', { method: 'POST', body: { model: 'house', messages } });
    await response.json();
    const id = response.headers.get('x-request-id') ?? '';
    await expect
      .poll(async () => (await (await suite.fetch(`/spend/logs?request_id=${id}`)).json()) as unknown[], {
        timeout: 1_000,
      })
      .toHaveLength(1);
  });

  it('stops the upstream when the client goes away, and bills what was made', async () => {
    ollama.script.next({ text: Array.from({ length: 200 }, (_, n) => `w${n} `), pieceDelayMs: 50 });
    const stop = new AbortController();
    const response = await fetch(`${suite.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${suite.adminKey}` },
      body: JSON.stringify({ model: 'house', messages, stream: true }),
      signal: stop.signal,
    });
    const reader = response.body?.getReader();
    await reader?.read();
    const leftAt = performance.now();
    stop.abort();
    await expect.poll(() => ollama.requests.at(-1)?.abortedAtMs, { timeout: 2_000 }).toBeDefined();
    expect(performance.now() - leftAt).toBeLessThan(1_500);
    const id = response.headers.get('x-request-id') ?? '';
    await expect
      .poll(async () => (await (await suite.fetch(`/spend/logs?request_id=${id}`)).json()) as { outcome: string }[], {
        timeout: 3_000,
      })
      .toMatchObject([{ outcome: 'client_disconnected' }]);
  });

  it('keeps upstream keys out of answers and logs', async () => {
    cloud.script.default({
      refuse: openAiRefusals.key(),
    });
    const response = await suite.fetch('/v1/chat/completions', {
      method: 'POST',
      body: { model: 'cloud-failing', messages },
    });
    cloud.script.default({});
    expect(response.status).not.toBe(401);
    expect(await response.text()).not.toContain('sk-upstream-secret');
    expect(suite.logs()).not.toContain('sk-upstream-secret');
  });
});

describe('every service', () => {
  it.each(['ingress', 'router', 'accounting', 'health', 'provider-ollama', 'provider-cloud'] as const)(
    '%s answers on its management port',
    async (service) => {
      const base = `http://127.0.0.1:${suite.managementPort(service)}`;
      for (const path of ['/livez', '/readyz', '/metrics']) expect((await fetch(`${base}${path}`)).status).toBe(200);
      expect(await (await fetch(`${base}/metrics`)).text()).toContain(`signalbox_build_info{service="${service}"`);
    },
  );
});
