/** The sovereign gateway: local first, the cloud by name or as a fallback, and what is sensitive never leaves the house. */
import { once } from 'node:events';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import {
  AnthropicUpstream,
  OllamaUpstream,
  OpenAiUpstream,
  OtlpReceiver,
  startSuite,
  usualText,
  type Suite,
} from '#testing';
import { sampleConfig } from './sample-config.js';

const secrets = {
  LITELLM_MASTER_KEY: 'sk-master-of-the-house',
  OPENAI_API_KEY: 'sk-openai-of-the-house',
  ANTHROPIC_API_KEY: 'sk-ant-of-the-house',
};
const messages = [{ role: 'user' as const, content: 'Are you running locally?' }];
const answer = usualText.join('');
const models = ['llama3.1:8b', 'mistral', 'qwen3:7b'].map((name) => ({ name, contextLength: 40_960 }));

const ask = (suite: Suite, model: string, more: { headers?: Record<string, string>; body?: object } = {}) =>
  suite.fetch('/v1/chat/completions', {
    method: 'POST',
    body: { model, messages, ...more.body },
    ...(more.headers === undefined ? {} : { headers: more.headers }),
  });
const chatsAt = (host: OllamaUpstream) => host.server.to('/api/chat').length;

describe('on the first evening, without a key', () => {
  let ollama: OllamaUpstream;
  let suite: Suite;

  beforeAll(async () => {
    ollama = await OllamaUpstream.start({ models });
    suite = await startSuite({
      adminKey: null,
      args: ['--ui'],
      config: {
        model_list: [
          { model_name: 'llama3', litellm_params: { model: 'ollama/llama3.1:8b', api_base: ollama.url } },
          { model_name: 'mistral', litellm_params: { model: 'ollama/mistral', api_base: ollama.url } },
        ],
        litellm_settings: { drop_params: true, request_timeout: 600, set_verbose: true },
      },
    });
  });
  afterAll(async () => {
    await suite?.stop();
    await ollama?.stop();
  });

  it.each(['Bearer anything', ''])('a request with the header %j is answered', async (authorization) => {
    const response = await ask(suite, 'llama3', { headers: authorization === '' ? {} : { authorization } });
    expect(await response.json()).toMatchObject({ model: 'llama3', choices: [{ message: { content: answer } }] });
  });

  it('the OpenAI SDK needs a new address and nothing else, and switches models by name', async () => {
    const client = new OpenAI({ baseURL: `${suite.url}/v1`, apiKey: 'anything' });
    for (const model of ['llama3', 'mistral']) {
      const response = await client.chat.completions.create({
        model,
        messages: [{ role: 'system', content: 'You are a helpful assistant.' }, ...messages],
      });
      expect(response.choices[0]?.message.content).toBe(answer);
    }
    expect(ollama.server.to('/api/chat').map((request) => (request.body as { model: string }).model)).toContain(
      'mistral',
    );
  });

  it('it listens on this machine only, and says that it has no key', () => {
    expect(new URL(suite.url).hostname).toBe('127.0.0.1');
    expect(suite.logs()).toMatch(/no master key/);
  });

  it('the console is there', async () => {
    const page = await fetch(`${suite.url}/ui/`);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('<div id="root"');
  });

  it('a name in the wrong case is not found, and the right one is told', async () => {
    const response = await ask(suite, 'LLAMA3');
    expect(response.status).toBe(404);
    expect(await response.text()).toContain("'llama3'");
  });

  it('verbose logs tell more, but never a prompt', async () => {
    expect(suite.records('ingress').some((record) => record['level'] === 'debug')).toBe(true);
    expect(suite.logs()).not.toContain('running locally');
  });
});

