/** Serves attempts against clouds: every `infer.cloud.*` opening goes to one of the replicas. */
import { join } from 'node:path';
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Bus, type StreamSender } from '#bus';
import { Environment, resolveHeaders } from '#config';
import { inferSubjects, wildcardSubject, type DeploymentId, type InferOpen, type StreamFailure } from '#contracts';
import { Secrets, Snapshots } from '#service';
import { Logger, Metrics } from '#telemetry';
import {
  AnswerTimers,
  inWorkerSpan,
  refuseAttempt,
  serveAttempt,
  UsageReporter,
  type AttemptTools,
  type CallParts,
} from '#upstream';
import { prepareCloudCall } from './cloud-call.js';
import { Credentials } from './credentials.client.js';
import { FreePace } from './free-pace.client.js';
import { freeRequestsPerDay, freeRequestsPerMinute, type Pace } from './free-pace.js';
import { ParallelPlaces, type Place } from './parallel-places.js';

@Injectable()
export class CloudController implements OnModuleInit, OnApplicationShutdown {
  private readonly usage: UsageReporter;
  private readonly tools: AttemptTools;
  private readonly places = new ParallelPlaces(() => performance.now());
  /** `max_parallel_requests` of the deployments that have one. */
  private limits: ReadonlyMap<DeploymentId, number> = new Map();
  private server: { stop(): Promise<void> } | null = null;

  constructor(
    private readonly bus: Bus,
    private readonly credentials: Credentials,
    private readonly freePace: FreePace,
    environment: Environment,
    private readonly secrets: Secrets,
    logger: Logger,
    metrics: Metrics,
    private readonly snapshots: Snapshots,
  ) {
    const spoolFolder = join(environment.dataDir, 'spool');
    this.usage = new UsageReporter({ bus, logger, metrics, source: 'worker', service: 'provider-cloud', spoolFolder });
    this.tools = {
      usage: this.usage,
      metrics,
      savingsReference: () => snapshots.current()?.general.savingsReference ?? '',
      conventionalMetrics: () => snapshots.current()?.general.conventionalMetrics === true,
      now: () => performance.now(),
    };
  }

  async onModuleInit(): Promise<void> {
    await this.usage.start();
    this.snapshots.onChange(({ deployments }) => {
      this.limits = new Map(
        deployments.flatMap(({ id, maxParallelRequests: most }) => (most === null ? [] : [[id, most] as const])),
      );
    });
    const subject = wildcardSubject(inferSubjects.cloud);
    this.server = this.bus.serveStreams({
      subject,
      queue: 'workers',
      handle: (open, stream) => inWorkerSpan(inferSubjects.cloud, stream, () => this.serve(open, stream)),
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.server?.stop();
    await this.usage.stop();
  }

  private async serve(open: InferOpen, stream: StreamSender): Promise<void> {
    const credential = this.credentials.of(open.attempt.backend);
    if (credential.kind === 'missing') return refuseAttempt(open, stream, credential.failure, this.tools);
    const headers = resolveHeaders(open.attempt.extraHeaders, this.secrets.variables());
    const prepared = prepareCloudCall(open, { key: credential.key, headers }, Date.now());
    if (prepared.kind === 'refused') return refuseAttempt(open, stream, prepared.failure, this.tools);
    const place = await this.placeFor(open, stream);
    if (place.kind !== 'taken') return stream.error(withoutPlace(place.kind));
    try {
      await this.ask(open, stream, prepared.parts, place);
    } finally {
      place.free();
    }
  }

  /** Waits where as many requests run as the deployment may have at once: no longer than the answer may take. */
  private async placeFor(open: InferOpen, stream: StreamSender): Promise<Place> {
    const { attempt, priority, maxWaitMs } = open;
    const snapshot = this.snapshots.current();
    const limit = this.limits.get(attempt.deploymentId);
    if (snapshot === null || limit === undefined) return noLimit;
    const { maxQueueLength: maxLength, maxModelWaitMs: promoteAfterMs } = snapshot.general;
    const { deploymentId } = attempt;
    const place = await this.places.enter(
      {
        deploymentId,
        priority,
        limit,
        maxLength,
        maxWaitMs: Math.min(maxWaitMs ?? attempt.timeoutMs, attempt.timeoutMs),
        promoteAfterMs,
      },
      (notice) => stream.queued(notice),
      stream.signal,
    );
    if (place.kind === 'taken')
      this.tools.metrics.observe(
        'signalbox_queue_wait_seconds',
        { backend: attempt.backend.id },
        place.waitedMs / 1000,
      );
    return place;
  }

  private async ask(
    open: InferOpen,
    stream: StreamSender,
    parts: CallParts,
    place: Extract<Place, { kind: 'taken' }>,
  ): Promise<void> {
    const { attempt } = open;
    const pace = isFreeModel(open) ? await this.freePace.take(attempt.backend.id, Date.now()) : null;
    if (pace !== null && pace.limit !== null) return stream.error(tooFast(pace));
    const timers = new AnswerTimers({
      loadMs: attempt.timeoutMs,
      firstContentMs: attempt.firstTokenTimeoutMs,
      idleMs: attempt.timeoutMs,
    });
    const queuedMs = place === noLimit ? null : place.waitedMs;
    const call = { ...parts, timers, loading: false, queuedMs, onAnswered: place.free };
    await serveAttempt(open, stream, call, this.tools);
  }
}

const noLimit = { kind: 'taken', waitedMs: 0, free: () => {} } as const;

const words: Readonly<Record<Exclude<Place['kind'], 'taken' | 'cancelled'>, string>> = {
  full: 'Too many requests wait for the deployment already.',
  expired: 'The deployment had too much to do to answer in time.',
};

/** The deployment is busy, not broken. `impatient`: the request may wait no longer, so it is not to come again after a while. */
function withoutPlace(kind: Exclude<Place['kind'], 'taken'>): StreamFailure {
  if (kind === 'cancelled') return { code: 'client_closed_request', details: {}, blame: 'request', retryAfterMs: null };
  const retryAfterMs = 1_000;
  const details = { message: words[kind], retryAfterMs, ...(kind === 'expired' ? { impatient: true } : {}) };
  return { code: 'backend_overloaded', details, blame: 'gateway', retryAfterMs };
}

function isFreeModel({ attempt }: InferOpen): boolean {
  return attempt.backend.provider === 'openrouter' && attempt.upstreamModel.endsWith(':free');
}

/** Not asked at all: a refused request would count as well. */
function tooFast({ limit, waitMs }: Exclude<Pace, { limit: null }>): StreamFailure {
  const per =
    limit === 'day' ? `${freeRequestsPerDay} requests per day` : `${freeRequestsPerMinute} requests per minute`;
  const message = `The ${per} to the account's free models are used up.`;
  const retryAfterMs = Math.ceil(waitMs);
  return { code: 'rate_limit_exceeded', details: { message, retryAfterMs }, blame: 'gateway', retryAfterMs };
}
