/** The owner of a local stack (sample 003): two nodes, clouds behind them, and one budget over everything. */
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AnthropicUpstream, OllamaUpstream, OpenAiUpstream, startSuite, usualText, type Suite } from '#testing';
import { sampleConfig } from './sample-config.js';

const masterKey = 'sk-your-master-key';
const page = 'http://localhost:3000';
const answer = usualText.join('');

let node1: OllamaUpstream;
let node2: OllamaUpstream;
let home: OllamaUpstream;
let openai: OpenAiUpstream;
let anthropic: AnthropicUpstream;
let suite: Suite;
let client: OpenAI;
let written: string;

beforeAll(async () => {
  [node1, node2, home, openai, anthropic] = await Promise.all([
    OllamaUpstream.start({ models: ['qwen3:14b'] }),
    OllamaUpstream.start({ models: ['qwen3:14b'] }),
    OllamaUpstream.start({ models: ['qwen3:30b-a3b', 'llama3.1:8b'] }),
    OpenAiUpstream.start({ apiKey: 'sk-of-openai' }),
    AnthropicUpstream.start(),
  ]);
  written = sampleConfig('003-local-stack.yaml', {
    'http://ollama-node-1:11434': node1.url,
    'http://ollama-node-2:11434': node2.url,
    'http://localhost:11434': home.url,
    'api_key: os.environ/OPENAI_API_KEY': `api_key: os.environ/OPENAI_API_KEY, api_base: "${openai.url}/v1"`,
    'api_key: os.environ/ANTHROPIC_API_KEY': `api_key: os.environ/ANTHROPIC_API_KEY, api_base: "${anthropic.url}"`,
  });
  suite = await startSuite({
    config: written,
    adminKey: masterKey,
    env: { LITELLM_MASTER_KEY: undefined, OPENAI_API_KEY: 'sk-of-openai', ANTHROPIC_API_KEY: 'sk-of-anthropic' },
    args: ['--cors-origins', page, '--debug'],
  });
  client = new OpenAI({ apiKey: masterKey, baseURL: `${suite.url}/v1`, maxRetries: 0 });
});

afterAll(async () => {
  await suite?.stop();
  await Promise.all([node1, node2, home, openai, anthropic].map((upstream) => upstream?.stop()));
});