describe('as a team uses it', () => {
  let gpus: [OllamaUpstream, OllamaUpstream, OllamaUpstream];
  let desk: OllamaUpstream;
  let openAi: OpenAiUpstream;
  let anthropic: AnthropicUpstream;
  let langfuse: OtlpReceiver;
  let suite: Suite;
  let config: string;

  beforeAll(async () => {
    const host = () => OllamaUpstream.start({ models });
    gpus = await Promise.all([host(), host(), host()]);
    [desk, openAi, anthropic] = await Promise.all([
      host(),
      OpenAiUpstream.start({ apiKey: secrets.OPENAI_API_KEY }),
      AnthropicUpstream.start({ apiKey: secrets.ANTHROPIC_API_KEY }),
    ]);
    config = sampleConfig('004-sovereign-gateway.yaml', {
      'http://gpu-server-1:11434': gpus[0].url,
      'http://gpu-server-2:11434': gpus[1].url,
      'http://gpu-server-3:11434': gpus[2].url,
      'http://localhost:11434': desk.url,
      'os.environ/OPENAI_API_KEY}': `os.environ/OPENAI_API_KEY, api_base: "${openAi.url}/v1"}`,
      'os.environ/ANTHROPIC_API_KEY}': `os.environ/ANTHROPIC_API_KEY, api_base: "${anthropic.url}"}`,
    });
    langfuse = await OtlpReceiver.start();
    const observed = { LANGFUSE_PUBLIC_KEY: 'pk-lf', LANGFUSE_SECRET_KEY: 'sk-lf', LANGFUSE_HOST: langfuse.url };
    suite = await startSuite({ config, adminKey: secrets.LITELLM_MASTER_KEY, env: { ...secrets, ...observed } });
  });
  afterAll(async () => {
    await suite?.stop();
    await Promise.all([...(gpus ?? []), desk, openAi, anthropic, langfuse].map((upstream) => upstream?.stop()));
  });

  const cloudChats = () => openAi.server.to('/v1/chat/completions').length + anthropic.server.to('/v1/messages').length;
  const generate = async (fields: object) => {
    const response = await suite.fetch('/key/generate', { method: 'POST', body: fields });
    expect(response.status).toBe(200);
    return (await response.json()) as { key: string; expires: string | null };
  };
  const as = (key: string) => ({ authorization: `Bearer ${key}` });
  /** The log line of a request, by the id in its answer. */
  const lineOf = async (response: Response) => {
    const id = response.headers.get('x-request-id');
    const find = () =>
      suite.records('ingress').find((record) => record['event'] === 'request' && record['request_id'] === id);
    await expect.poll(find).toBeDefined();
    return find() ?? {};
  };
  const extended = (more: { signalbox?: object; alias?: Record<string, string>; cache?: boolean }) => {
    const parsed = parse(config) as { litellm_settings: object; router_settings: object };
    return stringify({
      ...parsed,
      litellm_settings: { ...parsed.litellm_settings, num_retries: 0, ...(more.cache === true ? { cache: true } : {}) },
      router_settings: { ...parsed.router_settings, model_group_alias: more.alias ?? {} },
      ...(more.signalbox === undefined ? {} : { signalbox: more.signalbox }),
    });
  };

  it('a request without the master key or a virtual one is refused', async () => {
    expect((await ask(suite, 'llama3', { headers: { authorization: 'Bearer anything' } })).status).toBe(401);
  });

  it('three hosts of one name share the work, the least busy one first', async () => {
    for (const gpu of gpus) gpu.script.default({ pieceDelayMs: 60 });
    const answers = await Promise.all(Array.from({ length: 3 }, () => ask(suite, 'llama3')));
    expect(answers.map((response) => response.status)).toEqual([200, 200, 200]);
    expect(gpus.map(chatsAt)).toEqual([1, 1, 1]);
    await Promise.all(Array.from({ length: 6 }, () => ask(suite, 'llama3')));
    for (const gpu of gpus) gpu.script.default({});
    expect(gpus.map(chatsAt)).toEqual([3, 3, 3]);
  });

  it('a host that goes away costs no request', async () => {
    await gpus[0].stop();
    const answers = await Promise.all(Array.from({ length: 6 }, () => ask(suite, 'llama3')));
    expect(answers.map((response) => response.status)).toEqual(answers.map(() => 200));
    await gpus[0].server.start();
  });

  it('each cloud is there under its own name, with its own key, and costs what it costs', async () => {
    for (const model of ['gpt-4o', 'claude-sonnet']) {
      const response = await ask(suite, model);
      expect(await response.json()).toMatchObject({ model, choices: [{ message: { content: answer } }] });
      expect(Number(response.headers.get('x-litellm-response-cost'))).toBeGreaterThan(0);
    }
    expect(cloudChats()).toBe(2);
  });

  it('a local name never leads to a cloud, also when all its hosts fail', async () => {
    const before = cloudChats();
    desk.script.default({ refuse: { status: 500, body: { error: 'llama runner process has terminated' } } });
    const response = await ask(suite, 'mistral', { body: { num_retries: 0 } });
    desk.script.default({});
    expect(response.status).toBe(502);
    expect(cloudChats()).toBe(before);
  });

  describe('smart', () => {
    it('is answered locally where that works', async () => {
      const before = cloudChats();
      const response = await ask(suite, 'smart');
      expect(await response.json()).toMatchObject({ model: 'smart', choices: [{ message: { content: answer } }] });
      expect(cloudChats()).toBe(before);
    });

    it('falls back to the cloud on an error', async () => {
      await suite.writeConfig(extended({ alias: { clever: 'smart' }, signalbox: { first_token_timeout: 1 } }));
      await expect
        .poll(async () => (await (await suite.fetch('/v1/models')).text()).includes('clever'), { timeout: 3_000 })
        .toBe(true);
      desk.script.next({ refuse: { status: 500, body: { error: 'llama runner process has terminated' } } });
      const response = await ask(suite, 'smart');
      expect(await response.json()).toMatchObject({ model: 'smart', choices: [{ message: { content: answer } }] });
      expect(response.headers.get('x-litellm-model-group')).toBe('gpt-4o');
      expect(response.headers.get('x-litellm-attempted-fallbacks')).toBe('1');
    });

    it.each([true, false])('falls back on slowness where that is asked for (stream: %j)', async (stream) => {
      desk.script.next({ delayMs: 30_000 });
      const response = await ask(suite, 'smart', { body: { stream } });
      expect(response.status).toBe(200);
      expect(response.headers.get('x-litellm-model-group')).toBe('gpt-4o');
      expect(await response.text()).toContain('lamp');
    });
  });

  describe('what is sensitive', () => {
    const failing = { refuse: { status: 500, body: { error: 'llama runner process has terminated' } } };
    const local = { 'x-signalbox-data-policy': 'local' };

    it.each(['smart', 'clever', 'gpt-4o'])('stays in the house by request, asked as %s', async (model) => {
      const before = cloudChats();
      desk.script.default(failing);
      const response = await ask(suite, model, { headers: local });
      desk.script.default({});
      expect(response.status).toBeGreaterThanOrEqual(400);
      expect(cloudChats()).toBe(before);
    });

    it.each(['smart', 'clever', 'gpt-4o'])('stays in the house by key, asked as %s', async (model) => {
      const { key } = await generate({ data_policy: 'local' });
      const before = cloudChats();
      desk.script.default(failing);
      const looser = { 'x-signalbox-data-policy': 'may-train' };
      const response = await ask(suite, model, {
        headers: { ...as(key), ...looser },
        body: { fallbacks: ['gpt-4o'] },
      });
      desk.script.default({});
      expect(response.status).toBeGreaterThanOrEqual(400);
      expect(cloudChats()).toBe(before);
    });

    it('stays in the house for every key of a team', async () => {
      await suite.fetch('/team/new', { method: 'POST', body: { team_id: 'legal', data_policy: 'local' } });
      const { key } = await generate({ team_id: 'legal' });
      const before = cloudChats();
      expect((await ask(suite, 'gpt-4o', { headers: as(key) })).status).toBe(403);
      // The local host rests for some seconds after the failures above.
      const smart = async () => (await ask(suite, 'smart', { headers: as(key) })).status;
      await expect.poll(smart, { timeout: 20_000, interval: 500 }).toBe(200);
      expect(cloudChats()).toBe(before);
    });
  });

  it('the cache gives a sensitive request nothing that a cloud said', async () => {
    await suite.writeConfig(extended({ cache: true, alias: { cached: 'gpt-4o' } }));
    const hit = async () => (await ask(suite, 'cached')).headers.get('x-signalbox-cache');
    await expect.poll(hit, { interval: 200 }).toBe('hit');
    const refused = await ask(suite, 'cached', { headers: { 'x-signalbox-data-policy': 'local' } });
    expect(refused.status).toBe(403);
    expect(refused.headers.get('x-signalbox-cache')).toBeNull();
    await suite.writeConfig(extended({}));
    await expect.poll(async () => (await ask(suite, 'cached')).status, { interval: 200 }).toBe(404);
  });

  describe('the log', () => {
    it('has a line for each request, also for free local ones, with every field of its owner', async () => {
      const text = Array.from({ length: 535 }, (_none, n) => `w${n} `);
      gpus.forEach((gpu) => gpu.script.default({ promptTokens: 312, outputTokens: 535, text, pieceDelayMs: 1 }));
      const response = await ask(suite, 'llama3');
      await response.text();
      gpus.forEach((gpu) => gpu.script.default({}));
      const line = await lineOf(response);
      expect(line).toMatchObject({
        model: 'llama3',
        provider: 'ollama',
        total_tokens: 847,
        prompt_tokens: 312,
        completion_tokens: 535,
        estimated_cost: 0,
        success: true,
        attempts: 1,
        context_used_percent: expect.closeTo((847 / 40_960) * 100, 1),
        trace_id: response.headers.get('x-trace-id'),
      });
      expect(line['response_time_ms']).toBeGreaterThan(100);
      expect(line['tokens_per_second']).toBeGreaterThan(1);
      // gpt-4o: 2.50 and 10 dollars a million tokens.
      expect(line['cloud_equivalent_cost']).toBeCloseTo((312 * 2.5 + 535 * 10) / 1e6, 9);
    });

    it('tells of failures too', async () => {
      desk.script.default({ refuse: { status: 500, body: { error: 'llama runner process has terminated' } } });
      const response = await ask(suite, 'qwen-coder');
      desk.script.default({});
      expect(await lineOf(response)).toMatchObject({ model: 'qwen-coder', success: false, estimated_cost: 0 });
    });

    it('goes to Langfuse too, for answers and for failures, without what was said', async () => {
      desk.script.next({ refuse: { status: 500, body: { error: 'llama runner process has terminated' } } });
      const [answered, failed] = [await ask(suite, 'llama3'), await ask(suite, 'mistral')];
      expect([answered.status, failed.status]).toEqual([200, 502]);
      for (const response of [answered, failed]) {
        const trace = response.headers.get('x-trace-id') ?? '';
        await expect.poll(() => langfuse.trace(trace).length, { timeout: 20_000 }).toBeGreaterThan(0);
        expect(JSON.stringify(langfuse.trace(trace).map(({ attributes }) => attributes))).not.toContain(
          'running locally',
        );
      }
    });

    it('what was saved is summed for each day', async () => {
      const days = async () =>
        (await suite.fetch('/global/spend/report?group_by=model')).json() as Promise<
          { models: { model: string; total_spend: number; cloud_equivalent_spend: number }[] }[]
        >;
      const local = async () => (await days()).at(-1)?.models.find(({ model }) => model === 'llama3');
      await expect.poll(async () => (await local())?.cloud_equivalent_spend).toBeGreaterThan(0.006);
      expect(await local()).toMatchObject({ total_spend: 0 });
    });
  });

  describe('teams', () => {
    it.each([
      ['engineering', { models: ['llama3', 'mistral'] }, ['llama3', 'mistral'], ['gpt-4o', 'smart']],
      ['marketing', { models: ['gpt-4o'], max_budget: 50, budget_duration: '1mo' }, ['gpt-4o'], ['llama3', 'smart']],
      ['data-science', { models: ['smart'], max_budget: 200, budget_duration: '1mo' }, ['smart'], ['claude-sonnet']],
    ])('%s has its models and its cap', async (team, fields, allowed, forbidden) => {
      const made = await suite.fetch('/team/new', {
        method: 'POST',
        body: { team_id: team, team_alias: team, ...fields },
      });
      expect(made.status).toBe(200);
      const { key } = await generate({ team_id: team });
      for (const model of allowed) expect((await ask(suite, model, { headers: as(key) })).status).toBe(200);
      for (const model of forbidden) {
        const response = await ask(suite, model, { headers: as(key) });
        expect(response.status).toBe(403);
        expect(await response.json()).toMatchObject({ error: { code: 'model_not_allowed' } });
      }
      const info = (await (await suite.fetch(`/team/info?team_id=${team}`)).json()) as { team_info: object };
      expect(info.team_info).toMatchObject({ max_budget: 'max_budget' in fields ? fields.max_budget : null });
    });

    it('a key made as typed may use two models, spend ten dollars, and ends after thirty days', async () => {
      const { key, expires } = await generate({ models: ['llama3', 'mistral'], max_budget: 10, duration: '30d' });
      const days = (Date.parse(expires ?? '') - Date.now()) / 86_400_000;
      expect(days).toBeGreaterThan(29.9);
      expect(days).toBeLessThanOrEqual(30);
      expect((await ask(suite, 'mistral', { headers: as(key) })).status).toBe(200);
      expect((await ask(suite, 'gpt-4o', { headers: as(key) })).status).toBe(403);
    });
  });

  it('a model that no host has is 503, and an admin is told how to pull it', async () => {
    desk.remove('qwen3:7b');
    const seen = async () => (await ask(suite, 'qwen-coder')).text();
    await expect.poll(seen, { timeout: 40_000, interval: 500 }).toContain('ollama pull qwen3:7b');
  });

  it('it stops without leaving anything behind', async () => {
    const exited = once(suite.launcher, 'exit');
    suite.launcher.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  });
});
