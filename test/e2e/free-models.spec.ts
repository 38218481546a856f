/** OpenRouter's free models: they retire, and their limits count refused requests too. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Bus } from '#bus';
import { FreePaceBucket } from '#contracts';
import { OpenAiUpstream, repositoryRoot, startSuite, suiteServers, type Suite } from '#testing';
import { Logger, Metrics } from '#telemetry';

let suite: Suite;
let openRouter: OpenAiUpstream;
let spent: OpenAiUpstream;
let poor: OpenAiUpstream;
let receiver: Server;
const alerts: string[] = [];

const deadCloud = 'http://127.0.0.1:9/v1';
const free = { pricing: { prompt: '0', completion: '0' }, supported_parameters: ['tools'], context_length: 131_072 };

/** An account at the fake OpenRouter. */
const at = (upstream: OpenAiUpstream, model: string) => ({
  model: `openrouter/${model}`,
  api_base: `${upstream.url}/api/v1`,
  api_key: 'sk-or-1',
});

const config = () => `
model_list:
  - {model_name: free, litellm_params: ${JSON.stringify(at(openRouter, 'a/kept:free'))}}
  # for the children
  - {model_name: gone, litellm_params: ${JSON.stringify(at(openRouter, 'a/gone:free'))}}   # since May
  - {model_name: paid, litellm_params: ${JSON.stringify(at(openRouter, 'a/paid'))}}
  - {model_name: dead, litellm_params: {model: openai/x, api_base: ${deadCloud}, api_key: sk-1}}
  - {model_name: spent, litellm_params: ${JSON.stringify(at(spent, 'b/free:free'))}}
  - {model_name: spent-too, litellm_params: ${JSON.stringify(at(spent, 'b/other:free'))}}
  - {model_name: poor, litellm_params: ${JSON.stringify(at(poor, 'c/free:free'))}}
  - {model_name: spent-paid, litellm_params: ${JSON.stringify(at(spent, 'b/paid'))}}
router_settings:
  fallbacks: [{free: [paid]}, {dead: [free]}, {spent: [spent-paid]}]
general_settings: {alerting: [webhook], health_check_interval: 1}
`;

beforeAll(async () => {
  receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      alerts.push(body);
      response.end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  openRouter = await OpenAiUpstream.start({
    flavour: 'openrouter',
    models: ['a/kept:free', 'a/new:free', 'a/paid'],
    listing: { 'a/kept:free': free, 'a/new:free': free },
  });
  spent = await OpenAiUpstream.start({ flavour: 'openrouter', models: ['b/free:free', 'b/other:free', 'b/paid'] });
  poor = await OpenAiUpstream.start({ flavour: 'openrouter', models: ['c/free:free'], isFreeTier: true });
  const { port } = receiver.address() as AddressInfo;
  suite = await startSuite({ config: config(), env: { WEBHOOK_URL: `http://127.0.0.1:${port}/` } });
});

afterAll(async () => {
  await suite?.stop();
  await Promise.all([openRouter?.stop(), spent?.stop(), poor?.stop()]);
  await new Promise((resolve) => receiver?.close(resolve));
});

const ask = (model: string) =>
  suite.fetch('/v1/chat/completions', { method: 'POST', body: { model, messages: [{ role: 'user', content: 'Hi' }] } });

/** The suite's own bus, as its cloud worker sees it. */
async function withBus<T>(use: (bus: Bus) => Promise<T>): Promise<T> {
  const password = readFileSync(join(suite.dataDir, 'secrets', 'nats-password-provider-cloud'), 'utf8').trim();
  const bus = await Bus.connect({
    url: suiteServers(suite).natsUrl,
    user: 'provider-cloud',
    password,
    name: 'test',
    logger: Logger.create('test', 'error'),
    metrics: new Metrics({ service: 'test', version: 'test', processMetrics: false }),
  });
  try {
    return await use(bus);
  } finally {
    await bus.drain();
  }
}

/** How often a model was asked upstream. */
const asked = (upstream: OpenAiUpstream, model: string) =>
  upstream.requests.filter(({ method, body }) => method === 'POST' && (body as { model?: unknown }).model === model)
    .length;

