/**
 * Settles what a request used. The worker's word counts; where it died before it could give it, the ingress reports what
 * it saw pass by. A reservation is only freed once the usage event is durable.
 */
import { join } from 'node:path';
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Bus } from '#bus';
import { Environment } from '#config';
import type { Attempt, InferOpen, TokenUsage } from '#contracts';
import { Snapshots } from '#service';
import { Logger, Metrics } from '#telemetry';
import { cloudEquivalentOf, costOfUsage, UsageReporter, type AttemptCost } from '#upstream';
import { countedUnits } from '#wire';
import type { AttemptState } from './attempt-run.client.js';
import type { RunningRequest } from './completion-runner.client.js';
import { inferOpenOf } from './infer-open.js';
import type { Ending } from './request-journal.publisher.js';

@Injectable()
export class Settlement implements OnModuleInit, OnApplicationShutdown {
  private readonly reporter: UsageReporter;

  constructor(
    bus: Bus,
    environment: Environment,
    logger: Logger,
    metrics: Metrics,
    private readonly snapshots: Snapshots,
  ) {
    const spoolFolder = join(environment.dataDir, 'spool');
    this.reporter = new UsageReporter({ bus, logger, metrics, source: 'ingress', service: 'ingress', spoolFolder });
  }

  onModuleInit(): Promise<void> {
    return this.reporter.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.reporter.stop();
  }

  /**
   * Reports an attempt that its worker did not, once: as soon as that is known, since until then nobody else may live to
   * tell of it.
   */
  report(running: RunningRequest, state: AttemptState, ending: Ending): void {
    if (state.usage?.durable !== true) state.report ??= this.closeForWorker(running, state, ending);
  }

  /** Closes every attempt that its worker did not close, then frees the reservation. */
  async settle(running: RunningRequest, states: readonly AttemptState[], ending: Ending): Promise<void> {
    let costNanoUsd = 0;
    let tokens = 0;
    for (const state of states) {
      const usage = state.usage?.usage ?? seenUsage(running, state);
      const cost = state.usage?.costNanoUsd ?? this.seenCost(running, state, usage).nanoUsd ?? 0;
      this.report(running, state, ending);
      await state.report;
      costNanoUsd += cost;
      tokens += usage.inputTokens + usage.outputTokens;
    }
    running.admission.settle({ costNanoUsd, tokens, answered: ending.delivered });
  }

  /** What the tokens of a local attempt would have cost in the cloud; null for cloud attempts. */
  cloudEquivalent(state: AttemptState | undefined): number | null {
    const usage = state?.usage?.usage;
    const reference = this.snapshots.current()?.general.savingsReference;
    if (usage === undefined || reference === undefined || state?.attempt.kind !== 'local') return null;
    return cloudEquivalentOf(usage, reference);
  }

  /** Closes a request that was answered from the cache: a row without tokens and cost, and no budget is touched. */
  async settleHit(running: RunningRequest, attempt: Attempt, durationMs: number): Promise<void> {
    running.admission.settle({ costNanoUsd: 0, tokens: 0, answered: false });
    const state = { index: 0, attempt };
    const opening = this.openingOf(running, state);
    const payer = { ...opening.payer, leases: [], reservedNanoUsd: 0, reservedTokens: 0 };
    await this.reporter.close(
      { ...opening, payer },
      {
        outcome: 'success',
        errorCode: null,
        finishReason: null,
        usage: nothingUsed,
        costNanoUsd: 0,
        costSource: 'cache',
        cloudEquivalentNanoUsd: null,
        durationMs,
        queuedMs: null,
        firstTokenMs: null,
        tokensPerSecond: null,
        contextUsedPercent: null,
        cacheHit: true,
      },
    );
  }

  /** The cost of what passed by. Units of passed-through endpoints count once anything came. */
  private seenCost({ job }: RunningRequest, state: AttemptState, usage: TokenUsage): AttemptCost {
    const { parsed } = job;
    const units = parsed.kind === 'raw' && state.contentFrames > 0 ? countedUnits(parsed.request) : {};
    return costOfUsage(usage, state.attempt.price, null, units);
  }

  private async closeForWorker(running: RunningRequest, state: AttemptState, ending: Ending): Promise<void> {
    const usage = state.usage?.usage ?? seenUsage(running, state);
    const durationMs = performance.now() - state.startedMs;
    const cost = this.seenCost(running, state, usage);
    const failed = state.failure !== null || !(ending.delivered || ending.clientGone);
    await this.reporter.close(this.openingOf(running, state), {
      outcome: failed ? 'failure' : ending.clientGone ? 'client_disconnected' : 'success',
      errorCode: state.failure?.code ?? null,
      finishReason: state.usage?.finishReason ?? null,
      usage,
      costNanoUsd: cost.nanoUsd,
      costSource: cost.source,
      cloudEquivalentNanoUsd: this.cloudEquivalent(state),
      durationMs,
      queuedMs: null,
      firstTokenMs: state.firstContentMs === null ? null : state.firstContentMs - state.startedMs,
      tokensPerSecond: null,
      contextUsedPercent: null,
    });
  }

  private openingOf(running: RunningRequest, state: Pick<AttemptState, 'index' | 'attempt'>): InferOpen {
    const { job, facts, admission } = running;
    return inferOpenOf(
      {
        requestId: job.scope.requestId,
        receivedAt: job.scope.receivedAt,
        dialect: job.dialect,
        stream: job.stream,
        includeUsage: job.includeUsage,
        model: job.model,
        requestKind: job.parsed.kind,
        request: null,
        payer: admission.payer,
        priority: running.priority,
        maxWaitMs: null,
        deadlineMs: 60_000,
        inputTokens: facts.inputTokens,
        outputCap: null,
        dropParams: false,
        omit: [],
        keepAnswer: false,
        answerSettings: undefined,
        traceContent: undefined,
      },
      state.attempt,
      state.index,
    );
  }
}

export const nothingUsed: TokenUsage = {
  inputTokens: 0,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  source: 'counted',
};

/** Counted from what passed by: upstreams send about one token a frame. An attempt without any content used nothing that we know of. */
function seenUsage(running: RunningRequest, state: AttemptState): TokenUsage {
  const worked = state.contentFrames > 0;
  return {
    inputTokens: worked ? running.facts.inputTokens : 0,
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: running.job.parsed.kind === 'raw' ? 0 : state.contentFrames,
    reasoningTokens: 0,
    source: 'counted',
  };
}
