/**
 * Spans. Made by hand at the places that matter, so nothing has to be loaded before the application. Without an exporter
 * only the trace id travels; children cost nothing.
 */
import { randomBytes } from 'node:crypto';
import {
  context,
  isSpanContextValid,
  ROOT_CONTEXT,
  trace,
  TraceFlags,
  type Context,
  type Attributes,
  type Span,
  SpanKind,
  SpanStatusCode,
} from '@opentelemetry/api';

const tracer = () => trace.getTracer('signalbox');

export interface SpanOptions {
  readonly kind?: SpanKind;
  readonly attributes?: Attributes;
  readonly links?: readonly string[];
  /** Starts a trace of its own, whatever is active. */
  readonly root?: boolean;
}

/** Starts a span below the active one. The caller ends it. */
export function startSpan(name: string, options: SpanOptions = {}): Span {
  const links = (options.links ?? []).flatMap((header) => {
    const linked = trace.getSpanContext(contextFromTraceparent(header));
    return linked === undefined ? [] : [{ context: linked }];
  });
  return tracer().startSpan(name, {
    kind: options.kind ?? SpanKind.INTERNAL,
    attributes: options.attributes ?? {},
    links,
    root: options.root ?? false,
  });
}

/** Runs `work` with a new span active; the span ends with it, and fails with it. */
export async function withSpan<T>(
  name: string,
  options: SpanOptions,
  work: (span: Span) => Promise<T> | T,
): Promise<T> {
  const span = startSpan(name, options);
  try {
    return await context.with(trace.setSpan(context.active(), span), () => work(span));
  } catch (error) {
    failSpan(span, error);
    throw error;
  } finally {
    span.end();
  }
}

/** Marks a span as failed with a low-cardinality type; never with a message, which could echo a prompt. */
export function failSpan(span: Span, error: unknown): void {
  const type = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '_OTHER';
  span.setAttribute('error.type', type);
  span.setStatus({ code: SpanStatusCode.ERROR, message: type });
}

/** Runs `work` with `span` active. */
export function runInSpan<T>(span: Span, work: () => T): T {
  return context.with(trace.setSpan(context.active(), span), work);
}

/** The context that a W3C `traceparent` header describes; the root context where it is absent or broken. */
export function contextFromTraceparent(header: string | null | undefined): Context {
  const match = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(header ?? '');
  const [, traceId, spanId, flags] = match ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return ROOT_CONTEXT;
  const parent = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED, isRemote: true };
  return isSpanContextValid(parent) ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
}

/** The context of a new request: the caller's trace, else a new one, so that every request has a trace id. */
export function requestContext(traceparent: string | null | undefined): Context {
  const parent = contextFromTraceparent(traceparent);
  if (parent !== ROOT_CONTEXT || tracingEnabled) return parent;
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

/** The `traceparent` header of the active span; null outside a trace. */
export function activeTraceparent(): string | null {
  const active = trace.getSpanContext(context.active());
  if (active === undefined || !isSpanContextValid(active)) return null;
  return `00-${active.traceId}-${active.spanId}-0${active.traceFlags & TraceFlags.SAMPLED}`;
}

/** 32 hex digits; null outside a trace. */
export function activeTraceId(): string | null {
  const active = trace.getSpanContext(context.active());
  return active === undefined || !isSpanContextValid(active) ? null : active.traceId;
}

let tracingEnabled = false;

/** Told by the start of the SDK. */
export function markTracingEnabled(): void {
  tracingEnabled = true;
}

export { SpanKind };
