/** What is told of a request: its log line, its metrics, the outcome of each attempt, and usage that a worker could not report. */
import { Injectable } from '@nestjs/common';
import { errorTable, GatewayError, type Attempt, type DataPolicy, type Plan, type StreamFailure } from '#contracts';
import { Logger, Metrics } from '#telemetry';
import { Callbacks } from '../callbacks/callbacks.client.js';
import { ServerConventions } from '../metrics/conventional-metrics.publisher.js';
import { FinishedPublisher } from '../metrics/request-finished.publisher.js';
import type { ServedRequest } from '../metrics/served-request.js';
import { countAnswer } from './answer-metrics.js';
import type { AttemptState } from './attempt-run.client.js';
import type { CompletionJob, RunningRequest } from './completion-runner.client.js';
import { OutcomePublisher } from './outcome.publisher.js';
import { overheadOf } from './overhead.js';
import { requestLogLine } from './request-record.js';
import { traceEnding, traceRefusal } from './request-trace.client.js';
import { Settlement } from './settlement.publisher.js';

export interface Ending {
  /** The client has the whole answer. */
  readonly delivered: boolean;
  readonly clientGone: boolean;
}

/** How a request ended, for all who are told. */
interface Told {
  readonly last: AttemptState | undefined;
  readonly success: boolean;
  readonly clientGone: boolean;
  readonly outcome: string;
  readonly durationMs: number;
  /** null where no content came. */
  readonly firstTokenMs: number | null;
}

@Injectable()
export class RequestJournal {
  constructor(
    private readonly logger: Logger,
    private readonly metrics: Metrics,
    private readonly outcomes: OutcomePublisher,
    private readonly settlement: Settlement,
    private readonly told: FinishedPublisher,
    private readonly callbacks: Callbacks,
    private readonly conventions: ServerConventions,
  ) {
    metrics.expect('signalbox_rejections_total', ...Object.keys(errorTable).map((reason) => ({ reason })));
  }

  began(job: CompletionJob): void {
    this.metrics.add(job.stream ? 'signalbox_open_streams' : 'signalbox_inflight_requests', { route: job.dialect }, 1);
  }

  movedOn(plan: Plan, from: Attempt | null, to: Attempt, after: StreamFailure): void {
    this.logger.warn(
      { model: plan.model, from: from?.deploymentId, to: to.deploymentId, after: after.code, detail: after.details },
      'an attempt failed, the next one is tried',
    );
    if (from === null || from.modelGroup === to.modelGroup) return;
    this.metrics.count('signalbox_fallbacks_total', {
      from_model: from.modelGroup,
      to_model: to.modelGroup,
      reason: after.code,
    });
  }

  /** Whether the answer is to be collected: somebody is told it, and the key allows that. */
  listens(job: CompletionJob, dataPolicy: DataPolicy | null): boolean {
    return this.callbacks.wantsContent(job, dataPolicy);
  }

  /** Refused before or during planning and admission, or failed without a byte. */
  rejected(job: CompletionJob, error: unknown): void {
    const code = error instanceof GatewayError ? error.code : 'internal_error';
    this.metrics.count('signalbox_rejections_total', { reason: code });
    this.told.rejected(job, error);
    this.callbacks.rejected(job, code);
    traceRefusal(job);
    this.logger.info(
      { request_id: job.scope.requestId, trace_id: job.scope.traceId, key_alias: job.key.alias, error: code },
      'request refused',
    );
  }

  /** Tells routers that the first attempt of a plan, which they count as running, is not made. */
  unused(job: CompletionJob, attempt: Attempt): void {
    this.outcomes.unused(job.scope.requestId, attempt);
  }

  /** Tells routers and health how an attempt ended, once. */
  attemptEnded({ job }: RunningRequest, state: AttemptState, failure: StreamFailure | null): void {
    if (state.told) return;
    state.told = true;
    this.outcomes.publish({
      requestId: job.scope.requestId,
      attempt: state.attempt,
      stream: job.stream,
      failure,
      usage: state.usage,
      durationMs: performance.now() - state.startedMs,
    });
  }

  /** An attempt is over without an answer, and the request may go on with the next. */
  attemptFailed(running: RunningRequest, state: AttemptState): void {
    this.settlement.report(running, state, attemptOnly);
  }

