/** A worker in this process on a real bus, with a fake Ollama behind it, and what an ingress would send to it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { Bus, type ReceivedFrame } from '#bus';
import { Environment } from '#config';
import {
  AttemptId,
  ConfigSnapshot,
  fillSubject,
  InferOpen,
  inferSubjects,
  ProbeBackend,
  RequestId,
  ConfigBucket,
  type Backend,
  type Deployment,
  type ProbeReply,
} from '#contracts';
import { Readiness, Secrets, Snapshots } from '#service';
import { Logger, Metrics } from '#telemetry';
import { FleetController } from '../fleet.controller.js';

export const logger = Logger.create('test', 'error');

export function connectBus(url: string, name: string): Promise<Bus> {
  const metrics = new Metrics({ service: name, version: 'test', processMetrics: false });
  return Bus.connect({ url, user: null, password: null, name, logger, metrics });
}

export function backendOf(id: string, apiBase: string, more: Partial<Backend> = {}): Backend {
  const fixed = { apiKey: null, apiVersion: null, organization: null, maxParallelRequests: null };
  const backend = { kind: 'local', provider: 'ollama', dialect: 'ollama', apiBase, ...fixed, ...more, id };
  return ConfigSnapshot.shape.backends.element.parse(backend);
}

export function deploymentOf(id: string, backendId: string, model: string, more: Partial<Deployment> = {}): Deployment {
  return ConfigSnapshot.shape.deployments.element.parse({
    id,
    modelName: model,
    backendId,
    provider: 'ollama',
    upstreamModel: model,
    mode: 'chat',
    order: null,
    weight: null,
    rpm: null,
    tpm: null,
    maxParallelRequests: null,
    timeoutMs: 10_000,
    streamTimeoutMs: null,
    loadTimeoutMs: 10_000,
    numRetries: null,
    allowedFails: null,
    cooldownMs: null,
    params: {},
    extraBody: {},
    extraHeaders: {},
    dropParams: false,
    additionalDropParams: [],
    systemPrompt: null,
    price: null,
    capabilities: { tools: null, vision: null, jsonSchema: null, reasoning: null },
    maxInputTokens: null,
    maxOutputTokens: null,
    dataPolicy: 'local',
    tags: [],
    accessGroups: [],
    fallbackModels: [],
    missingVariables: [],
    path: 'model_list[0]',
    modelInfo: {},
    ...more,
  });
}

export function snapshotOf(
  backends: readonly Backend[],
  deployments: readonly Deployment[] = [],
  general: Partial<ConfigSnapshot['general']> = {},
): ConfigSnapshot {
  return ConfigSnapshot.parse({
    v: 1,
    revision: `r${revision++}`,
    backends,
    deployments,
    complexityRouters: [],
    routing: {
      strategy: null,
      strategyArgs: {},
      numRetries: 0,
      retryAfterMs: 0,
      retryPolicy: {},
      allowedFails: 3,
      cooldownMs: 5_000,
      disableCooldowns: false,
      maxFallbacks: 5,
      fallbacks: {},
      defaultFallbacks: [],
      contextWindowFallbacks: {},
      contentPolicyFallbacks: {},
      aliases: {},
      enableTagFiltering: false,
      tagFilteringMatchAny: false,
      firstTokenTimeoutMs: null,
      unknownModel: 'reject',
      contextOverflow: 'reject',
    },
    general: {
      masterKey: null,
      corsOrigins: null,
      timezone: 'UTC',
      maxBudget: null,
      budgetDuration: null,
      budgetExceededStatus: 429,
      alerting: [],
      alertThresholds: [],
      successCallbacks: [],
      failureCallbacks: [],
      healthCheckIntervalMs: 15_000,
      backgroundHealthChecks: true,
      cache: { enabled: false, type: 'local', ttlMs: 1_000, scope: 'key', mode: 'default_on', namespace: null },
      prometheusOnMainPort: false,
      requireAuthForMetrics: true,
      maxRequestBytes: 1_000_000,
      spendRetentionDays: null,
      savingsReference: 'openai/gpt-4o',
      queueComments: true,
      maxModelWaitMs: 20_000,
      maxQueueLength: 100,
      keepWarm: [],
      autoPull: false,
      usageSpan: 'link',
      extras: {},
      ...general,
    },
    declaredKeys: [],
    discoverBackends: [],
    problems: [],
    refused: null,
  });
}

let revision = 0;

/** Publishes a config as the router does. */
export async function publish(bus: Bus, snapshot: ConfigSnapshot): Promise<void> {
  const bucket = await bus.bucket(ConfigBucket);
  await bucket.put('snapshot', snapshot);
}

export interface Worker {
  readonly bus: Bus;
  readonly metrics: Metrics;
  readonly fleet: FleetController;
  /** As on SIGTERM. */
  stop(): Promise<void>;
  /** As on SIGKILL: the bus is cut, nothing is said. */
  kill(): Promise<void>;
}

