/** Hosts as their admin sees them: their queues, models that come by themselves, and networks that break. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { OllamaUpstream, OpenAiUpstream, startSuite, TcpProxy, type Suite } from '#testing';

let suite: Suite;
let far: OllamaUpstream;
let near: OllamaUpstream;
let cloud: OpenAiUpstream;
let network: TcpProxy;

const Queue = z.object({
  running: z.number(),
  waiting: z.number(),
  expected_wait_ms: z.number().nullable(),
  model_swaps: z.number(),
  draining: z.boolean(),
});
const Report = z.object({
  backends: z.array(
    z.object({
      id: z.string(),
      api_base: z.string(),
      state: z.string(),
      reason: z.string().nullable(),
      probe_latency_ms: z.number().nullish(),
      queue: Queue.optional(),
    }),
  ),
});

const farBase = () => network.through(far.url).replace(/\/$/, '');
const configOf = (more: readonly object[] = []) => ({
  model_list: [
    { model_name: 'm', litellm_params: { model: 'ollama_chat/m:1b', api_base: farBase(), order: 1 } },
    { model_name: 'm', litellm_params: { model: 'ollama_chat/m:1b', api_base: near.url, order: 2 } },
    { model_name: 'warm', litellm_params: { model: 'ollama_chat/warm:1b', api_base: near.url } },
    { model_name: 'cloud', litellm_params: { model: 'openai/x', api_base: `${cloud.url}/v1`, api_key: 'sk-1' } },
    ...more,
  ],
  general_settings: { health_check_interval: 1 },
  signalbox: { keep_warm: ['warm'], auto_pull: true },
});

beforeAll(async () => {
  far = await OllamaUpstream.start({ models: ['m:1b'] });
  near = await OllamaUpstream.start({
    models: ['m:1b', 'warm:1b'],
    registry: { names: ['fetched:1b'], stepMs: 800 },
  });
  cloud = await OpenAiUpstream.start();
  network = await TcpProxy.start(far.url);
  suite = await startSuite({ config: configOf() });
});

afterAll(async () => {
  await suite?.stop();
  await network?.stop();
  await Promise.all([far?.stop(), near?.stop(), cloud?.stop()]);
});

async function backendAt(apiBase: string) {
  const report = Report.parse(await (await suite.fetch('/health')).json());
  const found = report.backends.find((backend) => backend.api_base === apiBase);
  if (found === undefined) throw new Error(`no backend at ${apiBase}`);
  return found;
}
const stateOfFar = async () => (await backendAt(farBase())).state;
const reasonOfFar = async () => (await backendAt(farBase())).reason;
const slowly = { timeout: 30_000, interval: 100 };

const ask = (model: string, more: { headers?: Record<string, string>; stream?: boolean } = {}) =>
  suite.fetch('/v1/chat/completions', {
    method: 'POST',
    headers: more.headers ?? {},
    body: { model, messages: [{ role: 'user', content: 'Hi' }], stream: more.stream ?? false },
  });
const chats = (host: OllamaUpstream) => host.server.to('/api/chat').length;

describe('models', () => {
  it('named in keep_warm are loaded before anybody asks', async () => {
    await expect.poll(() => near.engine.loaded().map(({ model }) => model), slowly).toContain('warm:1b');
    expect(near.server.to('/api/chat').map(({ body }) => body)).toMatchObject([{ messages: [], keep_alive: -1 }]);
  });

  it('that no host has are fetched, and a stream hears how far it is', async () => {
    const fetched = { model_name: 'fetched', litellm_params: { model: 'ollama_chat/fetched:1b', api_base: near.url } };
    await suite.writeConfig(configOf([fetched]));
    const answer = async () => {
      const response = await ask('fetched', { stream: true });
      return response.ok ? response.text() : null;
    };
    let text = '';
    await expect.poll(async () => (text = (await answer()) ?? ''), { timeout: 30_000, interval: 50 }).not.toBe('');
    expect(text).toMatch(/^: downloading the model: pulling 667b0c1932bc \d+ %$/m);
    expect(text).toContain('data: [DONE]');
    const asks = near.server.to('/api/pull');
    expect(asks).toHaveLength(1);
  });
});

describe('a queue', () => {
  const idOf = async (apiBase: string) => (await backendAt(apiBase)).id;

  it('shows in /health who runs and who waits, and turns away those that may not wait', async () => {
    near.script.default({ text: ['a', 'b'], pieceDelayMs: 400 });
    const two = [ask('warm'), ask('warm')];
    await expect
      .poll(async () => (await backendAt(near.url)).queue, slowly)
      .toMatchObject({ running: 1, waiting: 1, draining: false });
    const refused = await ask('warm', { headers: { 'x-signalbox-max-wait': '0' } });
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await Promise.all(two)).map(({ status }) => status)).toEqual([200, 200]);
    near.script.default({});
  });

  it('is drained: others serve, and /health says so', async () => {
    const id = await idOf(near.url);
    const drain = (backend: string, draining: boolean) =>
      suite.fetch(`/backends/${backend}/drain`, { method: 'POST', body: { draining } });
    expect(await (await drain(id, true)).json()).toMatchObject({ backend: id, draining: true });
    await expect.poll(async () => (await backendAt(near.url)).queue?.draining, slowly).toBe(true);
    expect((await ask('m')).status).toBe(200);
    expect((await ask('warm')).status).toBe(503);
    await drain(id, false);
    await expect.poll(async () => (await ask('warm')).status, slowly).toBe(200);
    expect((await drain('nobody', true)).status).toBe(404);
    expect((await drain(await idOf(`${cloud.url}/v1`), true)).status).toBe(400);
  });

  it('goes on after its worker was killed', async () => {
    const pid = suite.pid('provider-ollama') ?? 0;
    suite.kill('provider-ollama');
    await suite.restarted('provider-ollama', pid);
    await expect.poll(async () => (await ask('warm')).status, slowly).toBe(200);
  });
});

describe('a network that breaks', () => {
  it('refuses: the host is out, the other one serves, and it is back by itself', async () => {
    await expect.poll(stateOfFar, slowly).toBe('healthy');
    network.reset({ refuse: true });
    await expect.poll(stateOfFar, slowly).toBe('unhealthy');
    expect(await reasonOfFar()).toMatch(/could not be reached|broke the connection/);
    expect((await ask('m')).status).toBe(200);
    network.heal();
    await expect.poll(stateOfFar, slowly).toBe('healthy');
    expect(await reasonOfFar()).toBeNull();
  });

  it('hangs: one silence is a doubt, two are an outage', async () => {
    network.set('down', { hang: true });
    await expect.poll(stateOfFar, slowly).toBe('degraded');
    await expect.poll(stateOfFar, slowly).toBe('unhealthy');
    expect(await reasonOfFar()).toContain('did not answer in time');
    network.heal();
    await expect.poll(stateOfFar, slowly).toBe('healthy');
  });

  it('is slow: that is no outage, and it shows', async () => {
    network.set('down', { latencyMs: 400 });
    await expect.poll(async () => (await backendAt(farBase())).probe_latency_ms ?? 0, slowly).toBeGreaterThan(400);
    expect(await stateOfFar()).toBe('healthy');
    network.heal();
  });

  it('comes and goes: the host has to answer more than once', async () => {
    const told = async () => {
      network.reset({ refuse: true });
      await expect.poll(stateOfFar, slowly).toBe('unhealthy');
      network.heal();
      const seen: (string | null)[] = [];
      await expect
        .poll(
          async () => {
            seen.push(await reasonOfFar());
            return stateOfFar();
          },
          { timeout: 30_000, interval: 20 },
        )
        .toBe('healthy');
      return seen.some((reason) => reason?.includes('probes in a row') ?? false);
    };
    await expect.poll(told, { timeout: 60_000, interval: 0 }).toBe(true);
  });

  it('never cost a token: hosts were asked for their lists only', async () => {
    const before = chats(far);
    const asked = far.requests.length;
    await expect.poll(() => far.requests.length, slowly).toBeGreaterThan(asked + 6);
    expect(chats(far)).toBe(before);
    expect(cloud.requests.every(({ method, path }) => method === 'GET' && path === '/v1/models')).toBe(true);
  });
});
