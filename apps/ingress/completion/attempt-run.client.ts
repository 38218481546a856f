/** Runs the attempts of one admitted request against the workers and delivers what comes. */
import { Injectable } from '@nestjs/common';
import { GatewayError, type Attempt, type StreamFailure, type TraceContent, type UsageNotice } from '#contracts';
import { Snapshots } from '#service';
import { ResponseCache } from '../cache/response-cache.client.js';
import { answerHeaders } from '../http/response-headers.js';
import { runAttempts, type AttemptEffects, type LoopEvent } from './attempt-loop.js';
import type { RunningRequest } from './completion-runner.client.js';
import { Delivery } from './delivery.client.js';
import { inferOpenOf, type OpeningFacts } from './infer-open.js';
import { ProviderClient } from './provider.client.js';
import { stagedFrames } from './staged-failure.js';
import { RequestJournal } from './request-journal.publisher.js';
import { openTraced, traceMove } from './request-trace.client.js';
import { waitLeft } from './wait-left.js';

/** Longest time for one request, everything included. */
const maxRequestMs = 60 * 60 * 1000;

/** What is known of the attempt that runs, or ran last. */
export interface AttemptState {
  readonly index: number;
  readonly attempt: Attempt;
  readonly startedMs: number;
  usage: UsageNotice | null;
  /** Frames with content, for counting where the worker dies. */
  contentFrames: number;
  failure: StreamFailure | null;
  firstContentMs: number | null;
  /** What it waited for its host, as the worker said. */
  queuedMs: number;
  /** Routers and health know how it ended. */
  told: boolean;
  /** The answer's bytes so far, where they go into the response cache as they are. */
  readonly body: Uint8Array[];
  /** The ingress' own report of it, where its worker gave none. */
  report: Promise<void> | null;
}

@Injectable()
export class AttemptRun {
  constructor(
    private readonly provider: ProviderClient,
    private readonly journal: RequestJournal,
    private readonly snapshots: Snapshots,
    private readonly cache: ResponseCache,
  ) {}

  /** Resolves when the client has its answer and the money is settled; throws GatewayError where nothing was sent. */
  async run(running: RunningRequest, shutdown: AbortSignal): Promise<void> {
    const { job, plan } = running;
    const states: AttemptState[] = [];
    const delivery = this.deliveryFor(running, states);
    const gone = AbortSignal.any([job.writer.clientGone, shutdown]);
    this.journal.began(job);
    try {
      for await (const event of runAttempts(plan, this.effectsOf(running, states, gone)))
        await this.take(event, states, delivery, running);
      if (shutdown.aborted && !delivery.done) {
        const state = states.at(-1);
        if (state !== undefined) state.failure ??= shuttingDown;
        delivery.fail(shuttingDown);
      }
    } finally {
      delivery.stop();
      await this.journal.finished(running, states, {
        delivered: delivery.done,
        clientGone: job.writer.clientGone.aborted,
      });
    }
  }

  private effectsOf(running: RunningRequest, states: readonly AttemptState[], gone: AbortSignal): AttemptEffects {
    const facts = this.openingOf(running);
    const mustStayLocal = running.dataPolicy === 'local';
    return {
      open: (attempt, index) =>
        openTraced(
          attempt,
          index,
          states.at(-2)?.attempt ?? null,
          () =>
            stagedFrames(running.job.gateway.stagedFailure, running.plan, attempt) ??
            this.provider.open(
              inferOpenOf({ ...facts, maxWaitMs: waitLeft(facts.maxWaitMs, states) }, attempt, index),
              mustStayLocal,
              gone,
            ),
        ),
      pause: (ms) => pauseUntil(ms, gone),
      clientGone: () => gone.aborted,
      affords: (attempt) => running.admission.covers(attempt, spentOn(states)),
    };
  }

  private openingOf(running: RunningRequest): OpeningFacts {
    const { job, facts, admission } = running;
    return {
      requestId: job.scope.requestId,
      receivedAt: job.scope.receivedAt,
      dialect: job.dialect,
      stream: job.stream,
      includeUsage: job.includeUsage,
      model: job.model,
      requestKind: job.parsed.kind,
      request: job.parsed.request,
      payer: admission.payer,
      priority: running.priority,
      maxWaitMs: running.maxWaitMs,
      deadlineMs: maxRequestMs,
      inputTokens: facts.inputTokens,
      outputCap: admission.outputCap,
      dropParams: job.gateway.dropParams ?? false,
      omit: job.gateway.additionalDropParams ?? [],
      answerSettings: job.answerSettings,
      keepAnswer: running.cache?.use.write === true && job.parsed.kind !== 'embedding' && job.parsed.kind !== 'raw',
      traceContent: this.traceContentOf(running),
    };
  }

  /** Only for keys that ask for it, and never of what must stay in the house: who knows where traces are kept. */
  private traceContentOf({ job, dataPolicy }: RunningRequest): TraceContent | undefined {
    const wanted = job.key.fullLogging && dataPolicy !== 'local' && job.scope.span.isRecording();
    return wanted ? this.snapshots.current()?.general.traceContent : undefined;
  }

