/** Intents and budgets: names that say what for, hard limits for each, money that cannot run away, and books to ask. */
import OpenAI from 'openai';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  AnthropicUpstream,
  OllamaUpstream,
  OpenAiUpstream,
  openRouterRefusal,
  startPostgres,
  startSuite,
  usualText,
  type Suite,
  type TestDatabase,
} from '#testing';
import { startIngressReplica } from './replica.js';
import { sampleConfig } from './sample-config.js';
import { extendedConfig } from './seed-001-config.js';
import { startWebhookReceiver, type WebhookReceiver } from './webhook-receiver.js';

const secrets = { LITELLM_MASTER_KEY: 'sk-solar-master', SOLAR_BOT_KEY: 'sk-solar-bot-prod' };
const timezone = 'America/Denver';
const messages = [{ role: 'user' as const, content: 'Solar financing costs?' }];
const answer = usualText.join('');

let suite: Suite;
let studio: OllamaUpstream;
let openRouter: OpenAiUpstream;
let anthropic: AnthropicUpstream;
let database: TestDatabase;
let alerts: WebhookReceiver;
let sample: string;

const ask = (model: string, key = secrets.LITELLM_MASTER_KEY, body: object = {}, url = suite.url) =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages, ...body }),
  });
const generate = async (fields: object) => {
  const response = await suite.fetch('/key/generate', { method: 'POST', body: fields });
  expect(response.status).toBe(200);
  return (await response.json()) as { key: string } & Record<string, unknown>;
};
const lastChat = () => studio.server.to('/api/chat').at(-1)?.body as Record<string, unknown> | undefined;
const Sent = z.object({ messages: z.array(z.object({ role: z.string(), content: z.string() })) });
const sentMessages = () => Sent.parse(lastChat()).messages;
const infoOf = async (key: string) =>
  ((await (await suite.fetch(`/key/info?key=${key}`)).json()) as { info: Record<string, unknown> }).info;

beforeAll(async () => {
  alerts = await startWebhookReceiver();
  [studio, openRouter, anthropic, database] = await Promise.all([
    OllamaUpstream.start({
      models: [
        { name: 'gemma4:26b', contextLength: 131_072 },
        { name: 'qwen3:235b-a22b', capabilities: ['completion', 'tools', 'thinking'], contextLength: 131_072 },
        { name: 'long:1m', contextLength: 1_048_576 },
      ],
      parallel: 8,
    }),
    OpenAiUpstream.start({ flavour: 'openrouter', price: { input: 0, output: 1 / usualText.length } }),
    AnthropicUpstream.start(),
    startPostgres(),
  ]);
  sample = sampleConfig('001-budgets-and-intents.yaml', { 'http://192.168.1.216:11435': studio.url });
  suite = await startSuite({
    config: sample,
    adminKey: secrets.LITELLM_MASTER_KEY,
    env: {
      ...secrets,
      DATABASE_URL: database.url,
      TZ: timezone,
      WEBHOOK_URL: alerts.url,
      SIGNALBOX_WEBHOOK_SECRET: 'whsec-solar',
    },
  });
});

afterAll(async () => {
  await suite?.stop();
  await Promise.all([alerts?.stop(), studio?.stop(), openRouter?.stop(), anthropic?.stop(), database?.stop()]);
});

