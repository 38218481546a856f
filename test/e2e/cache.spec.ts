import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  OllamaUpstream,
  OpenAiUpstream,
  openAiRefusals,
  RedisServer,
  startSuite,
  usualText,
  type Suite,
} from '#testing';

let suite: Suite;
let house: OllamaUpstream;
let cloud: OpenAiUpstream;
let client: OpenAI;
let redis: RedisServer;

const text = usualText.join('');
const prices = { input_cost_per_token: 0.001, output_cost_per_token: 0.001 };

const configWith = (cacheParams: object, cacheOn = true) => ({
  model_list: [
    {
      model_name: 'paid',
      litellm_params: { model: 'openai/paid', api_base: `${cloud.url}/v1`, api_key: 'sk-up', ...prices },
    },
    {
      model_name: 'vectors',
      litellm_params: { model: 'openai/vectors', api_base: `${cloud.url}/v1`, api_key: 'sk-up' },
      model_info: { mode: 'embedding' },
    },
    {
      model_name: 'either',
      litellm_params: { model: 'openai/either', api_base: `${cloud.url}/v1`, api_key: 'sk-up', order: 1 },
    },
    { model_name: 'either', litellm_params: { model: 'ollama/local:1b', api_base: house.url, order: 2 } },
  ],
  router_settings: { disable_cooldowns: true, num_retries: 0 },
  litellm_settings: { cache: cacheOn, cache_params: cacheParams },
});

beforeAll(async () => {
  [house, cloud, redis] = await Promise.all([
    OllamaUpstream.start({ models: [{ name: 'local:1b' }] }),
    OpenAiUpstream.start(),
    RedisServer.start(),
  ]);
  suite = await startSuite({ config: configWith({ ttl: 600 }) });
  client = new OpenAI({ baseURL: `${suite.url}/v1`, apiKey: suite.adminKey, maxRetries: 0 });
});

afterAll(async () => {
  await suite?.stop();
  await Promise.all([house?.stop(), cloud?.stop(), redis?.stop()]);
});

let asked = 0;
/** A question that nobody asked before. */
const fresh = () => {
  asked += 1;
  return [{ role: 'user' as const, content: `Question ${asked}: which lamp is lit?` }];
};

