/** The owner of mixed hardware (sample 002): four hosts of very different kinds behind names that say what they are for. */
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { OllamaUpstream, OpenAiUpstream, startSuite, type Suite } from '#testing';
import { sampleConfig } from './sample-config.js';

const nano = 'nemotron-3-nano:4b';
const cascade = 'nemotron-cascade-2:30b';
const chatModel = { capabilities: ['completion', 'tools', 'thinking'] };
const seer = { name: 'qwen3.5:9b', capabilities: ['completion', 'vision'] };
const embedder = { name: 'embeddinggemma', capabilities: ['embedding'], contextLength: 2048 };

type HostName = 'clementine' | 'banana' | 'cranberry' | 'star';
let hosts: Record<HostName, OllamaUpstream>;
let suite: Suite;
let client: OpenAI;
let written: string;

const Sample = z.looseObject({
  router_settings: z.looseObject({ model_group_alias: z.record(z.string(), z.string()) }),
});

beforeAll(async () => {
  const [clementine, banana, cranberry, star] = await Promise.all([
    OllamaUpstream.start({ models: [{ name: nano, ...chatModel }, embedder] }),
    OllamaUpstream.start({ models: [{ name: nano, ...chatModel }, seer, embedder] }),
    OllamaUpstream.start({ models: [{ name: cascade, ...chatModel }] }),
    OllamaUpstream.start({ models: [{ name: cascade, ...chatModel }] }),
  ]);
  hosts = { clementine, banana, cranberry, star };
  written = sampleConfig('002-mixed-hardware.yaml', {
    'http://clementine:11434': clementine.url,
    'http://banana:11434': banana.url,
    'https://ollama': cranberry.url,
    'http://star:11434': star.url,
  });
  suite = await startSuite({ config: written });
  client = new OpenAI({ apiKey: suite.adminKey, baseURL: `${suite.url}/v1`, maxRetries: 0 });
});

afterAll(async () => {
  await suite?.stop();
  await Promise.all(Object.values(hosts ?? {}).map((host) => host.stop()));
});

/** The host that served, by what arrived there since the last look. */
const seen = new Map<HostName, number>();
function newest(path: string): HostName[] {
  const names: HostName[] = ['clementine', 'banana', 'cranberry', 'star'];
  return names.filter((name) => {
    const count = hosts[name].server.to(path).length;
    const before = seen.get(name) ?? 0;
    seen.set(name, count);
    return count > before;
  });
}
const forget = () => seen.clear();

async function ask(model: string, text = 'Which lamp is lit?', more: object = {}) {
  forget();
  newest('/api/chat');
  const response = await suite.fetch('/v1/chat/completions', {
    method: 'POST',
    body: { model, messages: [{ role: 'user', content: text }], ...more },
    headers: { 'x-signalbox-explain': '1' },
  });
  await response.text();
  return { response, status: response.status, served: newest('/api/chat'), headers: response.headers };
}

const chatsOf = (names: HostName[]) => names.reduce((sum, name) => sum + hosts[name].server.to('/api/chat').length, 0);
const lastBody = (host: HostName, path = '/api/chat') => hosts[host].server.to(path).at(-1)?.body;

/** A host goes dark in a test, and is back before the next one. */
const dark: HostName[] = [];
async function switchOff(...names: HostName[]): Promise<void> {
  for (const name of names) {
    await hosts[name].stop();
    dark.push(name);
  }
}
async function switchOn(...names: HostName[]): Promise<void> {
  for (const name of names) {
    await hosts[name].server.start();
    dark.splice(dark.indexOf(name), 1);
  }
}
const isBack = async () => {
  const body = (await (await suite.fetch('/health')).json()) as { unhealthy_count: number };
  return body.unhealthy_count;
};
afterEach(async () => {
  const wasDark = dark.length > 0;
  await switchOn(...dark);
  if (wasDark) await expect.poll(isBack, { timeout: 60_000, interval: 200 }).toBe(0);
});

