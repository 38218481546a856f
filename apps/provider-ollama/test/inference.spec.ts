/** Attempts against a fake Ollama through a real bus. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Bus } from '#bus';
import {
  BackendLoad,
  DrainBackend,
  UsageClose,
  type Backend,
  type BackendLoadEvent,
  type UsageCloseEvent,
} from '#contracts';
import { OllamaUpstream, startNats, usualText, type TestServer } from '#testing';
import {
  ask,
  backendOf,
  connectBus,
  contentOf,
  deploymentOf,
  eventually,
  openingOf,
  publish,
  served,
  snapshotOf,
  startWorker,
  type Worker,
} from './fixtures.js';

let nats: TestServer;
let bus: Bus;
let ollama: OllamaUpstream;
let worker: Worker;
let backend: Backend;
let hosts = 0;

beforeAll(async () => {
  nats = await startNats();
  bus = await connectBus(nats.url, 'ingress');
});

afterAll(async () => {
  await bus?.drain();
  await nats?.stop();
});

beforeEach(async () => {
  ollama = await OllamaUpstream.start({
    models: ['llama3.2', 'qwen3', { name: 'nomic', capabilities: ['embedding'] }],
    maxLoaded: 1,
    registry: { names: ['mistral'], stepMs: 20 },
  });
  hosts += 1;
  backend = backendOf(`gpu-${hosts}`, ollama.url);
  await publish(bus, snapshotOf([backend], [], { maxQueueLength: 2 }));
  worker = await startWorker(nats.url);
  await served(bus, backend);
});

afterEach(async () => {
  await worker.stop();
  await ollama.stop();
});

const chats = () => ollama.requests.filter(({ path }) => path === '/api/chat');

describe('a chat', () => {
  it('is streamed in the dialect of the client, with its usage', async () => {
    const heard = await ask(bus, openingOf(backend, 'llama3.2'));
    expect(heard.failure).toBeNull();
    expect(contentOf(heard.text)).toBe(usualText.join(''));
    expect(heard.text.endsWith('data: [DONE]\n\n')).toBe(true);
    expect(heard.accepted?.loading).toBe(true);
    expect(heard.usage).toMatchObject({ durable: true, finishReason: 'stop', usage: { source: 'upstream' } });
    expect(heard.usage?.usage.outputTokens).toBe(chats()[0]?.generated?.outputTokens);
  });

  it('comes whole to a client that wants it whole', async () => {
    const heard = await ask(bus, openingOf(backend, 'llama3.2', { stream: false }));
    expect(JSON.parse(heard.text)).toMatchObject({
      object: 'chat.completion',
      model: 'llama3.2',
      choices: [{ finish_reason: 'stop', message: { role: 'assistant', content: usualText.join('') } }],
    });
  });

  it('carries what the deployment pins, and the request goes before its defaults', async () => {
    const attempt = {
      params: { num_ctx: 8192, temperature: 0.1, keep_alive: '30m' },
      systemPrompt: { text: 'Be brief.', mode: 'prepend' },
    };
    const open = openingOf(backend, 'llama3.2', {}, attempt);
    await ask(bus, { ...open, request: { ...(open.request as object), temperature: 0.7 } });
    expect(chats()[0]?.body).toMatchObject({
      stream: true,
      truncate: false,
      keep_alive: '30m',
      options: { num_ctx: 8192, temperature: 0.7 },
      messages: [{ role: 'system', content: 'Be brief.' }, { role: 'user' }],
    });
  });

  it('fills variables into extra headers where the engine is called', async () => {
    await worker.stop();
    worker = await startWorker(nats.url, { GPU_TOKEN: 'secret-token' });
    await served(bus, backend);
    const extraHeaders = { 'x-proxy': 'os.environ/GPU_TOKEN', 'x-plain': 'a' };
    await ask(bus, openingOf(backend, 'llama3.2', {}, { extraHeaders }));
    expect(chats()[0]?.headers).toMatchObject({ 'x-proxy': 'secret-token', 'x-plain': 'a' });
  });

  it('stores what it used once, before it says that this is durable', async () => {
    const closes: UsageCloseEvent[] = [];
    const consumer = await bus.consume({
      stream: 'USAGE',
      durable: `t${hosts}`,
      subjects: ['usage.close'],
      batch: 10,
      handle: async (messages) => {
        for (const message of messages) {
          closes.push(UsageClose.payload.parse(message.payload));
          message.ack();
        }
      },
    });
    const open = openingOf(backend, 'llama3.2');
    await ask(bus, open);
    const mine = await eventually(() => closes.find((close) => close.attemptId === open.attemptId) ?? null);
    await consumer.stop();
    expect(mine).toMatchObject({ source: 'worker', outcome: 'success', backendId: backend.id, dataPolicy: 'local' });
    expect(mine.queuedMs).toBeGreaterThanOrEqual(0);
  });

  it('names the parameter that Ollama cannot express, without asking it', async () => {
    const open = openingOf(backend, 'llama3.2');
    const heard = await ask(bus, { ...open, request: { ...(open.request as object), n: 2 } });
    expect(heard.failure).toMatchObject({ code: 'unsupported_parameter', blame: 'request', details: { param: 'n' } });
    expect(chats()).toHaveLength(0);
    const lenient = openingOf(backend, 'llama3.2', {}, { dropParams: true });
    const dropped = await ask(bus, { ...lenient, request: { ...(lenient.request as object), n: 2 } });
    expect(dropped.failure).toBeNull();
  });

  it('of a model that the host lacks blames the deployment alone, and finds it once it is there', async () => {
    const heard = await ask(bus, openingOf(backend, 'mistral'));
    expect(heard.failure).toMatchObject({ code: 'model_not_found', scope: 'deployment', blame: 'backend' });
    expect(heard.failure?.details['adminText']).toContain('ollama pull mistral');
    ollama.pull('mistral');
    const again = await eventually(async () => {
      const { failure } = await ask(bus, openingOf(backend, 'mistral'));
      return failure === null;
    });
    expect(again).toBe(true);
  });

  it('tells a failure in the middle of the answer', async () => {
    ollama.script.next({ breakAfter: { pieces: 2, how: 'error' } });
    const heard = await ask(bus, openingOf(backend, 'llama3.2'));
    expect(heard.failure).toMatchObject({ code: 'upstream_error', blame: 'backend' });
    expect(heard.text).toContain('"error"');
    expect(heard.text).not.toContain('[DONE]');
  });

  it('says that the host cannot be reached', async () => {
    await ollama.stop();
    const heard = await ask(bus, openingOf(backend, 'llama3.2'));
    expect(heard.failure).toMatchObject({ code: 'upstream_unreachable', scope: 'backend' });
    expect(JSON.stringify(heard.failure)).not.toContain('127.0.0.1');
  });
});

describe('other endpoints', () => {
  it('embeds', async () => {
    const open = openingOf(backend, 'nomic', {
      requestKind: 'embedding',
      dialect: 'openai-embedding',
      stream: false,
      request: { inputs: ['one', 'two'], encodingFormat: 'float' },
    });
    const heard = await ask(bus, open);
    expect(JSON.parse(heard.text)).toMatchObject({ object: 'list', data: [{ index: 0 }, { index: 1 }] });
  });

  it('bills the prompts that were answered before one failed', async () => {
    ollama.script.next({ outputTokens: 9 }, { refuse: { status: 500, body: { error: 'broken' } } });
    const opening = openingOf(backend, 'llama3.2', {
      dialect: 'openai-completion',
      requestKind: 'completion',
      request: { prompts: ['a', 'b', 'c'] },
    });
    const heard = await ask(bus, opening);
    expect(heard.failure).toMatchObject({ code: 'upstream_error' });
    expect(heard.usage?.usage.outputTokens).toBe(9);
  });

  it('completes several prompts, one after the other, in one answer', async () => {
    ollama.script.next({ text: ['first'] }, { text: ['second'] }, { text: ['third'] });
    const open = openingOf(backend, 'llama3.2', {
      requestKind: 'completion',
      dialect: 'openai-completion',
      stream: false,
      request: { prompts: ['a', 'b', 'c'] },
    });
    const heard = await ask(bus, open);
    expect(JSON.parse(heard.text)).toMatchObject({
      choices: [
        { index: 0, text: 'first' },
        { index: 1, text: 'second' },
        { index: 2, text: 'third' },
      ],
    });
    const told = ollama.requests.reduce((sum, { generated }) => sum + (generated?.outputTokens ?? 0), 0);
    expect(heard.usage?.usage.outputTokens).toBe(told);
  });
});

describe('the queue', () => {
  /** Keeps the host busy until it is released. */
  const occupy = (model = 'llama3.2') => {
    ollama.script.next({ instead: 'hang' });
    const stop = new AbortController();
    const heard = ask(bus, openingOf(backend, model), { signal: stop.signal });
    const begun = eventually(() => chats().length > 0);
    return { begun, release: async () => (stop.abort(), await heard) };
  };

  it('runs one at a time, and tells the others their place', async () => {
    const first = occupy();
    await first.begun;
    const second = ask(bus, openingOf(backend, 'llama3.2'), {
      onFrame: (frame) => {
        if (frame.type === 'queued') void first.release();
      },
    });
    const heard = await second;
    expect(heard.frames[0]).toMatchObject({ type: 'queued', notice: { position: 1 } });
    expect(heard.failure).toBeNull();
    expect(heard.accepted?.waitedMs).toBeGreaterThan(0);
  });

  it('refuses at once when it is full, and after the longest wait that a request allows', async () => {
    const first = occupy();
    await first.begun;
    const waiting = ask(bus, openingOf(backend, 'llama3.2', { maxWaitMs: 300 }));
    const other = ask(bus, openingOf(backend, 'llama3.2', { maxWaitMs: 300 }));
    const refused = await eventually(async () => {
      const { failure } = await ask(bus, openingOf(backend, 'llama3.2', { maxWaitMs: 1 }));
      return failure?.details['message'] === 'The queue of the backend is full.' ? failure : null;
    });
    expect(refused).toMatchObject({ code: 'backend_overloaded', blame: 'gateway' });
    expect(refused.retryAfterMs).toBeGreaterThan(0);
    expect((await waiting).failure).toMatchObject({ code: 'backend_overloaded', blame: 'gateway' });
    await other;
    await first.release();
    expect(chats()).toHaveLength(1);
  });

  it('holds nobody for longer than the timeout of its answer', async () => {
    const first = occupy();
    await first.begun;
    const { failure } = await ask(bus, openingOf(backend, 'llama3.2', {}, { timeoutMs: 300 }));
    expect(failure).toMatchObject({ code: 'backend_overloaded', details: { impatient: true } });
    await first.release();
    expect(chats()).toHaveLength(1);
  });

  it('stops the upstream call of a client that left', async () => {
    ollama.script.next({ text: ['a', 'b', 'c'], pieceDelayMs: 20, breakAfter: { pieces: 2, how: 'hang' } });
    const stop = new AbortController();
    let leftAt = 0;
    await ask(bus, openingOf(backend, 'llama3.2'), {
      signal: stop.signal,
      onFrame: (frame) => {
        if (frame.type !== 'data' || leftAt > 0) return;
        leftAt = performance.now();
        stop.abort();
      },
    });
    const abortedAt = await eventually(() => chats()[0]?.abortedAtMs ?? null);
    expect(abortedAt - leftAt).toBeLessThan(1_000);
  });

  it('never asks for a client that left while it waited', async () => {
    const first = occupy();
    await first.begun;
    const stop = new AbortController();
    await ask(bus, openingOf(backend, 'llama3.2'), {
      signal: stop.signal,
      onFrame: (frame) => {
        if (frame.type === 'queued') stop.abort();
      },
    });
    await first.release();
    expect((await ask(bus, openingOf(backend, 'llama3.2'))).failure).toBeNull();
    expect(chats()).toHaveLength(2);
  });

  it('serves an attempt once, however often it is delivered', async () => {
    const open = openingOf(backend, 'llama3.2');
    const [one, two] = await Promise.all([ask(bus, open), ask(bus, open)]);
    expect(new Set([one.failure?.code, two.failure?.code])).toEqual(new Set(['service_unavailable', undefined]));
    expect(chats()).toHaveLength(1);
  });

  it('swaps models as seldom as it can', async () => {
    ollama.script.default({ text: ['x'], pieceDelayMs: 5 });
    await publish(bus, snapshotOf([backend], [], { maxQueueLength: 100 }));
    const models = Array.from({ length: 24 }, (_, index) => (index % 2 === 0 ? 'llama3.2' : 'qwen3'));
    const heard = await Promise.all(models.map((model) => ask(bus, openingOf(backend, model))));
    expect(heard.every(({ failure }) => failure === null)).toBe(true);
    expect(ollama.engine.loads.length).toBeLessThanOrEqual(3);
  });

  it('drains a host: what runs is finished, nothing new is taken, and the router is told', async () => {
    const loads: BackendLoadEvent[] = [];
    const subscription = bus.subscribe(BackendLoad, (load) => loads.push(load), { tokens: { backend: backend.id } });
    const drain = (draining: boolean) =>
      bus.request(DrainBackend, { v: 1, draining }, { tokens: { backend: backend.id } });
    let drained: Promise<unknown> = Promise.resolve();
    ollama.script.next({ text: ['a', 'b', 'c'], pieceDelayMs: 30 });
    const running = ask(bus, openingOf(backend, 'llama3.2'), {
      onFrame: (frame) => {
        if (frame.type === 'accepted') drained = drain(true);
      },
    });
    expect((await running).failure).toBeNull();
    await drained;
    const refused = await ask(bus, openingOf(backend, 'llama3.2'));
    expect(refused.failure).toMatchObject({ code: 'backend_overloaded', blame: 'gateway' });
    await eventually(() => loads.some(({ draining }) => draining));
    await drain(false);
    expect((await ask(bus, openingOf(backend, 'llama3.2'))).failure).toBeNull();
    await eventually(() => loads.some(({ draining, loaded }) => !draining && loaded?.[0]?.name === 'llama3.2:latest'));
    subscription.stop();
  });
});

