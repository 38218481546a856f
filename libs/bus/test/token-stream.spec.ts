import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bus, ReceivedFrame, StreamSender } from '#bus';
import type { InferOpen } from '#contracts';
import { startNats, type TestServer } from '#testing';
import { connectBus, openingOf } from './fixtures.js';

let nats: TestServer;
let ingress: Bus;
let worker: Bus;
let subjects = 0;

beforeAll(async () => {
  nats = await startNats();
  ingress = await connectBus(nats.url, 'ingress');
  worker = await connectBus(nats.url, 'worker');
});

afterAll(async () => {
  await Promise.all([ingress.drain(), worker.drain()]);
  await nats.stop();
});

async function serve(handle: (open: InferOpen, stream: StreamSender) => Promise<void>) {
  subjects += 1;
  const subject = `infer.local.test-${subjects}`;
  const server = worker.serveStreams({ subject, queue: 'workers', handle });
  await worker.flush();
  return { subject, ...server };
}

async function collect(stream: AsyncIterable<ReceivedFrame>): Promise<ReceivedFrame[]> {
  const frames: ReceivedFrame[] = [];
  for await (const frame of stream) frames.push(frame);
  return frames;
}

const text = (frames: readonly ReceivedFrame[]) =>
  frames.map((frame) => (frame.type === 'data' ? Buffer.from(frame.bytes).toString() : '')).join('');

const noUsage = {
  usage: {
    inputTokens: 0,
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: 0,
    reasoningTokens: 0,
    source: 'counted',
  },
  costNanoUsd: 0,
  costSource: 'local',
  upstreamModel: null,
  finishReason: null,
  firstTokenMs: null,
  durationMs: 0,
  loadMs: null,
  tokensPerSecond: null,
} as const;