  private async take(
    event: LoopEvent,
    states: AttemptState[],
    delivery: Delivery,
    running: RunningRequest,
  ): Promise<void> {
    const state = states.at(-1);
    switch (event.kind) {
      case 'attempt':
        if (event.after !== null) {
          this.journal.movedOn(running.plan, state?.attempt ?? null, event.attempt, event.after);
          traceMove(running.job.scope.span, state?.attempt ?? null, event.attempt, event.after);
        }
        states.push({
          index: event.index,
          attempt: event.attempt,
          startedMs: performance.now(),
          usage: null,
          contentFrames: 0,
          failure: null,
          firstContentMs: null,
          queuedMs: 0,
          told: false,
          body: [],
          report: null,
        });
        return;
      case 'queued':
        delivery.queued(event.notice);
        return;
      case 'accepted':
        if (state !== undefined) state.queuedMs = event.waitedMs;
        return;
      case 'head':
        delivery.head(event.contentType);
        return;
      case 'bytes':
        if (state !== undefined && event.content) {
          state.contentFrames += 1;
          if (state.firstContentMs === null) {
            state.firstContentMs = performance.now();
            running.job.scope.span.addEvent('gateway.first_byte');
          }
        }
        // Before the client can ask again: its next request shall find a host that is known to be well.
        if (state !== undefined && event.last && state.usage !== null) {
          this.journal.attemptEnded(running, state, null);
          running.admission.answered(spentOn(states).tokens);
        }
        if (state !== undefined) await this.keepBody(event, state, running);
        running.answer?.add(event.bytes);
        await delivery.bytes(event.bytes, event.last);
        return;
      case 'usage':
        if (state !== undefined) await this.takeUsage(event.notice, state, running);
        return;
      case 'attempt-failed':
        if (state === undefined) return;
        state.failure = event.failure;
        this.journal.attemptFailed(running, state);
        return;
      case 'finished':
        delivery.finish();
        return;
      case 'failed':
        delivery.fail(event.failure);
        return;
    }
  }

  /** The answer is kept before its last bytes leave: who asks again after them finds it. */
  private async takeUsage(notice: UsageNotice, state: AttemptState, running: RunningRequest): Promise<void> {
    const { answer, ...usage } = notice;
    state.usage = usage;
    const wanted = running.cache !== null && answer !== undefined && !running.job.writer.clientGone.aborted;
    if (wanted) await this.cache.keepAnswer(running.cache, state.attempt, answer);
  }

  private async keepBody(
    { bytes, last }: Extract<LoopEvent, { kind: 'bytes' }>,
    state: AttemptState,
    { cache, job }: RunningRequest,
  ): Promise<void> {
    if (cache?.use.write !== true || job.parsed.kind !== 'embedding') return;
    state.body.push(bytes);
    if (!last || job.writer.clientGone.aborted) return;
    const text = Buffer.concat(state.body).toString('utf8');
    await this.cache.keepBody(cache, state.attempt, text, state.usage?.usage.inputTokens ?? 0);
  }

  private deliveryFor(running: RunningRequest, states: readonly AttemptState[]): Delivery {
    const { job, plan, admission } = running;
    return new Delivery(job.writer, {
      stream: job.stream,
      dialect: job.answerDialect,
      model: job.model,
      requestId: job.scope.requestId,
      queueComments: this.snapshots.current()?.general.queueComments ?? true,
      now: () => performance.now(),
      headers: () => {
        const state = states.at(-1);
        if (state === undefined) throw new GatewayError('internal_error');
        const cost = job.stream ? null : (state.usage?.costNanoUsd ?? null);
        const upstreamMs = state.usage?.durationMs ?? (state.firstContentMs ?? performance.now()) - state.startedMs;
        return {
          ...answerHeaders({
            plan,
            attempt: state.attempt,
            tried: states.map((one) => one.attempt),
            costUsd: cost === null ? null : cost / 1e9,
            overheadMs: Math.max(0, performance.now() - job.scope.startedMs - upstreamMs),
            explain: job.key.role !== 'user' && job.header('x-signalbox-explain') === '1',
            truncated: state.attempt.truncateToTokens !== null,
          }),
          ...(running.cache?.use.read === true ? { 'x-signalbox-cache': 'miss' } : {}),
          ...admission.headers,
        };
      },
    });
  }
}

/** What the attempts so far have used, as their workers reported it. */
function spentOn(states: readonly AttemptState[]): { costNanoUsd: number; tokens: number } {
  let costNanoUsd = 0;
  let tokens = 0;
  for (const { usage } of states) {
    costNanoUsd += usage?.costNanoUsd ?? 0;
    tokens += usage === null ? 0 : usage.usage.inputTokens + usage.usage.outputTokens;
  }
  return { costNanoUsd, tokens };
}

const shuttingDown: StreamFailure = {
  code: 'server_shutting_down',
  details: {},
  blame: 'gateway',
  retryAfterMs: 1_000,
};

async function pauseUntil(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
