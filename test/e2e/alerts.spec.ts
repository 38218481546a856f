/** From a request to the person who is told: signed, again until it got through, once for each line. */
import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OpenAiUpstream, startSuite, type Suite } from '#testing';

interface Told {
  readonly path: string;
  readonly signature: string;
  readonly body: string;
  readonly status: number;
}

let suite: Suite;
let cloud: OpenAiUpstream;
let receiver: Server;
let home: string;
const told: Told[] = [];
/** How many messages the receiver still turns away. */
let failures = 1;

beforeAll(async () => {
  receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      const status = failures-- > 0 ? 503 : 200;
      told.push({ path: request.url ?? '', signature: String(request.headers['x-signalbox-signature']), body, status });
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const { port } = receiver.address() as AddressInfo;
  home = await mkdtemp(join(tmpdir(), 'signalbox-alerts-'));
  await writeFile(join(home, 'slack'), `http://127.0.0.1:${port}/slack\n`);
  cloud = await OpenAiUpstream.start();
  cloud.script.default({ promptTokens: 10, outputTokens: 100 });
  const paid = { api_base: `${cloud.url}/v1`, input_cost_per_token: 0, output_cost_per_token: 0.001 };
  suite = await startSuite({
    config: {
      model_list: [{ model_name: 'paid', litellm_params: { model: 'openai/paid', api_key: 'sk-up', ...paid } }],
      general_settings: { alerting: ['webhook', 'slack'] },
      signalbox: { alert_thresholds: [0.8] },
    },
    env: {
      WEBHOOK_URL: `http://127.0.0.1:${port}/hook`,
      SLACK_WEBHOOK_URL_FILE: join(home, 'slack'),
      SIGNALBOX_WEBHOOK_SECRET: 'whsec-of-the-test',
    },
  });
});
afterAll(async () => {
  await suite?.stop();
  await cloud?.stop();
  await new Promise((resolve) => receiver.close(resolve));
  await rm(home, { recursive: true, force: true });
});

const ask = async (key: string) => {
  const response = await fetch(`${suite.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'paid', max_tokens: 100, messages: [{ role: 'user', content: 'Which lamp?' }] }),
  });
  await response.text();
  return response.status;
};
const arrived = (path: string) => told.filter((one) => one.path === path && one.status === 200);
const events = () => arrived('/hook').map(({ body }) => (JSON.parse(body) as { event: string }).event);

describe('a budget', () => {
  it('tells of its soft limit, of 80 % and of its end, each once', { timeout: 60_000 }, async () => {
    const made = await suite.fetch('/key/generate', {
      method: 'POST',
      body: { key_alias: 'night-agent', max_budget: 1, soft_budget: 0.3, budget_duration: '1d' },
    });
    const { key } = (await made.json()) as { key: string };
    for (let n = 1; n <= 10; n += 1) expect(await ask(key)).toBe(200);
    expect(await ask(key)).toBe(429);
    await expect.poll(events, { timeout: 30_000 }).toHaveLength(3);
    expect(new Set(events())).toEqual(new Set(['soft_budget_crossed', 'threshold_crossed', 'budget_crossed']));
    const crossed = arrived('/hook').map(({ body }) => JSON.parse(body) as Record<string, unknown>);
    expect(crossed.find(({ event }) => event === 'threshold_crossed')).toMatchObject({
      event_group: 'key',
      key_alias: 'night-agent',
      max_budget: 1,
      soft_budget: 0.3,
      threshold_percent: 80,
      token: null,
    });
    await expect.poll(() => arrived('/slack').length, { timeout: 30_000 }).toBe(3);
    expect(
      arrived('/slack')
        .map(({ body }) => body)
        .join(),
    ).toContain('night-agent');
    // The first message was turned away, and came again.
    expect(told.filter(({ status }) => status === 503)).toHaveLength(1);
    expect(JSON.stringify(told)).not.toContain(key);
  });

  it('tells of its end too where the last bit of it holds no request any more', { timeout: 60_000 }, async () => {
    const before = arrived('/hook').length;
    const made = await suite.fetch('/key/generate', {
      method: 'POST',
      body: { key_alias: 'little-left', max_budget: 0.25, budget_duration: '1d' },
    });
    const { key } = (await made.json()) as { key: string };
    for (const status of [200, 200, 429, 429]) expect(await ask(key)).toBe(status);
    const crossed = () =>
      arrived('/hook')
        .slice(before)
        .map(({ body }) => JSON.parse(body) as { id: string; event: string; key_alias: string; spend: number })
        .filter(({ event }) => event === 'budget_crossed');
    await expect.poll(crossed, { timeout: 30_000 }).toHaveLength(1);
    expect(crossed()[0]).toMatchObject({ key_alias: 'little-left', spend: expect.closeTo(0.2, 3), max_budget: 0.25 });
    // Set back and used up again it is news again: a receiver that knows the id must not take it for a repetition.
    await suite.fetch('/key/update', { method: 'POST', body: { key, spend: 0.2 } });
    await expect.poll(async () => ((await ask(key)) === 429 ? crossed().length : 0), { timeout: 40_000 }).toBe(2);
    expect(new Set(crossed().map(({ id }) => id)).size).toBe(2);
  });

  it('signs what it sends to the webhook', () => {
    for (const { signature, body } of arrived('/hook')) {
      const [, seconds, digest] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signature) ?? [];
      expect(digest).toBe(createHmac('sha256', 'whsec-of-the-test').update(`${seconds}.${body}`).digest('hex'));
    }
  });
});

describe('an account at a provider', () => {
  it('whose key is refused is told of, once', async () => {
    cloud.script.default({ refuse: { status: 401, body: { error: { message: 'no such key' } } } });
    const before = arrived('/hook').length;
    await ask(suite.adminKey);
    await ask(suite.adminKey);
    await expect.poll(events).toContain('credentials_refused');
    expect(arrived('/hook')).toHaveLength(before + 1);
    const said = arrived('/hook').at(-1)?.body ?? '';
    expect(JSON.parse(said)).toMatchObject({ event_group: 'proxy', provider: 'openai' });
    expect(said).not.toContain('sk-up');
  });
});
