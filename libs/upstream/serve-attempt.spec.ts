import { expect, it } from 'vitest';
import type { StreamSender } from '#bus';
import { InferOpen } from '#contracts';
import { Logger, Metrics } from '#telemetry';
import { AnswerTimers } from './answer-timers.js';
import { serveAttempt, type PreparedCall } from './serve-attempt.js';
import { usageClose } from './usage.fixtures.js';
import { UsageReporter } from './usage-reporter.client.js';

const open = InferOpen.parse({
  ...usageClose,
  receivedAt: usageClose.startedAt,
  dialect: 'openai-chat',
  includeUsage: false,
  model: 'm',
  attempt: {
    params: {},
    extraBody: {},
    extraHeaders: {},
    dropParams: false,
    additionalDropParams: [],
    systemPrompt: null,
    price: null,
    capabilities: { tools: null, vision: null, jsonSchema: null, reasoning: null },
    deploymentId: 'd-1',
    modelGroup: 'm',
    upstreamModel: 'm',
    dialect: 'ollama',
    kind: 'local',
    dataPolicy: 'local',
    maxInputTokens: null,
    maxOutputTokens: null,
    timeoutMs: 1_000,
    firstTokenTimeoutMs: null,
    loadTimeoutMs: 1_000,
    delayMs: 0,
    retry: 0,
    fallbackFrom: null,
    onlyAfter: 'any',
    truncateToTokens: null,
    backend: {
      id: 'b-1',
      kind: 'local',
      provider: 'ollama',
      dialect: 'ollama',
      apiBase: 'http://127.0.0.1:1',
      apiKey: null,
      apiVersion: null,
      organization: null,
      maxParallelRequests: null,
    },
    why: 'test',
  },
  requestKind: 'chat',
  request: { messages: [] },
  priority: 'normal',
  maxWaitMs: null,
  deadlineMs: 30_000,
  inputTokens: 5,
});

it('gives its place at the upstream to the next attempt before its usage is stored', async () => {
  const order: string[] = [];
  let store = () => {};
  const stored = new Promise<void>((resolve) => {
    store = resolve;
  });
  const usage = new UsageReporter({
    bus: {
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
    signal: AbortSignal.abort(new Error('the client left')),
    traceparent: null,
    queued: () => {},
    accepted: () => {},
    data: async () => {},
    usage: () => {},
    end: async () => void order.push('end'),
    error: async () => void order.push('end'),
  };
  const call: PreparedCall = {
    request: { method: 'POST', url: 'http://127.0.0.1:1', headers: {}, body: '' },
    decoder: { push: () => [], end: () => [] },
    writer: { event: () => null, finish: () => new Uint8Array(), fail: () => null },
    timers: new AnswerTimers({ loadMs: 1_000, firstContentMs: null, idleMs: 1_000 }),
    readError: () => ({ code: 'upstream_error', status: 500, message: '', blame: 'backend', retryAfterMs: null }),
    loading: false,
    queuedMs: 0,
    onAnswered: () => {
      order.push('answered');
      store();
    },
  };
  const tools = {
    usage,
    metrics: new Metrics({ service: 'test', version: 'test', processMetrics: false }),
    savingsReference: () => 'gpt-4o',
    now: () => performance.now(),
  };
  await serveAttempt(open, stream, call, tools);
  expect(order.filter((step) => step !== 'usage.open')).toEqual(['answered', 'usage.close', 'end']);
});
