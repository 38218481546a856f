/** The clients of the engines against real servers. */
import { afterEach, describe, expect, it } from 'vitest';
import { FakeServer, OllamaUpstream, OpenAiUpstream, startNats } from '#testing';
import { OllamaClient } from '../engines/ollama.client.js';
import { OpenAiEngineClient } from '../engines/openai-engine.client.js';
import {
  ask,
  backendOf,
  connectBus,
  contentOf,
  eventually,
  openingOf,
  publish,
  served,
  snapshotOf,
  startWorker,
} from './fixtures.js';

const closing: (() => Promise<unknown>)[] = [];
const never = new AbortController().signal;

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function fakeServer(answer: (path: string, body: unknown) => { status: number; text: string }) {
  const server = new FakeServer(async ({ request, response }) => {
    const { status, text } = answer(request.path, request.body);
    response.writeHead(status, { 'content-type': 'application/json' }).end(text);
  });
  await server.start();
  closing.push(() => server.stop());
  const client = new OllamaClient((headers) => ({ ...headers }));
  client.configure(backendOf('b', server.url), { authorization: 'Bearer k' });
  return { server, client };
}

describe('OllamaClient', () => {
  it('fetches a model and tells how far it is', async () => {
    const lines = [
      { status: 'pulling manifest' },
      { status: 'pulling abc', total: 100, completed: 40 },
      { status: 'success' },
    ];
    const { server, client } = await fakeServer(() => ({
      status: 200,
      text: lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
    }));
    const progress: string[] = [];
    await client.pull('qwen3', (text) => progress.push(text), never);
    expect(progress).toEqual(['pulling manifest', 'pulling abc 40 %', 'success']);
    expect(server.requests[0]).toMatchObject({ path: '/api/pull', body: { model: 'qwen3', stream: true } });
    expect(server.requests[0]?.headers.authorization).toBe('Bearer k');
  });

  it.each([
    [200, '{"status":"pulling manifest"}\n{"error":"pull model manifest: file does not exist"}\n', 'does not exist'],
    [200, '{"status":"pulling manifest"}\n', 'broke the download off'],
    [500, '{"error":"no space left"}', 'no space left'],
  ])('fails with what Ollama says (%i %j)', async (status, text, reason) => {
    const { client } = await fakeServer(() => ({ status, text }));
    await expect(client.pull('qwen3', () => {}, never)).rejects.toThrow(reason);
  });

  it('asks releases whose list says little for each model, once', async () => {
    const { server, client } = await fakeServer((path) => {
      if (path === '/api/version') return { status: 200, text: '{"version":"0.5.0"}' };
      if (path === '/api/tags') return { status: 200, text: '{"models":[{"name":"m:latest","digest":"d1","size":5}]}' };
      if (path === '/api/ps') return { status: 200, text: '{"models":[]}' };
      const info = { 'general.architecture': 'llama', 'llama.context_length': 8192 };
      return { status: 200, text: JSON.stringify({ model_info: info, capabilities: ['completion'] }) };
    });
    const first = await client.look(never);
    expect(first.installed).toEqual([
      { name: 'm:latest', sizeBytes: 5, contextLength: 8192, capabilities: ['completion'] },
    ]);
    await client.look(never);
    expect(server.requests.filter(({ path }) => path === '/api/show')).toHaveLength(1);
  });

  it.each([
    ['speaks something else', '<html>', 200, 'does not answer as Ollama does'],
    ['answers with an error', 'bad gateway', 502, 'with status 502'],
  ])('says why a host that %s is not usable', async (_name, text, status, reason) => {
    const { client } = await fakeServer(() => ({ status, text }));
    expect(await client.look(never)).toMatchObject({ reachable: false, reason: expect.stringContaining(reason) });
  });

  it('says that a host is away', async () => {
    const ollama = await OllamaUpstream.start();
    const client = new OllamaClient((headers) => ({ ...headers }));
    client.configure(backendOf('b', ollama.url), {});
    await ollama.stop();
    expect(await client.look(never)).toMatchObject({
      reachable: false,
      reason: expect.stringContaining('ECONNREFUSED'),
    });
  });
});

