/** The cluster: one address for a local model that is kept warm and for free cloud models that come and go. */
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OllamaUpstream, OpenAiUpstream, openRouterRefusal, startSuite, usualText, type Suite } from '#testing';
import { sampleConfig, withApiBase } from './sample-config.js';

const secrets = { OPENROUTER_API_KEY: 'sk-or-of-the-cluster', LITELLM_MASTER_KEY: 'sk-master-of-the-cluster' };
const messages = [{ role: 'user' as const, content: 'Which lamp is lit?' }];
const answer = usualText.join('');
const free = {
  coder: 'qwen/qwen3-coder:free',
  hermes: 'nousresearch/hermes-3-llama-3.1-405b:free',
  step: 'stepfun/step-3.5-flash:free',
};

let suite: Suite;
let gpu: OllamaUpstream;
let openRouter: OpenAiUpstream;
let config: string;

const chatsOf = (upstream: OpenAiUpstream, model: string) =>
  upstream.server.to('/api/v1/chat/completions').filter((request) => modelOf(request.body) === model);
const modelOf = (body: unknown) => (body as { model?: string } | undefined)?.model;
const ask = (model: string, more: { headers?: Record<string, string>; body?: object } = {}) =>
  suite.fetch('/v1/chat/completions', {
    method: 'POST',
    body: { model, messages, ...more.body },
    ...(more.headers === undefined ? {} : { headers: more.headers }),
  });
const consumer = async (fields: object = {}) => {
  const made = await suite.fetch('/key/generate', { method: 'POST', body: fields });
  const { key } = (await made.json()) as { key: string };
  return { key, client: new OpenAI({ baseURL: `${suite.url}/v1`, apiKey: key, maxRetries: 0 }) };
};

beforeAll(async () => {
  gpu = await OllamaUpstream.start({
    models: [
      { name: 'qwen3.5:9b', contextLength: 262_144, sizeBytes: 6_600_000_000 },
      { name: 'deepseek-coder:6.7b', contextLength: 16_384, sizeBytes: 4_000_000_000 },
      { name: 'nomic-embed-text', capabilities: ['embedding'] },
    ],
    maxLoaded: 1,
    keepAliveMs: 24 * 3_600_000,
    loadMs: 200,
  });
  openRouter = await OpenAiUpstream.start({
    flavour: 'openrouter',
    apiKey: secrets.OPENROUTER_API_KEY,
    models: [free.coder, free.hermes, free.step],
    price: { input: 0, output: 0 },
  });
  config = sampleConfig('000-homelab-cluster.yaml', {
    'http://ollama.ollama.svc.cluster.local:11434': gpu.url,
    ...withApiBase('api_key: os.environ/OPENROUTER_API_KEY', `${openRouter.url}/api/v1`),
  });
  suite = await startSuite({ config, env: secrets, adminKey: secrets.LITELLM_MASTER_KEY });
});

afterAll(async () => {
  await suite?.stop();
  await Promise.all([gpu?.stop(), openRouter?.stop()]);
});

describe('one address', () => {
  it.each([
    ['qwen3.5', 'qwen3.5:9b'],
    ['deepseek-coder', 'deepseek-coder:6.7b'],
  ])('%s is served by the GPU host', async (model, upstreamModel) => {
    const response = await ask(model);
    expect(await response.json()).toMatchObject({ model, choices: [{ message: { content: answer } }] });
    expect(modelOf(gpu.server.to('/api/chat').at(-1)?.body)).toBe(upstreamModel);
    expect(response.headers.get('x-litellm-response-cost')).toBe('0');
  });

  it.each([
    ['qwen3-coder', free.coder],
    ['hermes-405b', free.hermes],
    ['step-flash', free.step],
  ])('%s is served by OpenRouter, in the same form', async (model, upstreamModel) => {
    const response = await ask(model);
    expect(await response.json()).toMatchObject({ model, choices: [{ message: { content: answer } }] });
    expect(chatsOf(openRouter, upstreamModel)).toHaveLength(1);
    expect(response.headers.get('x-litellm-response-cost')).toBe('0');
  });

  it('lists what there is', async () => {
    const { client } = await consumer();
    const { data } = await client.models.list();
    expect(data.map((model) => model.id).toSorted()).toEqual(
      ['deepseek-coder', 'hermes-405b', 'qwen3-coder', 'qwen3.5', 'step-flash'].toSorted(),
    );
  });
});