describe('a model that is missing, with auto_pull', () => {
  const pulls = () => ollama.requests.filter(({ path }) => path === '/api/pull');
  const allow = async (...models: string[]) => {
    const deployments = models.map((model, index) => deploymentOf(`d${index + 1}`, backend.id, model));
    await publish(bus, snapshotOf([backend], deployments, { autoPull: true }));
  };
  /** The host's own round would fetch it before anybody asks: it is looked for only now. */
  const retire = () => ollama.remove('mistral');

  it('is fetched once for all that wait, and they hear how far it is', async () => {
    await allow('mistral');
    retire();
    const both = await Promise.all([ask(bus, openingOf(backend, 'mistral')), ask(bus, openingOf(backend, 'mistral'))]);
    expect(both.map(({ failure }) => failure)).toEqual([null, null]);
    expect(pulls().length).toBeGreaterThan(0);
    const reasons = both.flatMap(({ frames }) =>
      frames.flatMap((frame) => (frame.type === 'queued' && frame.notice.reason !== null ? [frame.notice.reason] : [])),
    );
    expect(reasons[0]).toMatch(/^downloading the model: /);
  });

  it('that nobody can fetch is missing, with the reason', async () => {
    await allow('nowhere');
    const { failure } = await ask(bus, openingOf(backend, 'nowhere'));
    expect(failure).toMatchObject({ code: 'model_not_found', blame: 'backend', scope: 'deployment' });
    expect(failure?.details['adminText']).toContain('pull model manifest: file does not exist');
  });

  it('that the config does not name is not fetched', async () => {
    await allow();
    const { failure } = await ask(bus, openingOf(backend, 'mistral'));
    expect(failure?.code).toBe('model_not_found');
    expect(pulls()).toHaveLength(0);
  });
});

describe('upkeep', () => {
  it('keeps the named models warm', async () => {
    const deployment = deploymentOf('d1', backend.id, 'qwen3');
    await publish(bus, snapshotOf([backend], [deployment], { keepWarm: ['qwen3'] }));
    await worker.stop();
    worker = await startWorker(nats.url);
    await eventually(() => ollama.engine.loaded().some(({ model }) => model === 'qwen3:latest'));
    expect(chats()[0]?.body).toMatchObject({ model: 'qwen3', messages: [], keep_alive: -1 });
  });

  it('tells what a host has and holds, and spends no token on it', async () => {
    await ask(bus, openingOf(backend, 'llama3.2'));
    const reply = await eventually(async () => {
      const probe = await served(bus, backend);
      return (probe.loaded ?? []).length > 0 ? probe : null;
    });
    expect(reply).toMatchObject({ reachable: true, version: '0.32.15' });
    expect(reply.installed?.map(({ name }) => name)).toEqual(['llama3.2:latest', 'qwen3:latest', 'nomic:latest']);
    expect(reply.loaded?.[0]?.name).toBe('llama3.2:latest');
    expect(chats()).toHaveLength(1);
  });
});