interface Asked {
  readonly status: number;
  readonly cache: string | null;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

async function ask(body: object, headers: Record<string, string> = {}): Promise<Asked> {
  const request = { method: 'POST', body: { model: 'paid', ...body }, headers };
  const response = await suite.fetch('/v1/chat/completions', request);
  const answer = (await response.json()) as Record<string, unknown>;
  return {
    status: response.status,
    cache: response.headers.get('x-signalbox-cache'),
    headers: response.headers,
    body: answer,
  };
}

const withKey = (key: string) => ({ authorization: `Bearer ${key}` });

async function newKey(fields: object): Promise<string> {
  const response = await suite.fetch('/key/generate', { method: 'POST', body: fields });
  return ((await response.json()) as { key: string }).key;
}

describe('a repeated request', () => {
  it('is answered without the upstream, costs nothing and says so', async () => {
    const messages = fresh();
    const key = await newKey({ max_budget: 1_000 });
    const first = await ask({ messages }, withKey(key));
    const before = cloud.requests.length;
    const second = await ask({ messages }, withKey(key));
    expect([first.status, second.status]).toEqual([200, 200]);
    expect([first.cache, second.cache]).toEqual(['miss', 'hit']);
    expect(cloud.requests.length).toBe(before);
    expect(second.body['choices']).toEqual(first.body['choices']);
    expect(second.body['usage']).toEqual(first.body['usage']);
    expect(second.body['id']).not.toBe(first.body['id']);
    expect(first.headers.get('x-litellm-cache-key')).toBeNull();
    expect(second.headers.get('x-litellm-cache-key')).toMatch(/^[0-9a-f]{64}$/);
    expect(second.headers.get('x-litellm-response-cost')).toBe('0');
    expect(second.headers.get('x-litellm-model-id')).toBe(first.headers.get('x-litellm-model-id'));
    const rowsOf = async ({ headers }: Asked) =>
      (await (await suite.fetch(`/spend/logs?request_id=${headers.get('x-request-id')}`)).json()) as object[];
    await expect
      .poll(() => rowsOf(second))
      .toMatchObject([{ cache_hit: 'True', spend: 0, status: 'success', total_tokens: 0 }]);
    const [row] = (await rowsOf(first)) as { spend: number }[];
    expect(row).toMatchObject({ cache_hit: 'False' });
    const info = (await (await suite.fetch(`/key/info?key=${key}`)).json()) as { info: { spend: number } };
    expect(info.info.spend).toBe(row?.spend);
    const line = () =>
      suite.records('ingress').find((record) => record['request_id'] === second.headers.get('x-request-id'));
    await expect.poll(line).toMatchObject({ cache_hit: true, estimated_cost: 0, success: true });
    expect(line()?.['completion_tokens']).toBeGreaterThan(0);
    const metrics = await (await fetch(`http://127.0.0.1:${suite.managementPort('ingress')}/metrics`)).text();
    expect(metrics).toMatch(/signalbox_cache_requests_total\{result="hit"\} \d/);
    expect(metrics).toMatch(/signalbox_cache_writes_total\{result="stored"\} \d/);
  });

  it('may stream where the first one did not, and the other way round', async () => {
    const messages = fresh();
    await client.chat.completions.create({ model: 'paid', messages });
    const before = cloud.requests.length;
    const stream = client.chat.completions.stream({ model: 'paid', messages, stream_options: { include_usage: true } });
    expect((await stream.finalChatCompletion()).choices[0]?.message.content).toBe(text);
    expect((await stream.totalUsage()).completion_tokens).toBeGreaterThan(0);
    const others = fresh();
    const streamed = await client.chat.completions.stream({ model: 'paid', messages: others }).finalChatCompletion();
    const whole = await client.chat.completions.create({ model: 'paid', messages: others });
    expect(whole.choices[0]?.message.content).toBe(streamed.choices[0]?.message.content);
    expect(whole.usage?.completion_tokens).toBeGreaterThan(0);
    expect(cloud.requests.length).toBe(before + 1);
  });

  it('may come in another dialect', async () => {
    const [question] = fresh();
    if (question === undefined) return;
    const first = await client.chat.completions.create({ model: 'paid', messages: [question], max_tokens: 50 });
    const before = cloud.requests.length;
    const messages = new Anthropic({ baseURL: suite.url, apiKey: suite.adminKey, maxRetries: 0 }).messages;
    const second = await messages.create({ model: 'paid', max_tokens: 50, messages: [question] });
    expect(second.content).toMatchObject([{ type: 'text', text: first.choices[0]?.message.content }]);
    const third = await client.responses.create({ model: 'paid', input: question.content, max_output_tokens: 50 });
    expect(third.output_text).toBe(text);
    expect(cloud.requests.length).toBe(before);
  });

  it('calls the same tools again', async () => {
    cloud.script.next({ text: [], toolCalls: [{ name: 'weather', arguments: { city: 'Brno' } }] });
    const tools = [{ type: 'function' as const, function: { name: 'weather', parameters: { type: 'object' } } }];
    const messages = fresh();
    const first = await client.chat.completions.create({ model: 'paid', messages, tools });
    const before = cloud.requests.length;
    const second = await client.chat.completions.stream({ model: 'paid', messages, tools }).finalChatCompletion();
    expect(second.choices[0]?.finish_reason).toBe('tool_calls');
    expect(second.choices[0]?.message.tool_calls).toMatchObject(first.choices[0]?.message.tool_calls ?? []);
    expect(cloud.requests.length).toBe(before);
  });

  it('gets the same vectors', async () => {
    const input = [`Text ${fresh()[0]?.content}`, 'another'];
    const first = await client.embeddings.create({ model: 'vectors', input });
    const before = cloud.requests.length;
    expect(await client.embeddings.create({ model: 'vectors', input })).toEqual(first);
    expect(cloud.requests.length).toBe(before);
    const floats = await client.embeddings.create({ model: 'vectors', input, encoding_format: 'float' });
    expect(floats.data[1]?.embedding[0]).toBeCloseTo(first.data[1]?.embedding[0] ?? 0, 5);
  });
});

describe('a request says for itself', () => {
  const twice = async (first: object | undefined, second: object | undefined) => {
    const messages = fresh();
    await ask({ messages, cache: first });
    return (await ask({ messages, cache: second })).cache;
  };
  it.each([
    ['nothing', undefined, undefined, 'hit'],
    ['no-cache: a new answer, which is kept', undefined, { 'no-cache': true }, null],
    ['no-store: nothing is kept', { 'no-store': true }, undefined, 'miss'],
    ['s-maxage: any age', undefined, { 's-maxage': 600 }, 'hit'],
    ['s-maxage: none at all', undefined, { 's-maxage': 0 }, null],
    ['ttl: nothing is kept', { ttl: 0 }, undefined, 'miss'],
    ['a namespace of its own', undefined, { namespace: 'mine' }, 'miss'],
    ['the same namespace', { namespace: 'mine' }, { namespace: 'mine' }, 'hit'],
  ])('%s', async (_name, first, second, expected) => {
    expect(await twice(first, second)).toBe(expected);
  });

  it('for how long its answer is good', async () => {
    const messages = fresh();
    await ask({ messages, cache: { ttl: 1 } });
    await expect.poll(async () => (await ask({ messages, cache: { 'no-store': true } })).cache).toBe('miss');
  });
});

describe('an answer is shared', () => {
  it('within a team, and with nobody else', async () => {
    const [one, other, lone] = await Promise.all([
      newKey({ team_id: 'signals' }),
      newKey({ team_id: 'signals' }),
      newKey({}),
    ]);
    const messages = fresh();
    const asks = [];
    for (const key of [one, other, lone, lone]) asks.push((await ask({ messages }, withKey(key))).cache);
    expect(asks).toEqual(['miss', 'hit', 'miss', 'hit']);
  });

  it('never across data policies', async () => {
    const messages = fresh();
    const local = { 'x-signalbox-data-policy': 'local' };
    await ask({ model: 'either', messages });
    const [inCloud, inHouse] = [cloud.requests.length, house.server.to('/api/chat').length];
    expect((await ask({ model: 'either', messages }, local)).cache).toBe('miss');
    expect(house.server.to('/api/chat').length).toBe(inHouse + 1);
    expect((await ask({ model: 'either', messages }, local)).cache).toBe('hit');
    expect((await ask({ model: 'either', messages })).cache).toBe('hit');
    expect([cloud.requests.length, house.server.to('/api/chat').length]).toEqual([inCloud, inHouse + 1]);
  });
});

describe('limits and budgets', () => {
  it('count a hit as a request of a rate limit', async () => {
    const key = await newKey({ rpm_limit: 2 });
    const messages = fresh();
    const statuses = [];
    for (let n = 0; n < 3; n += 1) statuses.push((await ask({ messages }, withKey(key))).status);
    expect(statuses).toEqual([200, 200, 429]);
  });

  it('take a hit from no budget', async () => {
    const key = await newKey({ max_requests_budget: 2, budget_duration: '1d' });
    const messages = fresh();
    const answers = [];
    for (let n = 0; n < 4; n += 1) answers.push(await ask({ messages }, withKey(key)));
    answers.push(await ask({ messages: fresh() }, withKey(key)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    await expect.poll(async () => (await ask({ messages: fresh() }, withKey(key))).status).toBe(429);
  });
});

describe('never kept are', () => {
  it('errors', async () => {
    const messages = fresh();
    cloud.script.next({ refuse: openAiRefusals.server() });
    expect((await ask({ messages })).status).toBe(502);
    expect((await ask({ messages })).cache).toBe('miss');
  });

  it('answers that were cut short', async () => {
    const messages = fresh();
    cloud.script.next({ finish: 'length' });
    await ask({ messages });
    expect((await ask({ messages })).cache).toBe('miss');
  });

  it('streams that broke off', async () => {
    const messages = fresh();
    cloud.script.next({ breakAfter: { pieces: 2, how: 'reset' } });
    const read = async () => {
      const stream = await client.chat.completions.create({ model: 'paid', messages, stream: true });
      for await (const chunk of stream) expect(chunk.object).toBe('chat.completion.chunk');
    };
    await expect(read()).rejects.toThrow();
    expect((await ask({ messages })).cache).toBe('miss');
  });

  it('answers that nobody waited for', async () => {
    const messages = fresh();
    cloud.script.next({ text: Array.from({ length: 100 }, (_, n) => `w${n} `), pieceDelayMs: 30 });
    const stream = await client.chat.completions.create({ model: 'paid', messages, stream: true });
    for await (const chunk of stream) {
      if ((chunk.choices[0]?.delta.content ?? '') !== '') break;
    }
    await cloud.server.until((request) => request.abortedAtMs !== null);
    expect((await ask({ messages, cache: { 'no-store': true } })).cache).toBe('miss');
  });
});

describe('a bus that was restarted', () => {
  it('has an empty cache, which fills again', async () => {
    const messages = fresh();
    await ask({ messages });
    const before = suite.pid('nats') ?? 0;
    suite.kill('nats');
    await suite.restarted('nats', before);
    await expect.poll(async () => (await ask({ messages })).cache, { timeout: 60_000 }).toBe('hit');
  });
});

describe('with other settings', () => {
  it('only requests that ask for it are cached', async () => {
    await suite.writeConfig(configWith({ mode: 'default_off' }));
    await expect.poll(async () => (await ask({ messages: fresh() })).cache).toBeNull();
    const messages = fresh();
    const cache = { 'use-cache': true };
    expect((await ask({ messages, cache })).cache).toBe('miss');
    expect((await ask({ messages, cache })).cache).toBe('hit');
    expect((await ask({ messages })).cache).toBeNull();
  });

  it('only some kinds of calls are cached', async () => {
    await suite.writeConfig(configWith({ supported_call_types: ['aembedding'] }));
    const vectors = async (input: string) => {
      const response = await suite.fetch('/v1/embeddings', { method: 'POST', body: { model: 'vectors', input } });
      await response.json();
      return response.headers.get('x-signalbox-cache');
    };
    await expect.poll(() => vectors(fresh()[0]?.content ?? '')).toBe('miss');
    expect((await ask({ messages: fresh() })).cache).toBeNull();
  });

  it('answers lie in Redis, but for those that must stay in the house', async () => {
    await suite.writeConfig(configWith({ type: 'redis', url: redis.url }));
    let misses = 0;
    const counted = async (messages: ReturnType<typeof fresh>) => {
      const { cache } = await ask({ messages });
      if (cache === 'miss') misses += 1;
      return cache;
    };
    await expect.poll(async () => (await counted(fresh())) === 'miss' && redis.entries.size > 0).toBe(true);
    const messages = fresh();
    await expect.poll(() => counted(messages)).toBe('hit');
    // An answer is put there after the client has it.
    await expect.poll(() => redis.entries.size).toBe(misses);
    const held = redis.entries.size;
    const local = { 'x-signalbox-data-policy': 'local' };
    // Null right after Redis was slow: then requests go on without a cache for a moment.
    await expect.poll(async () => (await ask({ model: 'either', messages }, local)).cache).toBe('hit');
    expect(redis.entries.size).toBe(held);
    expect([...redis.entries.values()].map(({ value }) => String(value)).join()).not.toContain('which lamp is lit');
  });

  it('requests go on while Redis is away', async () => {
    await redis.stop();
    const messages = fresh();
    expect((await ask({ messages })).status).toBe(200);
    expect((await ask({ messages })).status).toBe(200);
    const metrics = await (await fetch(`http://127.0.0.1:${suite.managementPort('ingress')}/metrics`)).text();
    expect(metrics).toMatch(/signalbox_cache_requests_total\{result="error"\} \d/);
    const warned = () =>
      suite
        .records('ingress')
        .filter((line) => String(line['msg']).startsWith('the response cache does not') && line['type'] === 'redis');
    await expect.poll(() => warned().length).toBe(1);
    await redis.start();
    await expect.poll(async () => (await ask({ messages })).cache, { timeout: 20_000 }).toBe('hit');
  });

  it('there is no cache', async () => {
    await suite.writeConfig(configWith({ ttl: 600 }, false));
    await expect.poll(async () => (await ask({ messages: fresh() })).cache).toBeNull();
    const before = cloud.requests.length;
    const messages = fresh();
    await ask({ messages });
    await ask({ messages });
    expect(cloud.requests.length).toBe(before + 2);
  });
});
