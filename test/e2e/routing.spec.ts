import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OllamaUpstream, OpenAiUpstream, startSuite, type Suite } from '#testing';

let suite: Suite;
let first: OllamaUpstream;
let second: OllamaUpstream;
let cloud: OpenAiUpstream;

const deadHost = 'http://127.0.0.1:9';
const messages = [{ role: 'user', content: 'Which lamp is lit?' }];

const configOf = (more: object = {}) => ({
  model_list: [
    { model_name: 'pool', litellm_params: { model: 'ollama_chat/m:1b', api_base: first.url, order: 1 } },
    { model_name: 'pool', litellm_params: { model: 'ollama_chat/m:1b', api_base: second.url, order: 2 } },
    { model_name: 'half-dead', litellm_params: { model: 'ollama/m:1b', api_base: deadHost, order: 1 } },
    { model_name: 'half-dead', litellm_params: { model: 'ollama/m:1b', api_base: second.url, order: 2 } },
    { model_name: 'dead', litellm_params: { model: 'ollama/m:1b', api_base: 'http://127.0.0.1:10' } },
    {
      model_name: 'cloud',
      litellm_params: { model: 'openai/gpt-4o-mini', api_base: `${cloud.url}/v1`, api_key: 'sk-up' },
    },
    {
      model_name: 'four-a-minute',
      litellm_params: { model: 'openai/gpt-4o-mini', api_base: `${cloud.url}/v1`, api_key: 'sk-up', rpm: 4 },
    },
    {
      model_name: 'once-a-minute',
      litellm_params: { model: 'openai/gpt-4o-mini', api_base: `${cloud.url}/v1`, api_key: 'sk-up', rpm: 1 },
    },
  ],
  litellm_settings: { callbacks: ['prometheus'] },
  router_settings: { model_group_alias: { nickname: 'pool' }, fallbacks: { dead: ['cloud'] } },
  ...more,
});

beforeAll(async () => {
  [first, second, cloud] = await Promise.all([
    OllamaUpstream.start({ models: [{ name: 'm:1b' }] }),
    OllamaUpstream.start({ models: [{ name: 'm:1b' }] }),
    OpenAiUpstream.start(),
  ]);
  suite = await startSuite({ config: configOf() });
});

afterAll(async () => {
  await suite?.stop();
  await Promise.all([first?.stop(), second?.stop(), cloud?.stop()]);
});

const ask = (model: string, headers: Record<string, string> = {}) =>
  suite.fetch('/v1/chat/completions', { method: 'POST', body: { model, messages }, headers });
const chats = (upstream: OllamaUpstream) => upstream.server.to('/api/chat').length;

describe('a request', () => {
  it('goes to the host that is preferred, also under an alias', async () => {
    const before = [chats(first), chats(second)];
    expect((await ask('nickname')).status).toBe(200);
    expect([chats(first), chats(second)]).toEqual([(before[0] ?? 0) + 1, before[1]]);
  });

  it('goes to the next host when the preferred one is dead', async () => {
    const response = await ask('half-dead');
    expect(response.status).toBe(200);
    expect(response.headers.get('x-litellm-model-group')).toBe('half-dead');
  });

  it('falls back to the cloud, and says so', async () => {
    const response = await ask('dead');
    expect(response.status).toBe(200);
    expect(response.headers.get('x-litellm-model-group')).toBe('cloud');
  });

  it('never leaves the house when that is demanded, whatever the fallbacks', async () => {
    const posts = () => cloud.requests.filter((request) => request.method === 'POST').length;
    const before = posts();
    const response = await ask('dead', { 'x-signalbox-data-policy': 'local' });
    expect(response.status).toBeGreaterThanOrEqual(400);
    const named = await ask('cloud', { 'x-signalbox-data-policy': 'local' });
    expect(named.status).toBe(403);
    expect(posts()).toBe(before);
  });

  it('has its whole limit although tokens were counted for its model before', async () => {
    for (let n = 0; n < 3; n += 1) {
      const body = { model: 'once-a-minute', messages };
      expect((await suite.fetch('/v1/messages/count_tokens', { method: 'POST', body })).status).toBe(200);
    }
    expect((await ask('once-a-minute')).status).toBe(200);
    expect((await ask('once-a-minute')).status).toBe(429);
  });

  it('that is refused to one key takes nothing of the limit that all keys share', async () => {
    const made = await suite.fetch('/key/generate', { method: 'POST', body: { rpm_limit: 1 } });
    const { key } = (await made.json()) as { key: string };
    const own = { authorization: `Bearer ${key}` };
    const statuses: number[] = [];
    for (let n = 0; n < 8; n += 1) statuses.push((await ask('four-a-minute', own)).status);
    expect(statuses).toEqual([200, 429, 429, 429, 429, 429, 429, 429]);
    for (let n = 0; n < 3; n += 1) expect((await ask('four-a-minute')).status).toBe(200);
    expect((await ask('four-a-minute')).status).toBe(429);
  });

  it('is no longer counted as running when its client has left before the first token', async () => {
    const running = async () => {
      const text = await (await suite.fetch('/metrics')).text();
      return Number(/^litellm_in_flight_requests (\d+)$/m.exec(text)?.[1]);
    };
    cloud.script.next({ instead: 'hang' });
    const leaving = new AbortController();
    const asked = fetch(`${suite.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${suite.adminKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'cloud', messages, stream: true }),
      signal: leaving.signal,
    }).catch(() => null);
    const within = { timeout: 5_000, interval: 100 };
    await expect.poll(running, within).toBe(1);
    leaving.abort();
    await asked;
    await expect.poll(running, within).toBe(0);
  });

  it('may not name an address of its own', async () => {
    const response = await suite.fetch('/v1/chat/completions', {
      method: 'POST',
      body: { model: 'pool', messages, api_base: 'http://127.0.0.1:1' },
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { param: 'api_base' } });
  });

  it('tells admins why it went where it went', async () => {
    const response = await ask('pool', { 'x-signalbox-explain': '1' });
    expect(response.headers.get('x-signalbox-explain')).toContain('pool');
  });
});

describe('the config', () => {
  const modelNames = async () => {
    const { data } = (await (await suite.fetch('/v1/models')).json()) as { data: { id: string }[] };
    return data.map((model) => model.id);
  };

  it('changes within two seconds', async () => {
    const config = configOf();
    config.model_list.push({ model_name: 'newcomer', litellm_params: { model: 'ollama/m:1b', api_base: first.url } });
    await suite.writeConfig(config);
    await expect.poll(modelNames, { timeout: 2_500, interval: 100 }).toContain('newcomer');
  });

  it('stays what it was when a change is not usable, and the change is shown', async () => {
    await suite.writeConfig('model_list:\n  - model_name: broken\n    litellm_params: {model: ollama/m:1b, rpm: -1}\n');
    const refused = async () =>
      ((await (await suite.fetch('/health')).json()) as { config: { refused: unknown } }).config.refused;
    await expect
      .poll(refused, { timeout: 5_000, interval: 100 })
      .toMatchObject({ problems: [{ path: 'model_list[0].litellm_params.rpm' }] });
    expect(await modelNames()).toContain('newcomer');
    expect((await ask('pool')).status).toBe(200);
  });
});