describe('a name that says what for', () => {
  it('has its system prompt baked in, and its longest answer', async () => {
    const client = new OpenAI({ baseURL: `${suite.url}/v1`, apiKey: secrets.SOLAR_BOT_KEY, maxRetries: 0 });
    const response = await client.chat.completions.create({ model: 'solar-expert', messages });
    expect(response).toMatchObject({ model: 'solar-expert', choices: [{ message: { content: answer } }] });
    expect(lastChat()).toMatchObject({
      model: 'gemma4:26b',
      options: { num_predict: 2048 },
      messages: [{ role: 'system', content: expect.stringContaining('solar development') }, messages[0]],
    });
  });

  it("puts its prompt before the client's own", async () => {
    const own = { role: 'system', content: 'Answer in French.' };
    await ask('solar-expert', undefined, { messages: [own, ...messages] });
    const sent = sentMessages().filter(({ role }) => role === 'system');
    const text = sent.map(({ content }) => content).join('\n');
    expect(text.indexOf('solar development')).toBeGreaterThanOrEqual(0);
    expect(text.indexOf('French')).toBeGreaterThan(text.indexOf('solar development'));
  });

  it('thinks where extra_body says so', async () => {
    studio.script.next({ thinking: ['Panels', ' cost.'], text: ['It pays.'] });
    const response = await ask('solar-deep');
    expect(await response.json()).toMatchObject({ choices: [{ message: { content: 'It pays.' } }] });
    expect(lastChat()).toMatchObject({ think: true, model: 'qwen3:235b-a22b', options: { num_predict: 4096 } });
  });

  it('drops parameters that its backend does not know', async () => {
    const response = await ask('solar-expert', undefined, { logit_bias: { '50256': -100 }, store: true });
    expect(response.status).toBe(200);
    expect(lastChat()).not.toHaveProperty('logit_bias');
  });

  it('has hard limits of requests and tokens, seen in /v1/model/info and kept', async () => {
    const { data } = (await (await suite.fetch('/v1/model/info')).json()) as {
      data: { model_name: string; model_info: object }[];
    };
    expect(data).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          model_name: 'solar-expert',
          model_info: expect.objectContaining({ rpm: 10, tpm: 30_000 }),
        }),
      ]),
    );
    const before = studio.server.to('/api/chat').length;
    const statuses: number[] = [];
    for (let n = 0; n < 12; n += 1) statuses.push((await ask('solar-expert')).status);
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
    // Three of the ten went to the tests above.
    expect(studio.server.to('/api/chat').length - before).toBe(7);
    const refused = await ask('solar-expert');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ error: { code: 'rate_limit_exceeded' } });
  });

  it('stops at its tokens of a minute too', async () => {
    studio.script.default({ promptTokens: 20_000, outputTokens: 25_000 });
    const first = await ask('solar-deep');
    studio.script.default({});
    expect(first.status).toBe(200);
    await expect.poll(async () => (await ask('solar-deep')).status).toBe(429);
  });
});

describe('a key in the file', () => {
  it('is there from the start, with its budget of a day that ends at midnight of its owner', async () => {
    const info = await infoOf(secrets.SOLAR_BOT_KEY);
    expect(info).toMatchObject({ key_alias: 'solar-bot-prod', max_budget: 25, budget_duration: '1d' });
    const resetAt = new Date(String(info['budget_reset_at']));
    expect(resetAt.toLocaleTimeString('en-GB', { timeZone: timezone })).toBe('00:00:00');
    expect(resetAt.getTime() - Date.now()).toBeLessThanOrEqual(25 * 3_600_000);
  });

  it('is in no log', () => {
    for (const secret of Object.values(secrets)) expect(suite.logs()).not.toContain(secret);
  });
});

describe('a key made over HTTP', () => {
  it('gets its budget of a day and its team, which is made with it', async () => {
    const made = await generate({ max_budget: 50.0, budget_duration: '1d', team_id: 'solar-qa-bot' });
    expect(made).toMatchObject({ key: expect.stringMatching(/^sk-/), max_budget: 50, team_id: 'solar-qa-bot' });
    expect(made).toHaveProperty('created_team');
    expect((await suite.fetch('/team/info?team_id=solar-qa-bot')).status).toBe(200);
  });
});

describe('the database', () => {
  it("answers the owner's own question, through a role that can read nothing else", async () => {
    await withClient(database.url, (admin) =>
      admin.query(`CREATE USER solar_reads PASSWORD 'panels' IN ROLE signalbox_reader`),
    );
    const readerUrl = new URL(database.url);
    readerUrl.username = 'solar_reads';
    readerUrl.password = 'panels';
    try {
      await withClient(readerUrl.href, async (reader) => {
        const question = async (): Promise<{ model: string; requests: string }[]> => {
          const { rows } = await reader.query(
            `SELECT model, count(*) as requests, sum(input_tokens) as input_toks, sum(output_tokens) as output_toks
             FROM litellm_logs
             WHERE created_at > now() - interval '7 days'
             GROUP BY model
             ORDER BY output_toks DESC;`,
          );
          return rows;
        };
        // The last attempts are posted a moment after their answers.
        await expect.poll(question).toMatchObject([{ model: 'solar-deep' }, { model: 'solar-expert', requests: '10' }]);
        await expect(reader.query('SELECT * FROM keys')).rejects.toThrow(/permission denied/);
        await expect(reader.query('DELETE FROM litellm_logs')).rejects.toThrow(/permission denied/);
      });
    } finally {
      await withClient(database.url, (admin) => admin.query('DROP USER solar_reads'));
    }
  });
});

const extended = (more: { signalbox?: object } = {}) =>
  extendedConfig(sample, { studio: studio.url, openRouter: openRouter.url, anthropic: anthropic.url }, more);

const modelNames = async () => {
  const { data } = (await (await suite.fetch('/v1/models')).json()) as { data: { id: string }[] };
  return data.map((model) => model.id);
};

