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
import { sampleAttempt, sampleBackend, sampleDeployment, sampleOpening, sampleSnapshot } from '#testing';
import { FleetController } from '../fleet.controller.js';

export const logger = Logger.create('test', 'error');

export function connectBus(url: string, name: string): Promise<Bus> {
  const metrics = new Metrics({ service: name, version: 'test', processMetrics: false });
  return Bus.connect({ url, user: null, password: null, name, logger, metrics });
}

export function backendOf(id: string, apiBase: string, more: Partial<Backend> = {}): Backend {
  return sampleBackend({ apiBase, ...more, id });
}

export function deploymentOf(id: string, backendId: string, model: string, more: Partial<Deployment> = {}): Deployment {
  return sampleDeployment({ id, modelName: model, backendId, upstreamModel: model, ...more });
}

export function snapshotOf(
  backends: readonly Backend[],
  deployments: readonly Deployment[] = [],
  general: Partial<ConfigSnapshot['general']> = {},
): ConfigSnapshot {
  return sampleSnapshot({ revision: `r${revision++}`, backends, deployments, general });
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
  const requestId = RequestId.parse(`req_${process.pid}_${requests}`);
  const { dialect } = backend;
  return sampleOpening({
    requestId,
    attemptId: AttemptId.parse(`${requestId}.0`),
    receivedAt: new Date().toISOString(),
    model,
    attempt: sampleAttempt({
      deploymentId: 'd1',
      modelGroup: model,
      backend,
      upstreamModel: model,
      dialect,
      timeoutMs: 10_000,
      loadTimeoutMs: 10_000,
      ...attempt,
    }),
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