describe('a token stream', () => {
  it('brings the frames in order and ends', async () => {
    const server = await serve(async (open, stream) => {
      stream.queued({ position: 1, estimateMs: 5, reason: null });
      stream.accepted({ loading: false, waitedMs: 1 });
      await stream.data(Buffer.from('a'), { content: false });
      for (const part of ['b', 'c']) await stream.data(Buffer.from(part), { content: true, last: part === 'c' });
      expect(open.model).toBe('m');
      await stream.end();
    });
    const frames = await collect(
      ingress.openStream(server.subject, openingOf('x'), { signal: new AbortController().signal }),
    );
    expect(frames.map((frame) => frame.type)).toEqual(['queued', 'accepted', 'data', 'data', 'data', 'end']);
    expect(text(frames)).toBe('abc');
    expect(frames.flatMap((frame) => (frame.type === 'data' ? [[frame.content, frame.last]] : []))).toEqual([
      [false, false],
      [true, false],
      [true, true],
    ]);
    await server.stop();
  });

  it('carries a request far larger than a message of the bus', async () => {
    const large = 'ä'.repeat(6_000_000);
    const server = await serve(async (open, stream) => {
      await stream.data(Buffer.from(String(JSON.stringify(open.request).length)), { content: true });
      await stream.end();
    });
    const frames = await collect(
      ingress.openStream(server.subject, openingOf(large), { signal: new AbortController().signal }),
    );
    expect(text(frames)).toBe(String(JSON.stringify({ text: large }).length));
    await server.stop();
  });

  it('fails at once where nobody serves the backend', async () => {
    const frames = await collect(
      ingress.openStream('infer.local.nobody', openingOf('x'), { signal: new AbortController().signal }),
    );
    expect(frames).toMatchObject([{ type: 'error', failure: { code: 'service_unavailable', blame: 'gateway' } }]);
  });

  it('tells the worker within a moment that the client left', async () => {
    const aborted = Promise.withResolvers<number>();
    const server = await serve(async (_open, stream) => {
      await stream.data(Buffer.from('first'), { content: true });
      await new Promise<void>((resolve) => stream.signal.addEventListener('abort', () => resolve(), { once: true }));
      aborted.resolve(performance.now());
    });
    const stop = new AbortController();
    let leftAt = 0;
    for await (const frame of ingress.openStream(server.subject, openingOf('x'), { signal: stop.signal })) {
      if (frame.type !== 'data') continue;
      leftAt = performance.now();
      stop.abort();
    }
    expect((await aborted.promise) - leftAt).toBeLessThan(1_000);
    await server.stop();
  });

  it('still hears what a cancelled worker used', async () => {
    const server = await serve(async (_open, stream) => {
      await stream.data(Buffer.from('first'), { content: true });
      await new Promise<void>((resolve) => stream.signal.addEventListener('abort', () => resolve(), { once: true }));
      stream.usage({ ...noUsage, durable: true });
      await stream.end();
    });
    const stop = new AbortController();
    const seen: string[] = [];
    for await (const frame of ingress.openStream(server.subject, openingOf('x'), { signal: stop.signal })) {
      seen.push(frame.type);
      stop.abort();
    }
    expect(seen).toEqual(['data', 'usage', 'end']);
    await server.stop();
  });

  it('is cancelled too when the reader just stops reading', async () => {
    const aborted = Promise.withResolvers<void>();
    const server = await serve(async (_open, stream) => {
      stream.signal.addEventListener('abort', () => aborted.resolve(), { once: true });
      await stream.data(Buffer.from('first'), { content: true });
      await aborted.promise;
    });
    for await (const frame of ingress.openStream(server.subject, openingOf('x'), {
      signal: new AbortController().signal,
    }))
      if (frame.type === 'data') break;
    await aborted.promise;
    await server.stop();
  });

  it('stops the worker when the reader is slow, and loses nothing', async () => {
    let sent = 0;
    const server = await serve(async (_open, stream) => {
      for (let i = 0; i < 1_000; i += 1) {
        await stream.data(Buffer.from(`${i},`), { content: true });
        sent += 1;
      }
      await stream.end();
    });
    const iterator = ingress
      .openStream(server.subject, openingOf('x'), { signal: new AbortController().signal })
      [Symbol.asyncIterator]();
    const first = await iterator.next();
    const seen: ReceivedFrame[] = first.done === true ? [] : [first.value];
    // Two beats long nothing is read: the worker has used its credit and waits.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(sent).toBeLessThanOrEqual(66);
    for (let step = await iterator.next(); step.done !== true; step = await iterator.next()) seen.push(step.value);
    expect(text(seen)).toBe(Array.from({ length: 1_000 }, (_, i) => `${i},`).join(''));
    await server.stop();
  });

  it('ends with an error when the handler throws', async () => {
    const server = await serve(() => Promise.reject(new Error('bug')));
    const frames = await collect(
      ingress.openStream(server.subject, openingOf('x'), { signal: new AbortController().signal }),
    );
    expect(frames).toMatchObject([{ type: 'error', failure: { code: 'internal_error' } }]);
    await server.stop();
  });

  it('splits an answer that is larger than a frame', async () => {
    const server = await serve(async (_open, stream) => {
      await stream.data(Buffer.alloc(900_000, 'z'), { content: true, last: true });
      await stream.end();
    });
    const frames = await collect(
      ingress.openStream(server.subject, openingOf('x'), { signal: new AbortController().signal }),
    );
    expect(text(frames)).toHaveLength(900_000);
    expect(frames.filter((frame) => frame.type === 'data' && frame.last)).toHaveLength(1);
    await server.stop();
  });
});

describe('a token stream whose other side fails', () => {
  const children = new Set<ChildProcess>();
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
  });

  /** A worker process that sends a first frame and then only beats. */
  async function startWorker(subject: string): Promise<ChildProcess> {
    const child = fork(new URL('./stalling-worker.mjs', import.meta.url), [nats.url, subject], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    children.add(child);
    await once(child, 'message');
    return child;
  }

  it.each(['SIGKILL', 'SIGSTOP'] as const)('is failed within seconds of the silence after %s', async (signal) => {
    const subject = `infer.local.stall-${signal}`;
    const child = await startWorker(subject);
    const frames: ReceivedFrame[] = [];
    let hitAt = 0;
    for await (const frame of ingress.openStream(subject, openingOf('x'), { signal: new AbortController().signal })) {
      frames.push(frame);
      if (frame.type !== 'data') continue;
      child.kill(signal);
      hitAt = performance.now();
    }
    expect(frames.map((frame) => frame.type)).toEqual(['data', 'error']);
    expect(performance.now() - hitAt).toBeLessThan(6_000);
  });
});