describe('a changed config', () => {
  it('takes effect without one failed request, and lets running streams go on', async () => {
    const text = Array.from({ length: 40 }, (_none, n) => `w${n} `);
    studio.script.next({ text, pieceDelayMs: 100 });
    await suite.writeConfig(sample.replace('rpm: 5', 'rpm: 5000').replace('tpm: 40000', 'tpm: 4000000'));
    await expect.poll(async () => (await ask('solar-deep', undefined, { max_tokens: 5 })).status).toBe(200);
    studio.script.next({ text, pieceDelayMs: 100 });
    const stream = await ask('solar-deep', undefined, { stream: true });
    const statuses: number[] = [];
    const changed = new AbortController();
    const traffic = (async () => {
      while (!changed.signal.aborted) statuses.push((await ask('solar-deep')).status);
    })();
    await suite.writeConfig(extended().replace('rpm: 5\n', 'rpm: 5000\n').replace('tpm: 40000', 'tpm: 4000000'));
    await expect.poll(modelNames, { timeout: 3_000, interval: 100 }).toContain('claude-opus-4-8');
    changed.abort();
    await traffic;
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(await stream.text()).toContain('w39');
  });
});

describe('clouds by name', () => {
  it.each(['claude-opus-4-8', 'gpt-4'])('%s answers under the same address and the same key', async (model) => {
    const response = await ask(model, secrets.SOLAR_BOT_KEY);
    expect(await response.json()).toMatchObject({ model, choices: [{ message: { content: answer } }] });
    expect(Number(response.headers.get('x-litellm-response-cost'))).toBeCloseTo(1, 6);
  });

  it('costs are known for each key', async () => {
    await expect.poll(async () => Number((await infoOf(secrets.SOLAR_BOT_KEY))['spend'])).toBeCloseTo(2, 6);
  });

  it('says in a header how long the gateway itself took', async () => {
    const before = performance.now();
    const response = await ask('steady');
    await response.text();
    const overheadMs = Number(response.headers.get('x-litellm-overhead-duration-ms'));
    expect(overheadMs).toBeGreaterThan(0);
    expect(overheadMs).toBeLessThan(performance.now() - before);
  });
});

describe('fallback_models', () => {
  it('answer when OpenRouter is down', async () => {
    openRouter.script.next({ refuse: openRouterRefusal(502, 'Provider returned error', 'provider_error') });
    const response = await ask('gpt-4');
    expect(response.status).toBe(200);
    expect(response.headers.get('x-litellm-model-group')).toBe('steady');
    expect(response.headers.get('x-litellm-attempted-fallbacks')).toBe('1');
  });

  it('answer when the prompt is longer than the model holds', async () => {
    const long = 'panel '.repeat(230_000);
    const response = await ask('reader', undefined, { messages: [{ role: 'user', content: long }] });
    expect(response.status).toBe(200);
    expect(response.headers.get('x-litellm-model-group')).toBe('long-reader');
    expect((await ask('reader')).headers.get('x-litellm-model-group')).toBe('reader');
  });
});

describe('a prompt that nothing holds', () => {
  const turn = (role: string, n: number) => ({ role, content: `${role} ${n}: ${'word '.repeat(100)}` });
  const long = [
    { role: 'system', content: 'Keep notes.' },
    ...[0, 1, 2, 3, 4, 5].flatMap((n) => [turn('user', n), turn('assistant', n)]),
    { role: 'user', content: 'And now?' },
  ];

  it('is refused with both counts', async () => {
    const before = studio.server.to('/api/chat').length;
    const response = await ask('note', undefined, { messages: long });
    expect(response.status).toBe(400);
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    expect(error.code).toBe('context_length_exceeded');
    expect(error.message).toMatch(/1000 tokens.*\d{4,} tokens/);
    expect(studio.server.to('/api/chat')).toHaveLength(before);
  });

  it('loses its oldest turns where the config says so, and the answer says that it did', async () => {
    await suite.writeConfig(extended({ signalbox: { context_overflow: 'truncate' } }));
    await expect
      .poll(async () => (await ask('note', undefined, { messages: long })).status, { timeout: 3_000, interval: 100 })
      .toBe(200);
    const response = await ask('note', undefined, { messages: long });
    expect(response.headers.get('x-signalbox-truncated')).toBe('true');
    const sent = sentMessages().map(({ content }) => content);
    expect(sent[0]).toBe('Keep notes.');
    expect(sent.at(-1)).toBe('And now?');
    expect(sent.length).toBeGreaterThan(3);
    expect(sent.length).toBeLessThan(long.length);
    expect(sent.join()).not.toContain('user 0');
    expect(sent.join()).toContain('user 5');
  });

  it('is refused where even its last turn is too long', async () => {
    const response = await ask('note', undefined, {
      messages: [{ role: 'user', content: 'word '.repeat(3_000) }],
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: 'context_length_exceeded' } });
  });
});

