/** Tells routers how each attempt ended, and health what is new in that, and counts it. */
import { Injectable } from '@nestjs/common';
import { Bus } from '#bus';
import {
  AttemptOutcome,
  BackendNews,
  type Attempt,
  type AttemptOutcomeEvent,
  type RequestId,
  type StreamFailure,
  type UsageNotice,
} from '#contracts';
import { Metrics } from '#telemetry';
import { OutcomeNews } from './outcome-news.js';

export interface AttemptEnd {
  readonly requestId: RequestId;
  readonly attempt: Attempt;
  readonly stream: boolean;
  readonly failure: StreamFailure | null;
  readonly usage: UsageNotice | null;
  readonly durationMs: number;
}

@Injectable()
export class OutcomePublisher {
  private readonly news = new OutcomeNews();

  constructor(
    private readonly bus: Bus,
    private readonly metrics: Metrics,
  ) {}

  /** Says that a plan was not needed, so that routers do not count its first attempt as running. */
  unused(requestId: RequestId, attempt: Attempt): void {
    this.neutral(requestId, attempt, { unused: true });
  }

  /** Says that an attempt is over of which nothing was learnt: the client left before the first content. */
  left(requestId: RequestId, attempt: Attempt): void {
    this.neutral(requestId, attempt, {});
  }

  private neutral(requestId: RequestId, attempt: Attempt, more: { unused?: true }): void {
    this.bus.publish(
      AttemptOutcome,
      {
        v: 1,
        requestId,
        backendId: attempt.backend.id,
        deploymentId: attempt.deploymentId,
        modelGroup: attempt.modelGroup,
        ok: false,
        errorCode: null,
        upstreamStatus: null,
        blame: 'gateway',
        retryAfterMs: null,
        ...more,
        durationMs: 0,
        firstTokenMs: null,
        inputTokens: 0,
        outputTokens: 0,
        stream: false,
        at: new Date().toISOString(),
      },
      { tokens: { backend: attempt.backend.id } },
    );
  }

  publish(end: AttemptEnd): void {
    const { attempt, failure, usage } = end;
    const status = failure?.details['upstreamStatus'];
    const outcome: AttemptOutcomeEvent = {
      v: 1,
      requestId: end.requestId,
      backendId: attempt.backend.id,
      deploymentId: attempt.deploymentId,
      modelGroup: attempt.modelGroup,
      ok: failure === null,
      errorCode: failure?.code ?? null,
      upstreamStatus: typeof status === 'number' ? status : null,
      blame: failure?.blame ?? 'backend',
      retryAfterMs: failure?.retryAfterMs ?? null,
      ...(failure?.scope === undefined ? {} : { scope: failure.scope }),
      durationMs: end.durationMs,
      firstTokenMs: usage?.firstTokenMs ?? null,
      inputTokens: usage?.usage.inputTokens ?? 0,
      outputTokens: usage?.usage.outputTokens ?? 0,
      stream: end.stream,
      at: new Date().toISOString(),
    };
    const options = { tokens: { backend: attempt.backend.id } };
    this.bus.publish(AttemptOutcome, outcome, options);
    if (this.news.isNews(outcome.backendId, outcome.ok, performance.now()))
      this.bus.publish(BackendNews, outcome, options);
    this.metrics.count('signalbox_attempts_total', {
      backend: attempt.backend.id,
      model: attempt.modelGroup,
      outcome: failure === null ? 'success' : 'failure',
      error_type: failure?.code ?? '',
    });
  }
}