  async finished(running: RunningRequest, states: readonly AttemptState[], ending: Ending): Promise<void> {
    const { job } = running;
    this.metrics.add(job.stream ? 'signalbox_open_streams' : 'signalbox_inflight_requests', { route: job.dialect }, -1);
    const [planned] = running.plan.attempts;
    if (states.length === 0 && planned !== undefined) this.unused(job, planned);
    for (const state of states) {
      const failed = state.failure ?? (ending.delivered || ending.clientGone ? null : undefinedEnd);
      if (failed !== null || !ending.clientGone || state.firstContentMs !== null)
        this.attemptEnded(running, state, failed);
      else if (!state.told) this.outcomes.left(job.scope.requestId, state.attempt);
    }
    this.tell(running, states, ending);
    this.told.finished(running, states, ending);
    this.callbacks.finished(running, states, ending);
    await this.settlement.settle(running, states, ending);
  }

  private tell(running: RunningRequest, states: readonly AttemptState[], ending: Ending): void {
    const { startedMs } = running.job.scope;
    const last = states.at(-1);
    const success = ending.delivered && (last?.failure ?? null) === null;
    const outcome = success
      ? 'success'
      : ending.clientGone
        ? 'client_disconnected'
        : (last?.failure?.code ?? 'failure');
    const durationMs = performance.now() - startedMs;
    const firstTokenMs = last?.firstContentMs == null ? null : last.firstContentMs - startedMs;
    const told: Told = { last, success, clientGone: ending.clientGone, outcome, durationMs, firstTokenMs };
    this.log(running, told, states.length);
    this.count(running, told);
    if (last !== undefined) {
      const ended = success ? 'delivered' : ending.clientGone ? 'left' : 'failed';
      countAnswer(this.metrics, last.attempt.modelGroup, last.usage, ended);
    }
    if (this.conventions.areWanted) this.conventions.finished(servedRequest(running, told));
    this.countOverhead(running, states);
    traceEnding(running, states, outcome);
  }

  private log({ job }: RunningRequest, told: Told, attempts: number): void {
    const { last, success, clientGone, durationMs, firstTokenMs } = told;
    this.logger.info(
      requestLogLine({
        requestId: job.scope.requestId,
        traceId: job.scope.traceId,
        model: job.model,
        endpoint: job.dialect,
        stream: job.stream,
        key: job.key,
        attempt: last?.attempt ?? null,
        attempts,
        usage: last?.usage ?? null,
        cloudEquivalentNanoUsd: this.settlement.cloudEquivalent(last),
        success,
        errorCode: last?.failure?.code ?? null,
        durationMs,
        firstTokenMs,
        overheadMs: Math.max(0, durationMs - (last?.usage?.durationMs ?? 0)),
        clientGone,
        cacheHit: false,
      }),
      'request',
    );
  }

  private count({ job, plan }: RunningRequest, told: Told): void {
    const { metrics } = this;
    const { last, clientGone, outcome, durationMs, firstTokenMs } = told;
    const model = plan.modelGroup;
    const provider = providerOf(last);
    const route = job.dialect;
    metrics.count('signalbox_requests_total', { route, model, provider, outcome, stream: String(job.stream) });
    metrics.observe('signalbox_request_duration_seconds', { route, model, outcome }, durationMs / 1000);
    if (firstTokenMs !== null)
      metrics.observe('signalbox_time_to_first_token_seconds', { model, provider }, firstTokenMs / 1000);
    if (clientGone)
      metrics.count('signalbox_client_disconnects_total', {
        model,
        phase: firstTokenMs === null ? 'before_first_token' : 'streaming',
      });
  }

  private countOverhead({ job }: RunningRequest, states: readonly AttemptState[]): void {
    const { steps, startedMs } = job.scope;
    const attempts = states.map(({ usage, ...times }) => ({
      ...times,
      workerMs: job.stream ? (usage?.firstTokenMs ?? null) : (usage?.durationMs ?? null),
    }));
    for (const [stage, seconds] of overheadOf({ steps, startedMs, attempts }))
      this.metrics.observe('signalbox_overhead_seconds', { stage }, seconds);
  }
}

function providerOf(last: AttemptState | undefined): string {
  return last?.attempt.backend.provider ?? 'none';
}

function servedRequest({ job, plan }: RunningRequest, told: Told): ServedRequest {
  const { last, success, clientGone, outcome, durationMs, firstTokenMs } = told;
  return {
    job,
    model: plan.modelGroup,
    provider: providerOf(last),
    answeredBy: last?.usage?.upstreamModel ?? last?.attempt.upstreamModel ?? null,
    errorType: success || clientGone ? null : outcome,
    durationMs,
    firstContentMs: firstTokenMs,
    outputTokens: last?.usage?.usage.outputTokens ?? 0,
  };
}

/** Whatever becomes of the request, this attempt did not answer it. */
const attemptOnly: Ending = { delivered: false, clientGone: false };
const undefinedEnd: StreamFailure = { code: 'internal_error', details: {}, blame: 'gateway', retryAfterMs: null };
