/**
 * Spans. Made by hand at the places that matter, so nothing has to be loaded before the application. Without an exporter,
 * and below a request that was not sampled, only the trace id travels: no span is made and no context entered.
 */
import { randomBytes } from 'node:crypto';
import {
  context,
  INVALID_SPAN_CONTEXT,
  isSpanContextValid,
  ROOT_CONTEXT,
  trace,
  TraceFlags,
  type Context,
  type Attributes,
  type Link,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  type Tracer,
} from '@opentelemetry/api';
import { schemaUrl } from './gen-ai.js';

/** Marks the root of a probe's trace, for the sampler. */
export const probeAttribute = 'gateway.probe';

export interface SpanOptions {
  readonly kind?: SpanKind;
  readonly attributes?: Attributes;
  /** Epoch milliseconds, where it began before it was known to be worth a span. */
  readonly startedAt?: number;
  /** W3C headers of the spans to link. */
  readonly links?: readonly string[];
  /**
   * Where a trace may begin: `entry` joins the active one, else starts one; `root` starts one of its own, whatever is
   * active. Without it a span outside a trace is not made: background work would swamp the traces of requests.
   */
  readonly begins?: 'entry' | 'root';
}

const noSpan = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
let tracer: Tracer | null = null;

/** Told by the start of the SDK. */
export function markTracingEnabled(): void {
  tracer = trace.getTracerProvider().getTracer('signalbox', undefined, { schemaUrl });
}

/** Told by the end of the SDK: no more spans are made, and the process may start another. */
export function markTracingDisabled(): void {
  trace.disable();
  context.disable();
  tracer = null;
}

/** Whether traces are exported. */
export function isTracing(): boolean {
  return tracer !== null;
}

/** Starts a span below the active one. The caller ends it. Not recording where nothing is to be recorded. */
export function startSpan(name: string, options: SpanOptions = {}): Span {
  const active = trace.getSpanContext(context.active());
  if (tracer === null) return active === undefined ? noSpan : trace.wrapSpanContext(active);
  if (options.begins === undefined && !isSampled(active)) return noSpan;
  return tracer.startSpan(name, {
    kind: options.kind ?? SpanKind.INTERNAL,
    attributes: options.attributes ?? {},
    links: linksOf(options.links ?? []),
    root: options.begins === 'root',
    ...(options.startedAt === undefined ? {} : { startTime: options.startedAt }),
  });
}

/** Whether a span that is started now would be recorded: for what is costly to describe. */
export function isRecording(): boolean {
  return tracer !== null && isSampled(trace.getSpanContext(context.active()));
}

/** Adds attributes to the active span. */
export function describeSpan(attributes: Attributes): void {
  if (isRecording()) trace.getActiveSpan()?.setAttributes(attributes);
}

/** Runs `work` with a new span active; the span ends with it, and fails with it. */
export async function withSpan<T>(
  name: string,
  options: SpanOptions,
  work: (span: Span) => Promise<T> | T,
): Promise<T> {
  const span = startSpan(name, options);
  if (!span.isRecording()) return work(span);
  try {
    return await context.with(trace.setSpan(context.active(), span), () => work(span));
  } catch (error) {
    failSpan(span, error);
    throw error;
  } finally {
    span.end();
  }
}

/**
 * Writes an error on a span: its low-cardinality code and never its message, which could echo a prompt. A refusal (an error
 * that says `isFault: false`) leaves the status unset, as the conventions want it of a server: nothing is broken.
 */
export function failSpan(span: Span, error: unknown): void {
  const type = errorTypeOf(error);
  if (typeof error === 'object' && error !== null && 'isFault' in error && error.isFault === false) {
    span.setAttribute('error.type', type);
    return;
  }
  if (error instanceof Error) span.addEvent('exception', { 'exception.type': error.name, 'error.type': type });
  markFailed(span, type);
}

/** A name that the thrower gave for traces and metrics, else the error's code. */
function errorTypeOf(error: unknown): string {
  if (!(error instanceof Error)) return '_OTHER';
  if ('errorType' in error && typeof error.errorType === 'string') return error.errorType;
  return 'code' in error && typeof error.code === 'string' ? error.code : '_OTHER';
}

/** Marks a span as failed with an error's code. */
export function markFailed(span: Span, code: string): void {
  span.setAttribute('error.type', code);
  span.setStatus({ code: SpanStatusCode.ERROR, message: code });
}

/** Runs `work` with `span` active. */
export function runInSpan<T>(span: Span, work: () => T): T {
  return span.isRecording() ? context.with(trace.setSpan(context.active(), span), work) : work();
}

/** The context that a W3C `traceparent` header describes; the root context where it is absent or broken. */
export function contextFromTraceparent(header: string | null | undefined): Context {
  const parent = spanContextOf(header);
  return parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
}

/** The context of a new request: the caller's trace, else a new one, so that every request has a trace id. */
export function requestContext(traceparent: string | null | undefined): Context {
  const parent = contextFromTraceparent(traceparent);
  if (parent !== ROOT_CONTEXT || tracer !== null) return parent;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId: randomBytes(16).toString('hex'),
    spanId: randomBytes(8).toString('hex'),
    traceFlags: TraceFlags.NONE,
  });
}

/** Runs `work` in `parent`. */
export function runInContext<T>(parent: Context, work: () => T): T {
  return context.with(parent, work);
}

/** Runs `work` outside any trace: for timers and the like, which a request may begin and which go on after its end. */
export function outsideTraces<T>(work: () => T): T {
  return context.with(ROOT_CONTEXT, work);
}

/** The `traceparent` header of the active span; null outside a trace. */
export function activeTraceparent(): string | null {
  const active = trace.getSpanContext(context.active());
  return active === undefined ? null : traceparentOf(active);
}

/** A span context as a W3C header; null for an invalid one. */
export function traceparentOf(spanContext: SpanContext): string | null {
  if (!isSpanContextValid(spanContext)) return null;
  return `00-${spanContext.traceId}-${spanContext.spanId}-0${spanContext.traceFlags & TraceFlags.SAMPLED}`;
}

/** 32 hex digits; null outside a trace. */
export function activeTraceId(): string | null {
  const active = trace.getSpanContext(context.active());
  return active === undefined || !isSpanContextValid(active) ? null : active.traceId;
}

function isSampled(spanContext: SpanContext | undefined): boolean {
  return spanContext !== undefined && (spanContext.traceFlags & TraceFlags.SAMPLED) !== 0;
}

function linksOf(headers: readonly string[]): Link[] {
  return headers.flatMap((header) => {
    const linked = spanContextOf(header);
    // What was not sampled is nowhere to be found.
    return linked === null || !isSampled(linked) ? [] : [{ context: linked }];
  });
}

function spanContextOf(header: string | null | undefined): SpanContext | null {
  const match = /^(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(header ?? '');
  const [, version, traceId, spanId, flags, rest] = match ?? [];
  if (version === undefined || traceId === undefined || spanId === undefined || flags === undefined) return null;
  // Only versions after 00 may carry more than four fields.
  if (version === '00' && rest !== undefined) return null;
  const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED;
  const parsed = { traceId, spanId, traceFlags, isRemote: true };
  return isSpanContextValid(parsed) ? parsed : null;
}

export { SpanKind };