describe('a retired free model', () => {
  it('is named with its replacement in /health', async () => {
    const errorOfGone = async () => {
      const { unhealthy_endpoints: endpoints } = (await (await suite.fetch('/health')).json()) as {
        unhealthy_endpoints: { model: string; error: string }[];
      };
      return endpoints.find(({ model }) => model === 'gone')?.error;
    };
    await expect
      .poll(errorOfGone, { timeout: 20_000, interval: 200 })
      .toContain("no longer offers 'a/gone:free'; 'a/new:free' (131072 tokens, tools) could replace it");
  });

  it('is told to the webhook, once', async () => {
    const told = () => alerts.map((text) => JSON.parse(text)).filter(({ event }) => event === 'models_retired');
    await expect
      .poll(told, { timeout: 20_000, interval: 100 })
      .toMatchObject([{ models: [{ model_name: 'gone', upstream_model: 'a/gone:free', replacement: 'a/new:free' }] }]);
  });

  it('cools down alone', async () => {
    expect((await ask('gone')).status).toBeGreaterThanOrEqual(400);
    const before = asked(openRouter, 'a/gone:free');
    expect((await ask('gone')).status).toBeGreaterThanOrEqual(400);
    expect(asked(openRouter, 'a/gone:free')).toBe(before);
    expect((await ask('free')).headers.get('x-litellm-model-group')).toBe('free');
  });

  it('is replaced in the running config by the command', async () => {
    const command = join(repositoryRoot(), 'deploy/local/signalbox.mjs');
    const { stdout } = await promisify(execFile)(process.execPath, [
      command,
      'models',
      'refresh',
      suite.configFile ?? '',
      '--write',
    ]);
    expect(stdout).toContain('openrouter/a/gone:free -> openrouter/a/new:free');
    await expect.poll(async () => (await ask('gone')).status, { timeout: 10_000, interval: 200 }).toBe(200);
    expect(asked(openRouter, 'a/new:free')).toBeGreaterThan(0);
  });
});

it('its list is asked for once in a while, and its key meanwhile', async () => {
  const gets = (path: string) => spent.requests.filter((one) => one.method === 'GET' && one.path.endsWith(path)).length;
  await expect.poll(() => gets('/key'), { timeout: 30_000, interval: 100 }).toBeGreaterThan(2);
  // Once by the worker, and once by the command above.
  expect(gets('/models')).toBeLessThanOrEqual(2);
});

describe('the limits of free models', () => {
  it('of twenty a minute are never run into, also by fallbacks that were planned before', async () => {
    const answers = await Promise.all([...Array(15).fill('free'), ...Array(25).fill('dead')].map(ask));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.slice(0, 15).every((status) => status === 200)).toBe(true);
    expect(statuses.every((status) => status === 200 || status === 429 || status === 503)).toBe(true);
    const asks = openRouter.requests.filter(
      ({ method, body }) => method === 'POST' && String((body as { model?: unknown }).model).endsWith(':free'),
    );
    expect(asks.length).toBeLessThanOrEqual(20);
  });

  it('of a day are run into once: then only what costs something is asked until the day is over', async () => {
    const message =
      'Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day';
    const reset = String(Date.now() + 6 * 3_600_000);
    const refuse = {
      status: 429,
      headers: { 'x-ratelimit-limit': '50', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset },
      body: { error: { code: 429, message, metadata: { headers: { 'X-RateLimit-Reset': reset } } } },
    };
    spent.script.default((model) => (model.endsWith(':free') ? { refuse } : {}));
    const first = await ask('spent');
    expect(first.status).toBe(200);
    expect(first.headers.get('x-litellm-model-group')).toBe('spent-paid');
    const isOut = async () => {
      const { unhealthy_endpoints: out } = (await (await suite.fetch('/health')).json()) as {
        unhealthy_endpoints: { model: string }[];
      };
      return out.some(({ model }) => model === 'spent');
    };
    await expect.poll(isOut, { timeout: 10_000, interval: 50 }).toBe(true);
    const before = asked(spent, 'b/free:free');
    for (let again = 0; again < 4; again += 1) expect((await ask('spent')).status).toBe(200);
    const other = await ask('spent-too');
    expect(other.status).toBe(503);
    expect(Number(other.headers.get('retry-after'))).toBeGreaterThan(3_600);
    expect([asked(spent, 'b/free:free'), asked(spent, 'b/other:free')]).toEqual([before, 0]);
  });

  it('of fifty a day, for an account that never bought credits, are not run into, whichever worker sent the others', async () => {
    await withBus(async (bus) => {
      const bucket = await bus.bucket(FreePaceBucket);
      const account = async () => {
        const keys = await bucket.keys();
        const entries = await Promise.all(keys.map(async (key) => ({ key, value: (await bucket.get(key))?.value })));
        return entries.find(({ value }) => value?.isFreeTier === true);
      };
      // The probe has read what OpenRouter says of the key.
      await expect.poll(account).toBeDefined();
      const known = await account();
      if (known?.value === undefined) return;
      // As other workers would leave it, who sent 49 requests since midnight.
      const day = Math.floor(Date.now() / 86_400_000);
      await bucket.put(known.key, { ...known.value, sentAtMs: [], day, sentToday: 49 });
    });
    expect((await ask('poor')).status).toBe(200);
    const refused = await ask('poor');
    expect(refused.status).toBe(429);
    expect(await refused.text()).toContain('50 requests per day');
    const untilMidnight = 86_400 - ((Date.now() / 1_000) % 86_400);
    expect(Math.abs(Number(refused.headers.get('retry-after')) - untilMidnight)).toBeLessThan(120);
    expect(asked(poor, 'c/free:free')).toBe(1);
  });
});
