import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OpenAiUpstream, startSuite, type Suite } from '#testing';

let suite: Suite;
let cloud: OpenAiUpstream;

const messages = [{ role: 'user', content: 'Which lamp is lit?' }];
/** A dollar for each thousand output tokens, input free: 100 output tokens cost 0.10. */
const outputTokens = 100;
const costUsd = 0.1;

/** The file, with the budget of the whole gateway in `general`. */
const configOf = (general: object) => ({
  general_settings: general,
  model_list: [
    {
      model_name: 'paid',
      litellm_params: {
        model: 'openai/paid',
        api_base: `${cloud.url}/v1`,
        api_key: 'sk-up',
        input_cost_per_token: 0,
        output_cost_per_token: 0.001,
      },
    },
    {
      model_name: 'unpriced',
      litellm_params: { model: 'openai/nobody-knows', api_base: `${cloud.url}/v1`, api_key: 'sk-up' },
    },
  ],
});

beforeAll(async () => {
  cloud = await OpenAiUpstream.start();
  cloud.script.default({ promptTokens: 10, outputTokens });
  suite = await startSuite({ config: configOf({}) });
});

afterAll(async () => {
  await suite?.stop();
  await cloud?.stop();
});

async function newKey(fields: object): Promise<string> {
  const response = await suite.fetch('/key/generate', { method: 'POST', body: fields });
  expect(response.status).toBe(200);
  return ((await response.json()) as { key: string }).key;
}

const ask = (key: string, model = 'paid', more: object = {}) =>
  fetch(`${suite.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages, max_tokens: outputTokens, ...more }),
  });

const spendOf = async (key: string) => {
  const response = await suite.fetch(`/key/info?key=${key}`);
  return ((await response.json()) as { info: { spend: number } }).info.spend;
};

describe('a budget', () => {
  it('holds against two hundred requests at once', async () => {
    const key = await newKey({ key_alias: 'runaway', max_budget: 10 * costUsd });
    const statuses = await Promise.all(
      Array.from({ length: 200 }, async () => {
        const response = await ask(key);
        await response.text();
        return response.status;
      }),
    );
    const admitted = statuses.filter((status) => status === 200).length;
    expect(admitted).toBeLessThanOrEqual(10);
    expect(admitted).toBeGreaterThanOrEqual(8);
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
    await expect.poll(() => spendOf(key), { timeout: 5_000 }).toBeCloseTo(admitted * costUsd, 6);
  });

  it('that is used up says so, and keeps SDKs from retrying', async () => {
    const key = await newKey({ max_budget: 0, budget_duration: '1d' });
    const response = await ask(key);
    expect(response.status).toBe(429);
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(await response.json()).toMatchObject({ error: { code: 'insufficient_quota', type: 'budget_exceeded' } });
  });

  it('refuses a model whose price nobody knows', async () => {
    const key = await newKey({ max_budget: 1 });
    const response = await ask(key, 'unpriced');
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: 'model_not_priced' } });
  });
});

describe('a key', () => {
  it('works only for its models', async () => {
    const key = await newKey({ models: ['unpriced'] });
    expect((await ask(key, 'paid')).status).toBe(403);
    expect((await ask(key, 'unpriced')).status).toBe(200);
  });

  it('that is blocked is out within a second, and in again', async () => {
    const key = await newKey({});
    expect((await ask(key)).status).toBe(200);
    await suite.fetch('/key/block', { method: 'POST', body: { key } });
    await expect.poll(async () => (await ask(key)).status, { timeout: 1_500, interval: 50 }).toBe(401);
    await suite.fetch('/key/unblock', { method: 'POST', body: { key } });
    await expect.poll(async () => (await ask(key)).status, { timeout: 1_500, interval: 50 }).toBe(200);
  });

  it('meets its request limit, with headers on every answer', async () => {
    const key = await newKey({ rpm_limit: 2 });
    const answers = [await ask(key), await ask(key), await ask(key)];
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 429]);
    expect(answers[0]?.headers.get('x-ratelimit-limit-requests')).toBe('2');
    expect(answers[1]?.headers.get('x-ratelimit-remaining-requests')).toBe('0');
    expect(answers[2]?.headers.get('retry-after')).toBeTruthy();
    expect(answers[2]?.headers.get('x-ratelimit-limit-requests')).toBe('2');
    expect(answers[2]?.headers.get('x-ratelimit-remaining-requests')).toBe('0');
    expect(answers[2]?.headers.get('x-ratelimit-reset-requests')).toMatch(/s$/);
    // A limit applies to what is refused for another reason, too.
    const poor = await ask(await newKey({ rpm_limit: 5, max_budget: 0 }));
    expect([poor.status, poor.headers.get('x-ratelimit-limit-requests')]).toEqual([429, '5']);
  });

  it("sees its own spend and nobody else's, and may not make keys", async () => {
    const key = await newKey({ key_alias: 'curious' });
    const headers = { authorization: `Bearer ${key}` };
    expect((await fetch(`${suite.url}/key/info`, { headers })).status).toBe(200);
    const made = await fetch(`${suite.url}/key/generate`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: '{}',
    });
    expect(made.status).toBe(403);
    expect(await (await fetch(`${suite.url}/spend/logs`, { headers })).json()).toEqual([]);
  });
});

describe('the budget of the whole gateway', () => {
  it('binds a few seconds after it was lowered in the file, the master key too', async () => {
    const status = async () => (await ask(suite.adminKey)).status;
    const limit = async () =>
      ((await (await suite.fetch('/global/spend')).json()) as { max_budget: number | null }).max_budget;
    await suite.writeConfig(configOf({ max_budget: 1_000 }));
    await expect.poll(limit).toBe(1_000);
    // The ingress then holds far more than the small requests after it can spend.
    expect((await ask(suite.adminKey, 'paid', { max_tokens: 10_000 })).status).toBe(200);
    await suite.writeConfig(configOf({ max_budget: 0.000001 }));
    await expect.poll(status, { timeout: 20_000, interval: 200 }).toBe(429);
    await suite.writeConfig(configOf({}));
    await expect.poll(status, { timeout: 30_000 }).toBe(200);
  });
});