/** Starts a worker as runService would, without a process of its own. */
export async function startWorker(natsUrl: string, env: Record<string, string> = {}): Promise<Worker> {
  const dataDir = await mkdtemp(join(tmpdir(), 'signalbox-worker-'));
  const environment = Environment.parse({ NATS_URL: natsUrl, SIGNALBOX_DATA_DIR: dataDir, ...env });
  const metrics = new Metrics({ service: 'provider-ollama', version: 'test', processMetrics: false });
  const bus = await Bus.connect({ url: natsUrl, user: null, password: null, name: 'worker', logger, metrics });
  const snapshots = new Snapshots(bus, logger, metrics, new Readiness());
  const secrets = new Secrets({ environment, snapshots, logger });
  await snapshots.start();
  const fleet = new FleetController(bus, environment, logger, metrics, snapshots, secrets);
  await fleet.onApplicationBootstrap();
  const close = async () => {
    snapshots.stop();
    await bus.drain();
    await rm(dataDir, { recursive: true, force: true });
  };
  return {
    bus,
    metrics,
    fleet,
    stop: async () => {
      await fleet.onApplicationShutdown();
      await close();
    },
    kill: async () => {
      await close();
      await fleet.onApplicationShutdown();
    },
  };
}

let requests = 0;

/** An opening for a chat on a backend. */
export function openingOf(
  backend: Backend,
  model: string,
  more: Record<string, unknown> = {},
  attempt: object = {},
): InferOpen {
  requests += 1;
  const {
    params,
    extraBody,
    extraHeaders,
    dropParams,
    additionalDropParams,
    systemPrompt,
    price,
    capabilities,
    ...rest
  } = deploymentOf('d1', backend.id, model);
  const requestId = RequestId.parse(`req_${process.pid}_${requests}`);
  return InferOpen.parse({
    v: 1,
    requestId,
    attemptId: AttemptId.parse(`${requestId}.0`),
    receivedAt: new Date().toISOString(),
    dialect: 'openai-chat',
    stream: true,
    includeUsage: false,
    model,
    attempt: {
      params,
      extraBody,
      extraHeaders,
      dropParams,
      additionalDropParams,
      systemPrompt,
      price,
      capabilities,
      deploymentId: rest.id,
      modelGroup: model,
      backend,
      upstreamModel: model,
      dialect: backend.dialect,
      kind: 'local',
      dataPolicy: 'local',
      maxInputTokens: null,
      maxOutputTokens: null,
      timeoutMs: 10_000,
      firstTokenTimeoutMs: null,
      loadTimeoutMs: 10_000,
      delayMs: 0,
      retry: 0,
      fallbackFrom: null,
      onlyAfter: 'any',
      truncateToTokens: null,
      why: 'test',
      ...attempt,
    },
    requestKind: 'chat',
    request: { messages: [{ role: 'user', content: [{ type: 'text', text: 'Which lamp is lit?' }] }] },
    payer: {
      keyId: null,
      keyAlias: null,
      teamId: null,
      userId: null,
      endUser: null,
      tags: [],
      leases: [],
      reservedNanoUsd: 0,
    },
    priority: 'normal',
    maxWaitMs: null,
    deadlineMs: 30_000,
    inputTokens: 5,
    ...more,
  });
}

export interface Heard {
  readonly frames: readonly ReceivedFrame[];
  readonly text: string;
  readonly failure: Extract<ReceivedFrame, { type: 'error' }>['failure'] | null;
  readonly usage: Extract<ReceivedFrame, { type: 'usage' }>['notice'] | null;
  readonly accepted: Extract<ReceivedFrame, { type: 'accepted' }>['notice'] | null;
}

/** Sends an opening and hears it out; `onFrame` may cancel it. */
export async function ask(
  bus: Bus,
  open: InferOpen,
  options: { signal?: AbortSignal; onFrame?: (frame: ReceivedFrame) => void } = {},
): Promise<Heard> {
  const subject = fillSubject(inferSubjects.local, { backend: open.attempt.backend.id });
  const frames: ReceivedFrame[] = [];
  const stream = bus.openStream(subject, open, { signal: options.signal ?? new AbortController().signal });
  for await (const frame of stream) {
    frames.push(frame);
    options.onFrame?.(frame);
  }
  const bytes = frames.flatMap((frame) => (frame.type === 'data' ? [frame.bytes] : []));
  return {
    frames,
    text: Buffer.concat(bytes).toString(),
    failure: frames.find((frame) => frame.type === 'error')?.failure ?? null,
    usage: frames.findLast((frame) => frame.type === 'usage')?.notice ?? null,
    accepted: frames.find((frame) => frame.type === 'accepted')?.notice ?? null,
  };
}

/** Resolves once `check` gives something; rejects after a while. */
export async function eventually<T>(
  check: () => Promise<T | null | false> | T | null | false,
  limitMs = 10_000,
): Promise<T> {
  const until = performance.now() + limitMs;
  for (;;) {
    const value = await check();
    if (value !== null && value !== false) return value;
    if (performance.now() > until) throw new Error('it did not happen in time');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Resolves once somebody serves the backend and has looked at it. */
export function served(bus: Bus, backend: Backend): Promise<ProbeReply> {
  return eventually(() =>
    bus.request(ProbeBackend, { v: 1, backend }, { tokens: { backend: backend.id } }).catch(() => null),
  );
}

const Chunk = z.object({ choices: z.array(z.object({ delta: z.object({ content: z.string().nullish() }) })) });

/** The text of a streamed chat completion. */
export function contentOf(sse: string): string {
  return sse
    .split('\n')
    .flatMap((line) => (line.startsWith('data: {') ? [Chunk.parse(JSON.parse(line.slice(6)))] : []))
    .map(({ choices }) => choices[0]?.delta.content ?? '')
    .join('');
}
