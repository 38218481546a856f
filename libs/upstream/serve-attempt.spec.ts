import { expect, it } from 'vitest';
import type { StreamSender } from '#bus';
import { Logger, Metrics } from '#telemetry';
import { FakeServer } from '#testing';
import { openingOf } from '../bus/test/fixtures.js';
import { AnswerTimers } from './answer-timers.js';
import { serveAttempt, type AttemptTools, type PreparedCall } from './serve-attempt.js';
import { silent } from './silent-stream.fixtures.js';
import { UsageReporter } from './usage-reporter.client.js';

const open = openingOf('hello');

const callTo = (url: string): PreparedCall => ({
  request: { method: 'POST', url, headers: {}, body: '{}' },
  decoder: { push: () => [], end: () => [] },
  writer: { event: () => null, finish: () => new Uint8Array(), fail: () => null },
  timers: new AnswerTimers({ loadMs: 10_000, firstContentMs: null, idleMs: 10_000 }),
  readError: () => ({ code: 'upstream_error', status: 500, message: '', blame: 'backend', retryAfterMs: null }),
  loading: false,
  queuedMs: 0,
});

function toolsWith(usage: AttemptTools['usage']): AttemptTools {
  const metrics = new Metrics({ service: 'test', version: 'test', processMetrics: false });
  return {
    usage,
    metrics,
    savingsReference: () => 'gpt-4o',
    conventionalMetrics: () => false,
    now: () => performance.now(),
  };
}

it('asks an upstream only once the announcement of the attempt has left', async () => {
  const upstream = new FakeServer(async ({ response }) => void response.end('{}'));
  const url = await upstream.start();
  const left = Promise.withResolvers<void>();
  const usage: AttemptTools['usage'] = {
    open: () => left.promise,
    close: async () => true,
  };
  const served = serveAttempt(open, silent, callTo(`${url}/attempt`), toolsWith(usage));
  // A later request comes and goes: what was sent without waiting would have come before it.
  await (await fetch(`${url}/later`)).text();
  left.resolve();
  await served;
  expect(upstream.requests.map(({ path }) => path)).toEqual(['/later', '/attempt']);
  await upstream.stop();
});

it('gives its place at the upstream to the next attempt before its usage is stored', async () => {
  const order: string[] = [];
  let store = () => {};
  const stored = new Promise<void>((resolve) => {
    store = resolve;
  });
  const usage = new UsageReporter({
    bus: {
      connected: true,
      publishDurable: async (contract) => {
        if (contract.subject === 'usage.close') await stored;
        order.push(contract.subject);
      },
    },
    logger: Logger.create('test', 'error'),
    metrics: new Metrics({ service: 'test', version: 'test', processMetrics: false }),
    source: 'worker',
    service: 'test',
    spoolFolder: '/nowhere',
  });
  const stream: StreamSender = {
    ...silent,
    signal: AbortSignal.abort(new Error('the client left')),
    end: async () => void order.push('end'),
    error: async () => void order.push('end'),
  };
  const call: PreparedCall = {
    ...callTo('http://127.0.0.1:1'),
    onAnswered: () => {
      order.push('answered');
      store();
    },
  };
  await serveAttempt(open, stream, call, toolsWith(usage));
  expect(order.filter((step) => step !== 'usage.open')).toEqual(['answered', 'usage.close', 'end']);
});