describe('secrets', () => {
  it('come from the environment: the upstream gets its key, and only the upstream', async () => {
    expect(openRouter.requests.at(-1)?.headers.authorization).toBe(`Bearer ${secrets.OPENROUTER_API_KEY}`);
    expect(gpu.requests.every((request) => request.headers.authorization === undefined)).toBe(true);
  });

  it('appear in no answer and no log', async () => {
    const pages = ['/health', '/v1/model/info', '/openapi.json'];
    const texts = await Promise.all(pages.map(async (path) => (await suite.fetch(path)).text()));
    for (const text of [...texts, suite.logs()]) {
      for (const secret of Object.values(secrets)) expect(text).not.toContain(secret);
    }
  });
});

describe('the GPU host', () => {
  it('decides itself how long a model stays loaded', () => {
    const asked = gpu.server.to('/api/chat').map((request) => request.body as object);
    expect(asked.length).toBeGreaterThan(0);
    for (const body of asked) expect(body).not.toHaveProperty('keep_alive');
  });

  it('with room for one model does not swap with every request', async () => {
    const before = gpu.engine.loads.length;
    const models = Array.from({ length: 12 }, (_none, n) => (n % 2 === 0 ? 'qwen3.5' : 'deepseek-coder'));
    const answers = await Promise.all(models.map((model) => ask(model)));
    expect(answers.map((response) => response.status)).toEqual(models.map(() => 200));
    await Promise.all(answers.map((response) => response.text()));
    expect(gpu.engine.loads.length - before).toBeLessThanOrEqual(2);
  });
});

describe('consumers', () => {
  it('have a key each, with a budget and limits of its own', async () => {
    const { key, client } = await consumer({ key_alias: 'paperless', rpm_limit: 1, max_budget: 1 });
    await client.chat.completions.create({ model: 'qwen3.5', messages });
    await expect(client.chat.completions.create({ model: 'qwen3.5', messages })).rejects.toThrow(OpenAI.RateLimitError);
    const info = async () => (await suite.fetch(`/key/info?key=${key}`)).json();
    expect(await info()).toMatchObject({ info: { key_alias: 'paperless', rpm_limit: 1, max_budget: 1, spend: 0 } });
  });

  it('are told apart in the spend log', async () => {
    const { client } = await consumer({ key_alias: 'anythingllm' });
    await client.chat.completions.create({ model: 'hermes-405b', messages });
    const rows = async () => (await suite.fetch('/spend/logs?key_alias=anythingllm')).json() as Promise<unknown[]>;
    await expect.poll(rows).toMatchObject([{ model_group: 'hermes-405b', spend: 0, status: 'success' }]);
  });

  it('that chat as AnythingLLM does get a stream with its usage', async () => {
    const { client } = await consumer();
    const stream = await client.chat.completions.create({
      model: 'step-flash',
      stream: true,
      stream_options: { include_usage: true },
      messages: [{ role: 'system', content: 'Answer from the context.' }, ...messages],
      temperature: 0.7,
    });
    let text = '';
    let tokens = 0;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      tokens += chunk.usage?.total_tokens ?? 0;
    }
    expect(text).toBe(answer);
    expect(tokens).toBeGreaterThan(0);
  });

  it('that read documents get embeddings in batches, in order', async () => {
    const withEmbeddings = config.replace(
      '    - model_name: deepseek-coder',
      `    - model_name: embed\n      litellm_params: {model: ollama/nomic-embed-text, api_base: "${gpu.url}"}\n    - model_name: deepseek-coder`,
    );
    await suite.writeConfig(withEmbeddings);
    const { client } = await consumer({ key_alias: 'paperless-embeddings' });
    await expect
      .poll(async () => (await client.models.list()).data.map((model) => model.id), { timeout: 3_000 })
      .toContain('embed');
    const input = Array.from({ length: 300 }, (_none, n) => `page ${n}`);
    const batches = await Promise.all(
      [0, 100, 200].map((from) => client.embeddings.create({ model: 'embed', input: input.slice(from, from + 100) })),
    );
    const vectors = batches.flatMap(({ data }) => data.map((one) => one.embedding));
    expect(vectors).toHaveLength(300);
    const single = await client.embeddings.create({ model: 'embed', input: 'page 250', encoding_format: 'float' });
    const alone = single.data[0]?.embedding ?? [];
    expect(vectors[250]?.map((value) => value.toFixed(4))).toEqual(alone.map((value) => value.toFixed(4)));
  });
});