describe('the purposes', () => {
  it.each<[string, HostName, string]>([
    ['reasoning_fast', 'clementine', nano],
    ['tools_fast', 'clementine', nano],
    ['reasoning_slow', 'star', cascade],
    ['tools_slow', 'star', cascade],
    ['coding', 'star', cascade],
    ['default', 'star', cascade],
    ['vision', 'banana', 'qwen3.5:9b'],
  ])('%s is served by %s with %s, in the chat API of Ollama', async (alias, host, model) => {
    const { status, served, headers } = await ask(alias);
    expect([status, served]).toEqual([200, [host]]);
    expect(lastBody(host)).toMatchObject({ model, messages: [{ role: 'user', content: 'Which lamp is lit?' }] });
    expect(headers.get('x-litellm-model-group')).toBe(model);
  });

  it('are what a client finds in the list of models, beside the models themselves', async () => {
    const names = (await client.models.list()).data.map(({ id }) => id);
    const aliases = Object.keys(Sample.parse(parse(written)).router_settings.model_group_alias);
    expect(names).toEqual(
      expect.arrayContaining([...aliases, nano, cascade, 'qwen3.5:9b', 'embeddinggemma', 'smart-router']),
    );
  });

  it('stay what clients ask for when the model behind one is upgraded', async () => {
    hosts.star.pull({ name: 'nemotron-cascade-3:40b', ...chatModel });
    const upgraded = written.replaceAll(cascade, 'nemotron-cascade-3:40b');
    await suite.writeConfig(upgraded);
    await expect
      .poll(async () => (await ask('coding')).headers.get('x-litellm-model-group'), { timeout: 10_000 })
      .toBe('nemotron-cascade-3:40b');
    expect(lastBody('star')).toMatchObject({ model: 'nemotron-cascade-3:40b' });
    await suite.writeConfig(written);
    await expect
      .poll(async () => (await ask('coding')).headers.get('x-litellm-model-group'), { timeout: 10_000 })
      .toBe(cascade);
  });

  it('a voice assistant streams its answer from the Mac', async () => {
    const stream = await client.chat.completions.create({
      model: 'reasoning_fast',
      stream: true,
      messages: [{ role: 'user', content: 'Is the door shut?' }],
    });
    let text = '';
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
    expect(text).not.toBe('');
  });

  it('a camera sends a picture to the one host that sees', async () => {
    const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
    await client.chat.completions.create({
      model: 'vision',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Who is at the door?' },
            { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
          ],
        },
      ],
    });
    expect(lastBody('banana')).toMatchObject({
      model: 'qwen3.5:9b',
      messages: [{ content: 'Who is at the door?', images: [png] }],
    });
  });

  it('an agent calls tools under the names for tools and for coding', async () => {
    const tools = [
      {
        type: 'function' as const,
        function: { name: 'read_file', parameters: { type: 'object', properties: { path: { type: 'string' } } } },
      },
    ];
    for (const [model, host] of [
      ['tools_fast', 'clementine'],
      ['tools_slow', 'star'],
      ['coding', 'star'],
    ] as const) {
      hosts[host].script.next({ toolCalls: [{ name: 'read_file', arguments: { path: 'a.ts' } }] });
      const answer = await client.chat.completions.create({
        model,
        tools,
        messages: [{ role: 'user', content: 'Open a.ts' }],
      });
      const [call] = answer.choices[0]?.message.tool_calls ?? [];
      expect(call).toMatchObject({ function: { name: 'read_file', arguments: '{"path":"a.ts"}' } });
    }
  });
});

describe('embeddings under ollama_chat/', () => {
  const embed = async () => {
    forget();
    newest('/api/embed');
    const { data } = await client.embeddings.create({ model: 'embedding', input: ['one', 'two'] });
    return { vectors: data.map((one) => one.embedding.length), served: newest('/api/embed') };
  };

  it('work, in a batch, on the Mac first', async () => {
    expect(await embed()).toEqual({ vectors: [32, 32], served: ['clementine'] });
  });

  it('go to the GPU while the Mac is off', async () => {
    await switchOff('clementine');
    expect(await embed()).toEqual({ vectors: [32, 32], served: ['banana'] });
  });

  it('never end at a chat model', async () => {
    await switchOff('clementine', 'banana');
    const response = await suite.fetch('/v1/embeddings', {
      method: 'POST',
      body: { model: 'embedding', input: 'one' },
    });
    expect(response.status).toBe(503);
  });
});