describe('a budget', () => {
  const admitted = async (key: string, model: string, tries: number) => {
    const statuses: number[] = [];
    for (let n = 0; n < tries; n += 1) {
      const response = await ask(model, key, { max_tokens: 7 });
      await response.text();
      statuses.push(response.status);
    }
    return statuses;
  };

  it('in dollars lets through what it holds, and tells at 80 and at 100 %', async () => {
    const { key } = await generate({ key_alias: 'trader', max_budget: 5, budget_duration: '1d' });
    expect(await admitted(key, 'claude-opus-4-8', 6)).toEqual([200, 200, 200, 200, 200, 429]);
    const told = () =>
      alerts.received.filter((alert) => alert['key_alias'] === 'trader').map((alert) => alert['threshold_percent']);
    await expect.poll(told, { timeout: 15_000 }).toEqual(expect.arrayContaining([80, 100]));
    const crossed = alerts.received.find(
      (alert) => alert['key_alias'] === 'trader' && alert['threshold_percent'] === 100,
    );
    expect(crossed).toMatchObject({
      spend: 5,
      max_budget: 5,
      event: 'budget_crossed',
      event_group: 'key',
      token: null,
    });
    expect(crossed?.['signature']).toMatch(/^t=\d+,v1=[0-9a-f]{64}$/);
  });

  it('in requests', async () => {
    const { key } = await generate({ max_requests_budget: 2, budget_duration: '1d' });
    expect(await admitted(key, 'steady', 3)).toEqual([200, 200, 429]);
    await expect.poll(async () => (await infoOf(key))['requests_used'], { timeout: 15_000 }).toBe(2);
  });

  it('in tokens', async () => {
    studio.script.default({ promptTokens: 20, outputTokens: 7 });
    const { key } = await generate({ max_tokens_budget: 60, budget_duration: '1d' });
    const statuses = await admitted(key, 'steady', 5);
    studio.script.default({});
    expect(statuses[0]).toBe(200);
    expect(statuses.at(-1)).toBe(429);
    expect(statuses.filter((status) => status === 200).length).toBeLessThanOrEqual(2);
  });

  it('that is used up says so in a way that SDKs do not repeat', async () => {
    const { key } = await generate({ max_requests_budget: 0, budget_duration: '1d' });
    const response = await ask('steady', key);
    expect(response.status).toBe(429);
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(await response.json()).toMatchObject({ error: { code: 'insufficient_quota', type: 'budget_exceeded' } });
  });
});

describe('metrics', () => {
  it('are on port 4000 under the names of the old dashboards, for those who have a key', async () => {
    expect((await fetch(`${suite.url}/metrics`)).status).toBe(401);
    const text = await (await suite.fetch('/metrics')).text();
    expect(text).toMatch(/^litellm_proxy_total_requests_metric_total\{.*\} \d+/m);
    expect(text).toMatch(/^litellm_spend_metric_total\{/m);
  });
});

describe('two replicas', () => {
  it('share keys, limits and budgets, and one goes on when the other is gone', async () => {
    const second = await startIngressReplica(suite);
    try {
      const limited = await generate({ rpm_limit: 4 });
      const asked = (url: string) => ask('steady', limited.key, {}, url);
      const statuses: number[] = [];
      for (let n = 0; n < 8; n += 1) statuses.push((await asked(n % 2 === 0 ? suite.url : second.url)).status);
      expect(statuses.filter((status) => status === 200)).toHaveLength(4);
      const bounded = await generate({ max_budget: 3, budget_duration: '1d' });
      const spent = await Promise.all(
        Array.from({ length: 10 }, (_none, n) =>
          ask('claude-opus-4-8', bounded.key, {}, n % 2 === 0 ? suite.url : second.url),
        ),
      );
      expect(spent.filter((response) => response.status === 200).length).toBeLessThanOrEqual(3);
      const old = suite.pid('ingress') ?? 0;
      suite.kill('ingress');
      expect((await ask('steady', undefined, {}, second.url)).status).toBe(200);
      await suite.restarted('ingress', old);
    } finally {
      await second.stop();
    }
  });
});

async function withClient(connectionString: string, use: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    await use(client);
  } finally {
    await client.end();
  }
}