describe('the data policy', () => {
  it('of each model is visible to everybody who may use it', async () => {
    const { key } = await consumer();
    const response = await fetch(`${suite.url}/v1/model/info`, { headers: { authorization: `Bearer ${key}` } });
    const { data } = (await response.json()) as { data: { model_name: string; model_info: { data_policy: string } }[] };
    const policies = Object.fromEntries(data.map((model) => [model.model_name, model.model_info.data_policy]));
    expect(policies).toMatchObject({ 'qwen3.5': 'local', 'deepseek-coder': 'local', 'step-flash': 'may-train' });
  });

  it('is obeyed: a key for documents that stay in the house gets no cloud model', async () => {
    const { key } = await consumer({ data_policy: 'local' });
    const headers = { authorization: `Bearer ${key}` };
    const before = openRouter.server.to('/api/v1/chat/completions').length;
    expect((await ask('qwen3.5', { headers })).status).toBe(200);
    const refused = await ask('qwen3-coder', { headers });
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ error: { code: 'data_policy_violation' } });
    expect(openRouter.server.to('/api/v1/chat/completions')).toHaveLength(before);
  });
});

describe('a free model that is retired', () => {
  it('rests alone: the others of the account go on', async () => {
    openRouter.script.default((model) =>
      model === free.coder
        ? { refuse: openRouterRefusal(404, `No endpoints found for ${free.coder}.`, 'not_found') }
        : {},
    );
    expect((await ask('qwen3-coder')).status).toBeGreaterThanOrEqual(400);
    const tried = chatsOf(openRouter, free.coder).length;
    expect((await ask('hermes-405b')).status).toBe(200);
    expect((await ask('qwen3-coder')).status).toBe(503);
    expect(chatsOf(openRouter, free.coder)).toHaveLength(tried);
  });

  it('is replaced in the config, and no client notices', async () => {
    openRouter.script.default({});
    await suite.writeConfig(config.replace(free.coder, free.hermes));
    await expect.poll(async () => (await ask('qwen3-coder')).status, { timeout: 3_000, interval: 200 }).toBe(200);
    expect(await (await ask('qwen3-coder')).json()).toMatchObject({ model: 'qwen3-coder' });
  });
});

describe('the limits of free models', () => {
  it('of a day are learnt from the first refusal, and all free models rest until it is over', async () => {
    const headers = { 'X-RateLimit-Limit': '50', 'X-RateLimit-Remaining': '0' };
    const reset = { ...headers, 'X-RateLimit-Reset': String(Date.now() + 3_600_000) };
    const message = 'Rate limit exceeded: free-models-per-day.';
    openRouter.script.next({
      refuse: { status: 429, body: { error: { code: 429, message, metadata: { headers: reset } } } },
    });
    const first = await ask('step-flash');
    expect(first.status).toBe(429);
    const sent = openRouter.server.to('/api/v1/chat/completions').length;
    for (const model of ['step-flash', 'hermes-405b']) {
      const response = await ask(model);
      expect(response.status).toBe(503);
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(3_000);
    }
    expect(openRouter.server.to('/api/v1/chat/completions')).toHaveLength(sent);
    expect((await ask('qwen3.5')).status).toBe(200);
  });
});

describe('the free minute', () => {
  it('is kept before OpenRouter has to refuse', async () => {
    openRouter.server.requests.length = 0;
    const fresh = await startSuite({ config, env: secrets, adminKey: secrets.LITELLM_MASTER_KEY });
    try {
      const statuses: number[] = [];
      for (let n = 0; n < 25; n += 1) {
        const response = await fresh.fetch('/v1/chat/completions', {
          method: 'POST',
          body: { model: n % 2 === 0 ? 'hermes-405b' : 'step-flash', messages },
        });
        statuses.push(response.status);
        if (response.status === 429) expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
        await response.text();
      }
      expect(statuses).toEqual([...Array(20).fill(200), ...Array(5).fill(429)]);
      expect(openRouter.server.to('/api/v1/chat/completions')).toHaveLength(20);
    } finally {
      await fresh.stop();
    }
  });
});