describe('an engine that speaks OpenAI', () => {
  it('is served through the same queue', async () => {
    const engine = await OpenAiUpstream.start();
    const nats = await startNats();
    const bus = await connectBus(nats.url, 'ingress');
    const backend = backendOf('studio', `${engine.url}/v1`, { provider: 'lm_studio', dialect: 'openai' });
    await publish(bus, snapshotOf([backend]));
    const worker = await startWorker(nats.url);
    closing.push(
      () => nats.stop(),
      () => bus.drain(),
      () => worker.stop(),
      () => engine.stop(),
    );
    const probe = await served(bus, backend);
    expect(probe).toMatchObject({ reachable: true, loaded: null });
    const heard = await ask(bus, openingOf(backend, 'gpt-4o-mini'));
    expect(heard.failure).toBeNull();
    expect(contentOf(heard.text).length).toBeGreaterThan(0);
    const first = new AbortController();
    engine.script.next({ instead: 'hang' });
    const hanging = ask(bus, openingOf(backend, 'gpt-4o-mini'), { signal: first.signal });
    await eventually(() => engine.requests.filter(({ method }) => method === 'POST').length === 2);
    const second = await ask(bus, openingOf(backend, 'gpt-4o-mini'), {
      onFrame: (frame) => {
        if (frame.type === 'queued') first.abort();
      },
    });
    expect(second.frames[0]?.type).toBe('queued');
    expect(second.failure).toBeNull();
    await hanging;
  });

  const engineWith = async (answers: Record<string, unknown>, provider = 'openai') => {
    const server = new FakeServer(async ({ request, response }) => {
      const answer = answers[request.path];
      response.writeHead(answer === undefined ? 404 : 200).end(JSON.stringify(answer ?? { error: 'not found' }));
    });
    await server.start();
    closing.push(() => server.stop());
    const client = new OpenAiEngineClient((headers) => ({ ...headers }));
    client.configure(backendOf('b', `${server.url}/v1`, { provider, dialect: 'openai' }), {});
    return { server, client };
  };
  const plainList = { object: 'list', data: [{ id: 'm', object: 'model', owned_by: 'x' }] };

  it('tells what is loaded where it is LM Studio', async () => {
    const entry = (state: string) => ({ data: [{ id: 'm', type: 'llm', state, max_context_length: 4_096 }] });
    const answers: Record<string, unknown> = { '/v1/models': plainList, '/api/v0/models': entry('not-loaded') };
    const { client } = await engineWith(answers, 'lm_studio');
    expect(await client.look(never)).toMatchObject({
      reachable: true,
      loaded: [],
      installed: [{ contextLength: 4_096 }],
    });
    answers['/api/v0/models'] = entry('loaded');
    expect(await client.lookLoaded(never)).toMatchObject({ loaded: [{ name: 'm' }], listed: [{ name: 'm' }] });
  });

  it("is found out to be text-generation-inference, or llama.cpp's server", async () => {
    const info = { model_id: 'm', max_total_tokens: 4_096, max_concurrent_requests: 8, version: '3' };
    const tgi = await engineWith({ '/v1/models': plainList, '/info': info });
    expect(await tgi.client.look(never)).toMatchObject({
      isFixed: true,
      slots: 8,
      version: '3',
      loaded: [{ name: 'm' }],
    });
    const llama = await engineWith({
      '/v1/models': { data: [{ id: 'q', owned_by: 'llamacpp' }] },
      '/props': { total_slots: 2, default_generation_settings: { n_ctx: 512 } },
    });
    expect(await llama.client.look(never)).toMatchObject({ slots: 2, installed: [{ contextLength: 512 }] });
    expect(await llama.client.lookLoaded(never)).toBeNull();
  });

  it('that tells no more is asked for no more, until it was away', async () => {
    const { server, client } = await engineWith({ '/v1/models': plainList });
    await client.look(never);
    const before = server.requests.length;
    await client.look(never);
    expect(server.requests.slice(before).map(({ path }) => path)).toEqual(['/v1/models']);
  });

  it('may have no list of models, and is reachable all the same', async () => {
    const server = new FakeServer(async ({ response }) => void response.writeHead(404).end());
    await server.start();
    closing.push(() => server.stop());
    const client = new OpenAiEngineClient((headers) => ({ ...headers }));
    client.configure(backendOf('b', server.url, { dialect: 'openai' }), {});
    expect(await client.look(never)).toMatchObject({ reachable: true, installed: null });
  });
});
