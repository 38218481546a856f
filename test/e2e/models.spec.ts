/** What a key is shown of models: what it may use, with what the config, the table and the hosts know. */
import OpenAI from 'openai';
import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OllamaUpstream, OpenAiUpstream, startSuite, type Suite } from '#testing';

let suite: Suite;
let ollama: OllamaUpstream;
let cloud: OpenAiUpstream;

beforeAll(async () => {
  [ollama, cloud] = await Promise.all([
    OllamaUpstream.start({
      models: [
        { name: 'qwen3:8b', capabilities: ['completion', 'tools', 'thinking'], contextLength: 40_960 },
        { name: 'nomic', capabilities: ['embedding'] },
      ],
    }),
    OpenAiUpstream.start({ models: ['gpt-4o', 'whisper-1'] }),
  ]);
  const at = { api_base: `${cloud.url}/v1`, api_key: 'sk-upstream-secret' };
  suite = await startSuite({
    config: {
      model_list: [
        { model_name: 'house', litellm_params: { model: 'ollama/qwen3:8b', api_base: ollama.url, rpm: 10 } },
        { model_name: 'ollama/*', litellm_params: { model: 'ollama/*', api_base: ollama.url } },
        { model_name: 'openai/*', litellm_params: { model: 'openai/*', ...at } },
        { model_name: 'speech/eu:1', litellm_params: { model: 'openai/tts-1', ...at }, model_info: { team: 'audio' } },
      ],
      router_settings: { model_group_alias: { short: 'house', quiet: { model: 'house', hidden: true } } },
    },
  });
});

afterAll(async () => {
  await suite?.stop();
  await Promise.all([ollama?.stop(), cloud?.stop()]);
});

const Listed = z.object({ data: z.array(z.looseObject({ id: z.string() })) });

async function listed(key = suite.adminKey): Promise<Record<string, Record<string, unknown>>> {
  const response = await suite.fetch('/v1/models', { headers: { authorization: `Bearer ${key}` } });
  return Object.fromEntries(Listed.parse(await response.json()).data.map((model) => [model.id, model]));
}

async function keyFor(models: readonly string[]): Promise<string> {
  const made = await suite.fetch('/key/generate', { method: 'POST', body: { models } });
  return z.object({ key: z.string() }).parse(await made.json()).key;
}

describe('/v1/models', () => {
  it('shows wildcards as what hosts and clouds have, with context and capabilities where known', async () => {
    await expect
      .poll(async () => Object.keys(await listed()).sort())
      .toEqual([
        'house',
        'ollama/nomic:latest',
        'ollama/qwen3:8b',
        'openai/gpt-4o',
        'openai/whisper-1',
        'short',
        'speech/eu:1',
      ]);
    const models = await listed();
    expect(models['house']).toMatchObject({ context_length: 40_960, capabilities: ['tools', 'reasoning'] });
    expect(models['ollama/qwen3:8b']).toMatchObject({
      object: 'model',
      mode: 'chat',
      max_input_tokens: 40_960,
      context_length: 40_960,
    });
    expect(models['openai/gpt-4o']).toMatchObject({ context_length: 128_000, owned_by: 'openai' });
    expect(JSON.stringify(models)).not.toMatch(/sk-up|127\.0\.0\.1/);
  });

  it('shows a key only what it may use', async () => {
    expect(Object.keys(await listed(await keyFor(['house'])))).toEqual(['short', 'house']);
    expect(Object.keys(await listed(await keyFor(['openai/*'])))).toEqual(['openai/gpt-4o', 'openai/whisper-1']);
  });

  it('gives one model by its name, encoded or not', async () => {
    const client = new OpenAI({ baseURL: `${suite.url}/v1`, apiKey: suite.adminKey });
    expect((await client.models.retrieve('speech/eu:1')).id).toBe('speech/eu:1');
    expect((await suite.fetch('/v1/models/speech/eu:1')).status).toBe(200);
    const failed = await suite.fetch('/v1/models/nobody');
    expect(failed.status).toBe(404);
    expect(await failed.json()).toMatchObject({ error: { code: 'model_not_found' } });
    const own = await keyFor(['house']);
    const hidden = await suite.fetch('/v1/models/openai/gpt-4o', { headers: { authorization: `Bearer ${own}` } });
    expect(hidden.status).toBe(404);
  });
});

describe('model info', () => {
  it.each(['/v1/model/info', '/model/info'])('%s has each deployment, without address and key', async (path) => {
    const response = await suite.fetch(path);
    const text = await response.text();
    expect(text).not.toMatch(/sk-up|127\.0\.0\.1/);
    const { data } = z.object({ data: z.array(z.looseObject({ model_name: z.string() })) }).parse(JSON.parse(text));
    expect(data.find(({ model_name: name }) => name === 'speech/eu:1')).toMatchObject({
      litellm_params: { model: 'openai/tts-1' },
      model_info: { mode: 'audio_speech', team: 'audio', litellm_provider: 'openai' },
    });
  });

  it('is given of one deployment by its id', async () => {
    const list = z.object({ data: z.array(z.object({ model_info: z.object({ id: z.string() }) })) });
    const all = list.parse(await (await suite.fetch('/model/info')).json()).data;
    const id = all.at(-1)?.model_info.id;
    const one = list.parse(await (await suite.fetch(`/model/info?litellm_model_id=${id}`)).json()).data;
    expect(new Set(one.map(({ model_info: info }) => info.id))).toEqual(new Set([id]));
    expect((await suite.fetch('/model/info?litellm_model_id=nowhere')).status).toBe(404);
  });

  it.each(['/model_group/info', '/v1/model_group/info'])('%s has each name', async (path) => {
    const { data } = z
      .object({ data: z.array(z.unknown()) })
      .parse(await (await suite.fetch(`${path}?model_group=short`)).json());
    expect(data).toMatchObject([
      {
        model_group: 'short',
        providers: ['ollama'],
        mode: 'chat',
        rpm: 10,
        tpm: null,
        max_input_tokens: 40_960,
        supports_function_calling: true,
        supports_reasoning: true,
      },
    ]);
  });
});

describe('a model behind a wildcard', () => {
  it('has the price of the table, so that a budget can hold it', async () => {
    const made = await suite.fetch('/key/generate', { method: 'POST', body: { max_budget: 1 } });
    const { key } = z.object({ key: z.string() }).parse(await made.json());
    const response = await suite.fetch('/v1/chat/completions', {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
      body: { model: 'openai/gpt-4o', messages: [{ role: 'user', content: 'x' }], max_tokens: 5 },
    });
    expect(response.status).toBe(200);
    expect(Number(response.headers.get('x-litellm-response-cost'))).toBeGreaterThan(0);
  });
});
