/** What a request may change for itself, as LiteLLM's clients do. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OllamaUpstream, OpenAiUpstream, startSuite, type Suite } from '#testing';

let suite: Suite;
let cloud: OpenAiUpstream;
let other: OpenAiUpstream;
let house: OllamaUpstream;

const messages = [{ role: 'user', content: 'Which lamp is lit?' }];
const failing = (status: number) => ({ refuse: { status, body: { error: { message: 'not now' } } } });

beforeAll(async () => {
  [cloud, other, house] = await Promise.all([
    OpenAiUpstream.start(),
    OpenAiUpstream.start(),
    OllamaUpstream.start({ models: ['m:1b'] }),
  ]);
  const at = (upstream: OpenAiUpstream) => ({
    model: 'openai/gpt-4o-mini',
    api_base: `${upstream.url}/v1`,
    api_key: 'sk-up',
  });
  suite = await startSuite({
    config: {
      model_list: [
        { model_name: 'first', litellm_params: at(cloud) },
        { model_name: 'second', litellm_params: at(other) },
        { model_name: 'house', litellm_params: { model: 'ollama/m:1b', api_base: house.url } },
        {
          model_name: 'small',
          litellm_params: { model: 'ollama/m:1b', api_base: house.url },
          model_info: { max_input_tokens: 3 },
        },
        { model_name: 'tagged', litellm_params: { ...at(cloud), tags: ['paid'] } },
        { model_name: 'tagged', litellm_params: { ...at(other), tags: ['free', 'default'] } },
      ],
      router_settings: {
        fallbacks: [{ first: ['house'] }],
        num_retries: 0,
        enable_tag_filtering: true,
        disable_cooldowns: true,
      },
    },
  });
});

afterAll(async () => {
  await suite?.stop();
  await Promise.all([cloud?.stop(), other?.stop(), house?.stop()]);
});

beforeEach(() => {
  cloud.script.default({});
  other.script.default({});
});

const chats = (upstream: OpenAiUpstream) => upstream.server.to('/v1/chat/completions');
async function ask(body: Record<string, unknown>, headers: Record<string, string> = {}, key = suite.adminKey) {
  const before = { cloud: chats(cloud).length, other: chats(other).length };
  const response = await suite.fetch('/v1/chat/completions', {
    method: 'POST',
    body: { messages, ...body },
    headers: { authorization: `Bearer ${key}`, ...headers },
  });
  const text = await response.text();
  return {
    status: response.status,
    text,
    group: response.headers.get('x-litellm-model-group'),
    cloud: chats(cloud).length - before.cloud,
    other: chats(other).length - before.other,
  };
}

describe('fallbacks', () => {
  it.each([
    ['names', ['second']],
    ['objects', [{ model: 'second' }]],
    ['a map, as in the config', [{ first: ['second'] }]],
  ])('as %s stand instead of the configured ones', async (_form, fallbacks) => {
    cloud.script.default(failing(500));
    expect(await ask({ model: 'first', fallbacks })).toMatchObject({ status: 200, group: 'second' });
    expect(await ask({ model: 'first' })).toMatchObject({ status: 200, group: 'house' });
  });

  it('may be switched off', async () => {
    cloud.script.default(failing(500));
    expect(await ask({ model: 'first', disable_fallbacks: true })).toMatchObject({ status: 502 });
  });

  it('for long prompts may be named too', async () => {
    expect(await ask({ model: 'small' })).toMatchObject({ status: 400 });
    expect(await ask({ model: 'small', context_window_fallbacks: [{ small: ['second'] }] })).toMatchObject({
      status: 200,
      group: 'second',
    });
  });

  it('must be models that are there, and that the key may use', async () => {
    const response = await suite.fetch('/key/generate', { method: 'POST', body: { models: ['first', 'small'] } });
    const { key } = (await response.json()) as { key: string };
    cloud.script.default(failing(500));
    expect(await ask({ model: 'first' }, {}, key)).toMatchObject({ status: 200, group: 'house' });
    for (const field of ['fallbacks', 'context_window_fallbacks']) {
      expect(await ask({ model: 'first', [field]: ['second'] }, {}, key)).toMatchObject({ status: 403 });
      expect(await ask({ model: 'first', [field]: ['nobody'] })).toMatchObject({ status: 404 });
    }
  });
});

describe('retries', () => {
  it.each<[string, object, Record<string, string>, number]>([
    ['none by the config', {}, {}, 1],
    ['num_retries', { num_retries: 2 }, {}, 3],
    ['num_retries 0', { num_retries: 0 }, { 'x-litellm-num-retries': '3' }, 1],
    ['x-litellm-num-retries', {}, { 'x-litellm-num-retries': '1' }, 2],
  ])('%s', async (_name, body, headers, tries) => {
    cloud.script.default(failing(500));
    expect(await ask({ model: 'first', disable_fallbacks: true, ...body }, headers)).toMatchObject({ cloud: tries });
  });

  it.each([
    ['num_retries', { num_retries: -1 }, {}],
    ['num_retries', { num_retries: 'many' }, {}],
    ['x-litellm-num-retries', {}, { 'x-litellm-num-retries': 'many' }],
    ['timeout', { timeout: 'soon' }, {}],
    ['x-litellm-timeout', {}, { 'x-litellm-timeout': '-3' }],
    ['tags', { tags: 7 }, {}],
    ['fallbacks', { fallbacks: 'second' }, {}],
  ])('a %s that is none is refused by its name', async (name, body, headers) => {
    const { status, text, cloud: calls } = await ask({ model: 'first', ...body }, headers);
    expect([status, calls]).toEqual([400, 0]);
    expect(JSON.parse(text)).toMatchObject({ error: { param: name } });
  });
});

describe('patience', () => {
  it.each<[string, object, Record<string, string>]>([
    ['timeout', { timeout: 0.4 }, {}],
    ['x-litellm-timeout', {}, { 'x-litellm-timeout': '0.4' }],
    ['stream_timeout of a stream', { stream: true, stream_timeout: 0.4 }, {}],
    ['x-litellm-stream-timeout of a stream', { stream: true }, { 'x-litellm-stream-timeout': '0.4' }],
  ])('%s ends the wait', async (_name, body, headers) => {
    cloud.script.next({ instead: 'hang' });
    const { status, text } = await ask({ model: 'first', disable_fallbacks: true, ...body }, headers);
    expect(status).toBe(504);
    expect(JSON.parse(text)).toMatchObject({ error: { code: 'upstream_timeout' } });
  });

  it('and moves on to the fallback where there is one', async () => {
    cloud.script.next({ instead: 'hang' });
    expect(await ask({ model: 'first', timeout: 0.4 })).toMatchObject({ status: 200, group: 'house' });
  });
});

describe('tags', () => {
  it.each<[string, object, Record<string, string>, 'cloud' | 'other']>([
    ['tags', { tags: ['paid'] }, {}, 'cloud'],
    ['metadata.tags', { metadata: { tags: ['paid'] } }, {}, 'cloud'],
    ['x-litellm-tags', {}, { 'x-litellm-tags': 'x, paid' }, 'cloud'],
    ['no tags', {}, {}, 'other'],
  ])('%s choose the deployment', async (_name, body, headers, chosen) => {
    expect(await ask({ model: 'tagged', ...body }, headers)).toMatchObject({ status: 200, [chosen]: 1 });
  });
});

it('metadata and the other settings of the gateway stay in the gateway', async () => {
  await ask({
    model: 'first',
    metadata: { session_id: 'of-the-house' },
    tags: ['paid'],
    num_retries: 1,
    fallbacks: ['second'],
    timeout: 30,
  });
  const sent = chats(cloud).at(-1)?.body;
  for (const field of ['metadata', 'tags', 'num_retries', 'fallbacks', 'timeout'])
    expect(sent).not.toHaveProperty(field);
});

describe.each([
  ['/v1/chat/completions', { messages }],
  ['/v1/completions', { prompt: 'Which?' }],
  ['/v1/embeddings', { input: 'Which?' }],
  ['/v1/responses', { input: 'Which?' }],
  ['/v1/messages', { messages, max_tokens: 9 }],
])('%s', (path, rest) => {
  it.each(['api_base', 'base_url', 'api_key'])('refuses %s', async (field) => {
    const before = cloud.requests.length;
    const response = await suite.fetch(path, {
      method: 'POST',
      body: { model: 'first', ...rest, [field]: 'http://127.0.0.1:1' },
    });
    expect(response.status).toBe(400);
    expect(JSON.stringify(await response.json())).toContain(field);
    expect(cloud.requests.slice(before).filter(({ method }) => method === 'POST')).toEqual([]);
  });
});