describe('a host that is switched off', () => {
  it('is left out while its neighbour answers, without a fallback to another model', async () => {
    await switchOff('clementine');
    for (let at = 0; at < 5; at += 1) {
      const { status, served, headers } = await ask('reasoning_fast');
      expect([status, served, headers.get('x-litellm-attempted-fallbacks')]).toEqual([200, ['banana'], '0']);
    }
  });

  it('is shown with the reason', async () => {
    await switchOff('star');
    await ask('coding');
    const down = async () => {
      const body = (await (await suite.fetch('/health')).json()) as { unhealthy_endpoints: Record<string, unknown>[] };
      return body.unhealthy_endpoints.map((one) => JSON.stringify(one)).join();
    };
    await expect.poll(down).toMatch(/star|refused|reached/);
  });

  it('comes back by itself, although its owner probes every quarter of an hour', async () => {
    await switchOff('clementine');
    expect((await ask('reasoning_fast')).served).toEqual(['banana']);
    await switchOn('clementine');
    await expect
      .poll(async () => (await ask('reasoning_fast')).served, { timeout: 40_000, interval: 250 })
      .toEqual(['clementine']);
  });

  it('leaves fast reasoning to the slow model when both fast hosts are off', async () => {
    await switchOff('clementine', 'banana');
    const { status, served, headers } = await ask('reasoning_fast');
    expect([status, served]).toEqual([200, ['star']]);
    expect(headers.get('x-litellm-model-group')).toBe(cascade);
    expect(headers.get('x-litellm-attempted-fallbacks')).toBe('1');
  });

  it('leaves the slow names to the machine with the old GPUs when the Studio is off', async () => {
    await switchOff('star');
    for (const alias of ['reasoning_slow', 'tools_slow', 'coding']) {
      const { status, served } = await ask(alias);
      expect([status, served]).toEqual([200, ['cranberry']]);
    }
  });

  it('leaves what has no fallback of its own to the default one', async () => {
    await switchOff('banana');
    const { status, served } = await ask('vision');
    expect([status, served]).toEqual([200, ['star']]);
  });
});

describe('fallbacks in a circle', () => {
  it('try each model once and end with an error, when every host is off', async () => {
    await switchOff('clementine', 'banana', 'cranberry', 'star');
    for (const alias of ['coding', 'reasoning_slow', 'tools_fast']) {
      const { status, headers } = await ask(alias);
      expect(status).toBe(503);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    }
  });

  it('end at once when a model fails in each of its places', async () => {
    const broken = { refuse: { status: 500, body: { error: 'out of memory' } } };
    hosts.star.script.default(broken);
    hosts.cranberry.script.default(broken);
    const before = chatsOf(['star', 'cranberry']);
    const { status } = await ask('coding', 'Why?', { num_retries: 0 });
    hosts.star.script.default({});
    hosts.cranberry.script.default({});
    expect(status).toBe(502);
    expect(chatsOf(['star', 'cranberry']) - before).toBe(2);
  });
});

describe('smart-router, for clients that know one model only', () => {
  const long = (characters: number) => 'la '.repeat(characters).slice(0, characters);
  it.each<[string, string, HostName, string]>([
    ['a short command', 'Turn off the light', 'clementine', 'SIMPLE'],
    ['99 characters', long(99), 'clementine', ''],
    ['100 characters', long(100), 'clementine', 'MEDIUM'],
    ['499 characters', long(499), 'clementine', 'MEDIUM'],
    ['500 characters', long(500), 'star', 'COMPLEX'],
    ['a question of reasoning', 'Reason step by step and weigh the pros and cons of both', 'star', 'REASONING'],
  ])('%s', async (_name, text, host, tier) => {
    const { served, headers } = await ask('smart-router', text);
    expect(served).toEqual([host]);
    expect(headers.get('x-litellm-complexity-router-tier')).toContain(tier);
  });

  it('falls back as its tier does', async () => {
    await switchOff('clementine', 'banana');
    expect((await ask('smart-router', 'Turn off the light')).served).toEqual(['star']);
  });
});

describe('a model that was removed from its host', () => {
  it('is served by the other host that has it', async () => {
    hosts.star.remove(cascade);
    expect((await ask('coding')).served).toContain('cranberry');
    hosts.star.pull({ name: cascade, ...chatModel });
  });
});

