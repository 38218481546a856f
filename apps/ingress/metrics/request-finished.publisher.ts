/** Tells every ingress what became of a request, where the config asks for LiteLLM's metrics. */
import { Injectable } from '@nestjs/common';
import { Bus } from '#bus';
import {
  errorTable,
  GatewayError,
  isErrorCode,
  RequestFinished,
  type Plan,
  type RequestFinishedEvent,
} from '#contracts';
import { Snapshots } from '#service';
import type { AttemptState } from '../completion/attempt-run.client.js';
import type { CompletionJob, RunningRequest } from '../completion/completion-runner.client.js';

/** What an attempt counts as that ended with its request, without a failure of its own. */
const unfinished = 'service_unavailable';

@Injectable()
export class FinishedPublisher {
  /** A request that fails before its first byte is first finished and then refused: it counts once. */
  private readonly told = new WeakSet<CompletionJob>();

  constructor(
    private readonly bus: Bus,
    private readonly snapshots: Snapshots,
  ) {}

  /** A request that was answered from the response cache. */
  cached({ job }: RunningRequest, upstreamModel: string, tokens: number): void {
    this.publish(job, {
      errorCode: null,
      durationMs: performance.now() - job.scope.startedMs,
      overheadMs: null,
      cache: { hit: true, model: upstreamModel, tokens },
      attempts: [],
    });
  }

  finished(
    { job, cache, plan, admission }: RunningRequest,
    states: readonly AttemptState[],
    ending: { delivered: boolean; clientGone: boolean },
  ): void {
    const lastFailure = states.at(-1)?.failure?.code ?? null;
    const cutShort = !ending.delivered && !ending.clientGone;
    const errorCode = lastFailure ?? (cutShort ? unfinished : ending.delivered ? null : 'client_closed_request');
    const now = performance.now();
    const durationMs = now - job.scope.startedMs;
    const upstreamMs = states.reduce((sum, state) => sum + (state.usage?.durationMs ?? now - state.startedMs), 0);
    this.publish(job, {
      errorCode,
      durationMs,
      overheadMs: states.length === 0 ? null : Math.max(0, durationMs - upstreamMs),
      attempts: states.map((state) => attemptOf(state, now, cutShort)),
      ...remainingIn(admission.headers),
      ...(cache?.use.read === true ? { cache: { hit: false, model: modelOf(states, plan), tokens: 0 } } : {}),
    });
  }

  rejected(job: CompletionJob, error: unknown): void {
    const errorCode = error instanceof GatewayError ? error.code : 'internal_error';
    this.publish(job, {
      errorCode,
      durationMs: performance.now() - job.scope.startedMs,
      overheadMs: null,
      attempts: [],
    });
  }

  private publish(
    job: CompletionJob,
    facts: Pick<RequestFinishedEvent, 'errorCode' | 'durationMs' | 'overheadMs' | 'attempts' | 'cache' | 'remaining'>,
  ): void {
    if (this.snapshots.current()?.general.prometheusOnMainPort !== true || this.told.has(job)) return;
    this.told.add(job);
    const { key } = job;
    this.bus.publish(RequestFinished, {
      v: 1,
      requestId: job.scope.requestId,
      dialect: job.dialect,
      modelAsked: job.model,
      keyId: key.id,
      keyAlias: key.alias,
      teamId: key.teamId,
      teamAlias: key.teamAlias,
      userId: key.userId,
      status: statusOf(facts.errorCode),
      ...facts,
    });
  }
}

function modelOf(states: readonly AttemptState[], plan: Plan): string {
  return states.at(-1)?.attempt.upstreamModel ?? plan.modelGroup;
}

/** What `x-ratelimit-remaining-*` says. */
function remainingIn(headers: Readonly<Record<string, string>>): Pick<RequestFinishedEvent, 'remaining'> {
  const [requests, tokens] = ['requests', 'tokens'].map((kind) => headers[`x-ratelimit-remaining-${kind}`]);
  if (requests === undefined && tokens === undefined) return {};
  const whole = (text: string) => Math.max(0, Math.floor(Number(text)));
  return {
    remaining: {
      ...(requests === undefined ? {} : { requests: whole(requests) }),
      ...(tokens === undefined ? {} : { tokens: whole(tokens) }),
    },
  };
}

function statusOf(errorCode: string | null): number {
  if (errorCode === null) return 200;
  return isErrorCode(errorCode) ? errorTable[errorCode].status : 500;
}

function attemptOf(state: AttemptState, nowMs: number, cutShort: boolean): RequestFinishedEvent['attempts'][number] {
  const { attempt, usage } = state;
  return {
    deploymentId: attempt.deploymentId,
    backendId: attempt.backend.id,
    provider: attempt.backend.provider,
    upstreamModel: attempt.upstreamModel,
    modelGroup: attempt.modelGroup,
    errorCode: state.failure?.code ?? (cutShort ? unfinished : null),
    durationMs: usage?.durationMs ?? nowMs - state.startedMs,
    firstTokenMs: usage?.firstTokenMs ?? null,
    inputTokens: usage?.usage.inputTokens ?? 0,
    cachedInputTokens: usage?.usage.cachedInputTokens ?? 0,
    outputTokens: usage?.usage.outputTokens ?? 0,
    reasoningTokens: usage?.usage.reasoningTokens ?? 0,
    costNanoUsd: usage?.costNanoUsd ?? null,
  };
}