let requests = 0;
/** Each request has a text of its own: the cache is on, and shall only answer where a test wants it to. */
const fresh = () => `Hello! Number ${(requests += 1)}`;
const ask = (model: string, { key = masterKey, text = fresh(), ...body }: Record<string, unknown> = {}) =>
  fetch(`${suite.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${String(key)}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: text }], ...body }),
  });
const newKey = async (fields: object) => {
  const response = await suite.fetch('/key/generate', { method: 'POST', body: fields });
  expect(response.status).toBe(200);
  return ((await response.json()) as { key: string }).key;
};
const generated = (host: OllamaUpstream) => host.requests.filter(({ path }) => /^\/api\/(chat|generate)$/.test(path));
const group = (response: Response) => response.headers.get('x-litellm-model-group');

describe('one address in front of everything', () => {
  it("answers OpenAI's own client with the master key of the file", async () => {
    const response = await client.chat.completions.create({
      model: 'llama3-local',
      messages: [{ role: 'user', content: 'Hello!' }],
    });
    expect(response.choices[0]?.message.content).toBe(answer);
    expect(response.model).toBe('llama3-local');
  });

  it('lists local and cloud models side by side', async () => {
    const names = (await client.models.list()).data.map(({ id }) => id).sort();
    expect(names).toEqual(['claude-sonnet', 'gpt-4o-mini', 'llama3-local', 'qwen3-local', 'qwen3-moe-local']);
  });

  it.each(['gpt-4o-mini', 'claude-sonnet'])('%s answers in the same form', async (model) => {
    const response = await ask(model);
    expect(await response.json()).toMatchObject({
      object: 'chat.completion',
      model,
      choices: [{ finish_reason: 'stop' }],
    });
    expect(Number(response.headers.get('x-litellm-response-cost'))).toBeGreaterThan(0);
  });

  it('a question that was asked before is answered without asking a model again', async () => {
    const calls = () => openai.server.to('/v1/chat/completions').length;
    const before = calls();
    const first = await ask('gpt-4o-mini', { text: 'What is the capital of France?' });
    const second = await ask('gpt-4o-mini', { text: 'What is the capital of France?' });
    expect([first.status, second.status, calls() - before]).toEqual([200, 200, 1]);
    expect(second.headers.get('x-litellm-cache-key')).not.toBeNull();
    expect(second.headers.get('x-litellm-response-cost')).toBe('0');
  });

  it('a parameter that a local model does not know is dropped', async () => {
    expect((await ask('llama3-local', { logit_bias: { 50256: -100 } })).status).toBe(200);
  });

  it('a key may be kept to some of the models', async () => {
    const key = await newKey({ models: ['llama3-local'] });
    expect((await ask('llama3-local', { key })).status).toBe(200);
    const refused = await ask('claude-sonnet', { key });
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ error: { code: 'model_not_allowed' } });
  });

  it('a key and a user may be kept to a request a second', async () => {
    for (const limited of [await newKey({ rps_limit: 1 }), await newKey({ user_id: 'hasty' })]) {
      await suite.fetch('/user/update', { method: 'POST', body: { user_id: 'hasty', rps_limit: 1 } });
      const statuses = await Promise.all(
        [1, 2, 3].map(async () => (await ask('llama3-local', { key: limited })).status),
      );
      expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 429, 429]);
    }
  });
});

describe('two nodes under one name', () => {
  it('both serve', async () => {
    for (let at = 0; at < 6; at += 1) expect((await ask('qwen3-local')).status).toBe(200);
    expect(generated(node1).length).toBeGreaterThan(0);
    expect(generated(node2).length).toBeGreaterThan(0);
  });

  it('the faster one gets most of the traffic', async () => {
    node1.script.default({ delayMs: 400 });
    for (let at = 0; at < 8; at += 1) await ask('qwen3-local');
    const before = [generated(node1).length, generated(node2).length];
    for (let at = 0; at < 6; at += 1) await ask('qwen3-local');
    node1.script.default({});
    expect(generated(node2).length - (before[1] ?? 0)).toBeGreaterThan(generated(node1).length - (before[0] ?? 0));
  });

  it('one is enough', async () => {
    await node1.stop();
    for (let at = 0; at < 3; at += 1) {
      const response = await ask('qwen3-local');
      expect([response.status, group(response)]).toEqual([200, 'qwen3-local']);
    }
    await node1.server.start();
  });
});

describe('limits of a deployment', () => {
  it('twenty requests a minute reach the large model, the rest is told when to come again', async () => {
    const statuses: number[] = [];
    for (let at = 0; at < 20; at += 1) statuses.push((await ask('qwen3-moe-local')).status);
    expect(new Set(statuses)).toEqual(new Set([200]));
    const refused = await ask('qwen3-moe-local');
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ error: { code: 'rate_limit_exceeded' } });
    expect(
      home.requests
        .filter(({ body }) => JSON.stringify(body ?? '').includes('qwen3:30b-a3b'))
        .filter(({ method, path }) => method === 'POST' && path !== '/api/show'),
    ).toHaveLength(20);
  });
});

describe('fallbacks written as a map', () => {
  it('lead to the cloud when both nodes are off, and on to the next cloud when that fails', async () => {
    await Promise.all([node1.stop(), node2.stop()]);
    const first = await ask('qwen3-local');
    expect([first.status, group(first)]).toEqual([200, 'gpt-4o-mini']);
    openai.script.default({ refuse: { status: 500, body: { error: { message: 'down' } } } });
    const second = await ask('qwen3-local', { num_retries: 0 });
    expect([second.status, group(second)]).toEqual([200, 'claude-sonnet']);
    openai.script.default({});
    await Promise.all([node1.server.start(), node2.server.start()]);
  });

  it('give way to the nodes as soon as one is back', async () => {
    await expect
      .poll(async () => group(await ask('qwen3-local')), { timeout: 30_000, interval: 300 })
      .toBe('qwen3-local');
  });
});

describe('money', () => {
  const report = async (by: string) => {
    const today = new Date().toISOString().slice(0, 10);
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
    const response = await suite.fetch(`/global/spend/report?start_date=${today}&end_date=${tomorrow}&group_by=${by}`);
    expect(response.status).toBe(200);
    return response.text();
  };

  it('is told by model, by user and by key', async () => {
    const key = await newKey({ key_alias: 'notebook', user_id: 'maria' });
    expect((await ask('gpt-4o-mini', { key })).status).toBe(200);
    await expect.poll(() => report('api_key'), { timeout: 20_000 }).toContain('notebook');
    expect(await report('model')).toContain('gpt-4o-mini');
    expect(await report('user')).toContain('maria');
    const { info } = (await (await suite.fetch(`/key/info?key=${key}`)).json()) as { info: { spend: number } };
    expect(info.spend).toBeGreaterThan(0);
  });

  it('is told for each request too, with tokens and time, and nothing of what was said', async () => {
    await ask('gpt-4o-mini', { text: 'a-secret-recipe' });
    const line = () =>
      suite.records('ingress').findLast((one) => one['event'] === 'request' && one['model'] === 'gpt-4o-mini');
    await expect.poll(line).toMatchObject({
      success: true,
      provider: 'openai',
      prompt_tokens: expect.any(Number) as number,
      response_time_ms: expect.any(Number) as number,
    });
    for (const service of ['ingress', 'router', 'provider-cloud'] as const) {
      expect(JSON.stringify(suite.records(service))).not.toContain('a-secret-recipe');
    }
  });

  it('has a limit of 100 dollars that begins anew each 30 days', async () => {
    const { max_budget: budget, budget_reset_at: resetAt } = (await (await suite.fetch('/global/spend')).json()) as {
      max_budget: number;
      budget_reset_at: string;
    };
    expect(budget).toBe(100);
    expect(Date.parse(resetAt)).toBeGreaterThan(Date.now());
    expect(Date.parse(resetAt)).toBeLessThanOrEqual(Date.now() + 32 * 86_400_000);
  });
});

describe('what was typed on the command line', () => {
  it('--cors-origins lets that page in, and no other', async () => {
    const preflight = (origin: string) =>
      fetch(`${suite.url}/v1/chat/completions`, {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization,content-type',
        },
      });
    const allowed = await preflight(page);
    expect(allowed.ok).toBe(true);
    expect(allowed.headers.get('access-control-allow-origin')).toBe(page);
    expect((await preflight('http://elsewhere.example')).headers.get('access-control-allow-origin')).toBeNull();
  });

  it('/admin leads to the console', async () => {
    const response = await fetch(`${suite.url}/admin`);
    expect(response.status).toBe(200);
    expect(new URL(response.url).pathname).toMatch(/^\/ui/);
    expect(response.headers.get('content-type')).toContain('text/html');
  });

  it('--debug writes more, and no prompts', async () => {
    await ask('llama3-local', { text: 'a-whispered-word' });
    const debug = (['ingress', 'router', 'provider-ollama', 'health', 'accounting'] as const).flatMap((service) =>
      suite.records(service),
    );
    expect(debug.some((one) => one['level'] === 'debug' || one['level'] === 20)).toBe(true);
    expect(JSON.stringify(debug)).not.toContain('a-whispered-word');
  });
});

describe('what the file leaves open', () => {
  it('no Redis and no database address: what is built in serves, and says so', () => {
    expect(suite.logs()).toMatch(/neither REDIS_URL nor REDIS_HOST is set: the built-in cache is used/);
    expect(suite.pid('postgres')).toBeGreaterThan(0);
  });

  it('a model that the host does not have is named, with the command that pulls it', async () => {
    // Looked at each second instead of the usual fifteen: what is waited for is a probe, twice.
    await suite.writeConfig(written.replace('general_settings:\n', '$&  health_check_interval: 1\n'));
    home.remove('llama3.1:8b');
    const text = async () => (await ask('llama3-local')).text();
    await expect.poll(text, { timeout: 40_000, interval: 500 }).toContain('ollama pull llama3.1:8b');
    home.pull('llama3.1:8b');
    await expect.poll(async () => (await ask('llama3-local')).status, { timeout: 90_000, interval: 500 }).toBe(200);
  });

  it('without the clouds it is a gateway of the house alone', async () => {
    const local = written
      .split('\n')
      .filter((line) => !/api_key: os|model_name: (gpt|claude)|qwen3-local: \[/.test(line))
      .join('\n')
      .replace('fallbacks:\n', '');
    await suite.writeConfig(local);
    const names = async () => (await client.models.list()).data.map(({ id }) => id).sort();
    await expect.poll(names, { timeout: 5_000 }).toEqual(['llama3-local', 'qwen3-local', 'qwen3-moe-local']);
  });

  it('vLLM, LM Studio and TGI stand beside Ollama', async () => {
    const engine = await OpenAiUpstream.start({ flavour: 'generic', models: ['served'] });
    const entries = ['hosted_vllm/served', 'lm_studio/served', 'openai/served'].map((model) => ({
      model_name: model.split('/')[0],
      litellm_params: {
        model,
        api_base: `${engine.url}/v1`,
        ...(model.startsWith('openai') ? { api_key: 'none' } : {}),
      },
      model_info: { data_policy: 'local' },
    }));
    await suite.writeConfig({ model_list: entries, general_settings: { master_key: masterKey } });
    for (const name of ['hosted_vllm', 'lm_studio', 'openai']) {
      await expect.poll(async () => (await ask(name)).status, { timeout: 15_000, interval: 300 }).toBe(200);
    }
    await engine.stop();
  });
});