describe('other engines beside Ollama', () => {
  const text = (content: string) => [{ role: 'user' as const, content }];
  let studio: OpenAiUpstream;
  let server: OpenAiUpstream;
  let small: OllamaUpstream;

  beforeAll(async () => {
    [studio, server, small] = await Promise.all([
      OpenAiUpstream.start({ flavour: 'generic', models: ['mlx-nano'] }),
      OpenAiUpstream.start({ flavour: 'generic', models: ['gguf-nano'] }),
      OllamaUpstream.start({ models: [nano, 'qwen3.5:9b'], maxLoaded: 1, loadMs: 300 }),
    ]);
    await suite.writeConfig({
      model_list: [
        { model_name: 'nano', litellm_params: { model: 'lm_studio/mlx-nano', api_base: studio.url, order: 1 } },
        { model_name: 'nano', litellm_params: { model: 'llamafile/gguf-nano', api_base: server.url, order: 2 } },
        { model_name: 'talk', litellm_params: { model: `ollama_chat/${nano}`, api_base: small.url } },
        { model_name: 'look', litellm_params: { model: 'ollama_chat/qwen3.5:9b', api_base: small.url } },
      ],
      router_settings: { num_retries: 0 },
    });
    const names = async () => (await client.models.list()).data.map(({ id }) => id).toSorted();
    await vi.waitFor(async () => expect(await names()).toEqual(['look', 'nano', 'talk']), 10_000);
    // A worker takes new hosts a moment after the config is in force.
    await vi.waitFor(() => Promise.all(['nano', 'talk'].map(answered)), 20_000);
  });
  afterAll(() => Promise.all([studio.stop(), server.stop(), small.stop()]));

  const answered = (model: string) => client.chat.completions.create({ model, messages: text('Is the door shut?') });

  it('a host that holds one model is not made to swap for each request', async () => {
    const before = small.engine.loads.length;
    await Promise.all(Array.from({ length: 10 }, (_unused, at) => answered(at % 2 === 0 ? 'talk' : 'look')));
    expect(small.engine.loads.length - before).toBeLessThanOrEqual(4);
  });

  it('an engine that speaks OpenAI has its place in the order, and a queue: one answer at a time', async () => {
    studio.script.default({ text: ['it ', 'is ', 'shut'], pieceDelayMs: 30 });
    const before = studio.requests.length;
    const elsewhere = server.requests.filter(({ path }) => path.includes('completions')).length;
    await Promise.all(Array.from({ length: 4 }, () => answered('nano')));
    const turns = studio.requests
      .slice(before)
      .filter(({ path }) => path.includes('completions'))
      .map(({ receivedAtMs, endedAtMs }) => ({ from: receivedAtMs, to: endedAtMs ?? Infinity }))
      .toSorted((one, other) => one.from - other.from);
    expect(turns).toHaveLength(4);
    for (const [at, { to }] of turns.slice(0, -1).entries()) expect(turns[at + 1]?.from).toBeGreaterThanOrEqual(to);
    expect(server.requests.filter(({ path }) => path.includes('completions'))).toHaveLength(elsewhere);
  });

  it('falls back from one such engine to the other when it is switched off', async () => {
    await studio.server.stop();
    try {
      const before = server.requests.length;
      expect((await answered('nano')).choices[0]?.message.content).toBeTruthy();
      expect(server.requests.length).toBeGreaterThan(before);
    } finally {
      await studio.server.start();
    }
  });

  it('all of them are the house: nothing that must stay in it is refused', async () => {
    for (const model of ['nano', 'talk']) {
      const response = await suite.fetch('/v1/chat/completions', {
        method: 'POST',
        body: { model, messages: text('Who is at the door?') },
        headers: { 'x-signalbox-data-policy': 'local' },
      });
      expect(response.status).toBe(200);
    }
  });
});

describe('tiers of a complexity router', () => {
  it("may lead to a larger model from a length of the owner's choice", async () => {
    hosts.star.pull({ name: 'nemotron-3-super:120b_q5', ...chatModel });
    await suite.writeConfig({
      model_list: [
        { model_name: 'small', litellm_params: { model: `ollama_chat/${nano}`, api_base: hosts.clementine.url } },
        {
          model_name: 'large',
          litellm_params: { model: 'ollama_chat/nemotron-3-super:120b_q5', api_base: hosts.star.url },
        },
        {
          model_name: 'assistant',
          litellm_params: {
            model: 'auto_router/complexity_router',
            complexity_router_config: {
              tiers: { SIMPLE: 'small', MEDIUM: 'small', COMPLEX: 'large', REASONING: 'large' },
              length_floors: { COMPLEX: 40 },
            },
          },
        },
      ],
    });
    const groupOf = async (content: string) => (await ask('assistant', content)).headers.get('x-litellm-model-group');
    await expect.poll(() => groupOf('la '.repeat(14))).toBe('large');
    expect(await groupOf('la la la')).toBe('small');
  });
});
