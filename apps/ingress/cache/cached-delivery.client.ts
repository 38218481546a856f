/** Answers a request with a kept answer, and tells the log, the metrics, the ledger and the routers of it. */
import { Injectable } from '@nestjs/common';
import type { Attempt, CachedAnswer, UsageNotice } from '#contracts';
import { Logger, Metrics } from '#telemetry';
import { Callbacks } from '../callbacks/callbacks.client.js';
import type { RunningRequest } from '../completion/completion-runner.client.js';
import { Delivery } from '../completion/delivery.client.js';
import { OutcomePublisher } from '../completion/outcome.publisher.js';
import { requestLogLine } from '../completion/request-record.js';
import { traceEnding } from '../completion/request-trace.client.js';
import { nothingUsed, Settlement } from '../completion/settlement.publisher.js';
import { answerHeaders } from '../http/response-headers.js';
import { ServerConventions } from '../metrics/conventional-metrics.publisher.js';
import { FinishedPublisher } from '../metrics/request-finished.publisher.js';
import { replayBytes, shownUsage } from './replay.js';
import type { CacheHit } from './response-cache.client.js';

@Injectable()
export class CachedDelivery {
  constructor(
    private readonly settlement: Settlement,
    private readonly outcomes: OutcomePublisher,
    private readonly told: FinishedPublisher,
    private readonly callbacks: Callbacks,
    private readonly logger: Logger,
    private readonly metrics: Metrics,
    private readonly conventions: ServerConventions,
  ) {}

  /** Resolves when the answer is on its way and its row is stored or spooled. */
  async deliver(running: RunningRequest, hit: CacheHit): Promise<void> {
    const { job, plan } = running;
    const [planned] = plan.attempts;
    if (planned === undefined) return;
    const attempt = servedBy(hit.entry, planned);
    const durationMs = () => performance.now() - job.scope.startedMs;
    const delivery = new Delivery(job.writer, {
      stream: job.stream,
      dialect: job.answerDialect,
      model: job.model,
      requestId: job.scope.requestId,
      queueComments: false,
      now: () => performance.now(),
      headers: () => ({
        ...answerHeaders({
          plan: { ...plan, attempts: [attempt] },
          attempt,
          tried: [attempt],
          costUsd: 0,
          overheadMs: durationMs(),
          explain: job.key.role !== 'user' && job.header('x-signalbox-explain') === '1',
          truncated: false,
        }),
        ...running.admission.headers,
        'x-litellm-cache-key': hit.key,
        'x-signalbox-cache': 'hit',
      }),
    });
    const bytes = replayBytes(hit.entry, {
      dialect: job.answerDialect,
      stream: job.stream,
      requestId: job.scope.requestId,
      model: job.model,
      includeUsage: job.includeUsage,
      inputTokens: running.facts.inputTokens,
      ...(job.answerSettings === undefined ? {} : { settings: job.answerSettings }),
    });
    running.answer?.add(bytes);
    await delivery.bytes(bytes, true);
    this.outcomes.unused(job.scope.requestId, planned);
    this.tell(running, hit.entry, attempt, durationMs());
    await this.settlement.settleHit(running, attempt, durationMs());
  }

  private tell(running: RunningRequest, entry: CachedAnswer, attempt: Attempt, durationMs: number): void {
    const { job } = running;
    traceEnding(running, [], 'success');
    const { modelGroup, backend } = attempt;
    job.scope.span.setAttributes({
      'gateway.cache': 'hit',
      'gateway.model.served': modelGroup,
      'gateway.backend': backend.id,
      'gateway.provider': backend.provider,
    });
    this.callbacks.finished(running, [], { delivered: true, clientGone: false });
    this.logger.info(
      requestLogLine({
        requestId: job.scope.requestId,
        traceId: job.scope.traceId,
        model: job.model,
        endpoint: job.dialect,
        stream: job.stream,
        key: job.key,
        attempt,
        attempts: 0,
        usage: freeUsage(entry),
        cloudEquivalentNanoUsd: null,
        success: true,
        errorCode: null,
        durationMs,
        firstTokenMs: durationMs,
        overheadMs: durationMs,
        clientGone: false,
        cacheHit: true,
      }),
      'request',
    );
    const model = running.plan.modelGroup;
    const { provider } = attempt.backend;
    const labels = { route: job.dialect, model, outcome: 'success' };
    this.metrics.count('signalbox_requests_total', { ...labels, provider, stream: String(job.stream) });
    this.metrics.observe('signalbox_request_duration_seconds', labels, durationMs / 1000);
    const { inputTokens, outputTokens } = shownUsage(entry);
    if (this.conventions.areWanted)
      this.conventions.finished({
        job,
        model,
        provider,
        answeredBy: entry.upstreamModel,
        errorType: null,
        durationMs,
        firstContentMs: null,
        outputTokens,
      });
    this.told.cached(running, entry.upstreamModel, inputTokens + outputTokens);
  }
}

/** The attempt that made the entry, as far as a report names it. */
function servedBy(entry: CachedAnswer, planned: Attempt): Attempt {
  const { deploymentId, modelGroup, upstreamModel, backendId: id, provider } = entry;
  return { ...planned, deploymentId, modelGroup, upstreamModel, backend: { ...planned.backend, id, provider } };
}

/** The answer's own tokens, for the log line: they cost nothing now. */
function freeUsage(entry: CachedAnswer): UsageNotice {
  return {
    usage: { ...nothingUsed, ...shownUsage(entry) },
    costNanoUsd: 0,
    costSource: 'free',
    upstreamModel: entry.upstreamModel,
    finishReason: null,
    firstTokenMs: null,
    durationMs: 0,
    loadMs: null,
    tokensPerSecond: null,
    durable: true,
  };
}
