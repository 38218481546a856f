/**
 * Tells Langfuse and other OTLP backends what became of each request, where the config names them as LiteLLM's callbacks.
 * Apart from the suite's own traces: it is neither sampled nor does it show how the gateway is built.
 */
import { randomBytes } from 'node:crypto';
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Span, type Tracer } from '@opentelemetry/api';
import type { DataPolicy } from '#contracts';
import { callbackTarget, Environment, type CallbackTarget } from '#config';
import { Secrets, Snapshots } from '#service';
import { Logger } from '#telemetry';
import type { AttemptState } from '../completion/attempt-run.client.js';
import type { CompletionJob, RunningRequest } from '../completion/completion-runner.client.js';
import type { Ending } from '../completion/request-journal.publisher.js';
import { storyOf, type StoryEnding } from './story-of.js';
import { attemptAttributes, attemptName, requestAttributes, requestName, type RequestStory } from './request-story.js';

const shutdownMs = 3_000;

interface Backend {
  readonly target: CallbackTarget;
  readonly tracer: Tracer;
  readonly ids: TraceIds;
  stop(): Promise<void>;
}

/** Gives each request's span the trace id that its client was told. */
class TraceIds {
  next: string | null = null;

  generateTraceId(): string {
    return this.next ?? randomBytes(16).toString('hex');
  }

  generateSpanId(): string {
    return randomBytes(8).toString('hex');
  }
}

@Injectable()
export class Callbacks implements OnModuleInit, OnApplicationShutdown {
  private readonly backends = new Map<string, Backend>();
  private readonly told = new WeakSet<CompletionJob>();
  private onSuccess: readonly string[] = [];
  private onFailure: readonly string[] = [];

  constructor(
    private readonly snapshots: Snapshots,
    private readonly environment: Environment,
    private readonly secrets: Secrets,
    private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.snapshots.onChange(({ general }) => {
      void this.configure(general.successCallbacks, general.failureCallbacks);
    });
  }

  async onApplicationShutdown(): Promise<void> {
    const late = new Promise<void>((resolve) => setTimeout(resolve, shutdownMs).unref());
    await Promise.race([Promise.allSettled([...this.backends.values()].map((backend) => backend.stop())), late]);
  }

  /** Whether prompts and answers of this request may be told, and anybody is. What must stay in the house is never told. */
  wantsContent(job: CompletionJob, dataPolicy: DataPolicy | null): boolean {
    return this.backends.size > 0 && job.key.fullLogging && dataPolicy !== 'local';
  }

  /** A client that went away has got what it wanted: no failure. */
  finished(running: RunningRequest, states: readonly AttemptState[], ending: Ending): void {
    if (this.backends.size === 0) return;
    const { job, answer } = running;
    const cutShort = ending.delivered || ending.clientGone ? null : 'service_unavailable';
    const errorCode = states.at(-1)?.failure?.code ?? cutShort;
    this.tell(job, states, { errorCode, content: answer !== null, answer: answer?.text() ?? null });
  }

  /** Refused, or failed without a byte; then it was told already. */
  rejected(job: CompletionJob, errorCode: string): void {
    if (this.backends.size > 0) this.tell(job, [], { errorCode, content: false, answer: null });
  }

  private tell(job: CompletionJob, states: readonly AttemptState[], ending: StoryEnding): void {
    const names = ending.errorCode === null ? this.onSuccess : this.onFailure;
    if (names.length === 0 || this.told.has(job)) return;
    this.told.add(job);
    const story = storyOf(job, states, ending, { now: Date.now(), monotonicNow: performance.now() });
    for (const name of names) {
      const backend = this.backends.get(name);
      if (backend !== undefined) write(story, backend);
    }
  }

  private async configure(onSuccess: readonly string[], onFailure: readonly string[]): Promise<void> {
    this.onSuccess = onSuccess;
    this.onFailure = onFailure;
    for (const name of new Set([...onSuccess, ...onFailure])) {
      const target = callbackTarget(name, (variable) => this.secrets.variables()[variable]);
      const before = this.backends.get(name);
      if (target === null || JSON.stringify(before?.target) === JSON.stringify(target)) continue;
      const backend = await open(target, this.environment.version);
      void before?.stop();
      this.backends.set(name, backend);
      this.logger.info({ callback: name }, 'finished requests are told to a callback');
    }
  }
}

/** Loaded only where it is needed: the SDK costs memory in each process. */
async function open(target: CallbackTarget, version: string): Promise<Backend> {
  const { BatchSpanProcessor, TracerProvider, AlwaysOnSampler } = await import('@opentelemetry/sdk-trace');
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-proto');
  const { resourceFromAttributes } = await import('@opentelemetry/resources');
  const exporter = new OTLPTraceExporter({ url: target.url, headers: { ...target.headers }, timeoutMillis: 10_000 });
  const ids = new TraceIds();
  const provider = new TracerProvider({
    sampler: new AlwaysOnSampler(),
    idGenerator: ids,
    resource: resourceFromAttributes({ 'service.name': 'signalbox', 'service.version': version }),
    spanProcessors: [new BatchSpanProcessor({ exporter, scheduledDelayMillis: 1_000, maxQueueSize: 4_096 })],
  });
  return { target, tracer: provider.getTracer('signalbox'), ids, stop: () => provider.shutdown().catch(() => {}) };
}

function write(story: RequestStory, { target, tracer, ids }: Backend): void {
  const { flavour } = target;
  ids.next = story.traceId;
  const whole = tracer.startSpan(
    requestName(story),
    { kind: SpanKind.SERVER, startTime: story.startedAt, attributes: requestAttributes(story, flavour) },
    ROOT_CONTEXT,
  );
  ids.next = null;
  const inside = trace.setSpan(context.active(), whole);
  for (const attempt of story.attempts) {
    const attributes = attemptAttributes(story, attempt, flavour);
    const options = { kind: SpanKind.CLIENT, startTime: attempt.startedAt, attributes };
    end(tracer.startSpan(attemptName(story, attempt), options, inside), attempt.errorCode, attempt.endedAt);
  }
  end(whole, story.errorCode, story.endedAt);
}

function end(span: Span, errorCode: string | null, endedAt: number): void {
  if (errorCode !== null) span.setStatus({ code: SpanStatusCode.ERROR, message: errorCode });
  span.end(endedAt);
}
