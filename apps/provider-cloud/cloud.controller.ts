/** Serves attempts against clouds: every `infer.cloud.*` opening goes to one of the replicas. */
import { join } from 'node:path';
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Bus, type StreamSender } from '#bus';
import { Environment, resolveHeaders } from '#config';
import { inferSubjects, wildcardSubject, type InferOpen, type StreamFailure } from '#contracts';
import { Secrets, Snapshots } from '#service';
import { Logger, Metrics } from '#telemetry';
import { AnswerTimers, inWorkerSpan, refuseAttempt, serveAttempt, UsageReporter, type AttemptTools } from '#upstream';
import { prepareCloudCall } from './cloud-call.js';
import { Credentials } from './credentials.client.js';
import { FreePace } from './free-pace.client.js';
import { freeRequestsPerDay, freeRequestsPerMinute, type Pace } from './free-pace.js';

@Injectable()
export class CloudController implements OnModuleInit, OnApplicationShutdown {
  private readonly usage: UsageReporter;
  private readonly tools: AttemptTools;
  private server: { stop(): Promise<void> } | null = null;

  constructor(
    private readonly bus: Bus,
    private readonly credentials: Credentials,
    private readonly freePace: FreePace,
    environment: Environment,
    private readonly secrets: Secrets,
    logger: Logger,
    metrics: Metrics,
    snapshots: Snapshots,
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
    const { attempt } = open;
    const pace = isFreeModel(open) ? await this.freePace.take(attempt.backend.id, Date.now()) : null;
    if (pace !== null && pace.limit !== null) return stream.error(tooFast(pace));
    const timers = new AnswerTimers({
      loadMs: attempt.timeoutMs,
      firstContentMs: attempt.firstTokenTimeoutMs,
      idleMs: attempt.timeoutMs,
    });
    await serveAttempt(open, stream, { ...prepared.parts, timers, loading: false, queuedMs: null }, this.tools);
  }
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
