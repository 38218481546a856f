/** What belongs to one HTTP request from its first byte on: id, trace, times. */
import type { IncomingMessage } from 'node:http';
import type { Context, Span } from '@opentelemetry/api';
import type { RequestId } from '#contracts';
import { isTracing, traceparentOf } from '#telemetry';
import type { ErrorDialect } from './client-dialect.js';

export interface RequestScope {
  readonly requestId: RequestId;
  readonly traceId: string | null;
  /** Monotonic milliseconds at which the headers were read. */
  readonly startedMs: number;
  /** ISO. */
  readonly receivedAt: string;
  readonly dialect: ErrorDialect;
  readonly span: Span;
  readonly context: Context;
  /** Set once the caller is known. */
  isAdmin: boolean;
  /** Milliseconds that the steps before the first attempt took. */
  readonly steps: { auth: number; route: number; limits: number };
  /** `x-ratelimit-*`, once limits were looked at: refusals and failures carry them too. */
  limitHeaders: Readonly<Record<string, string>>;
  /** Who still needs the span: the socket, and the work that outlives it by a moment. */
  holders: number;
}

/** Runs one step of the request and adds its time. */
export async function timed<T>(
  scope: RequestScope,
  step: keyof RequestScope['steps'],
  work: () => Promise<T>,
): Promise<T> {
  const startedMs = performance.now();
  try {
    return await work();
  } finally {
    scope.steps[step] += performance.now() - startedMs;
  }
}

/** Keeps the request's span open until `letGo`. */
export function hold(scope: RequestScope): void {
  scope.holders += 1;
}

/** Ends the request's span with its last holder, so that no span below it outlives it. */
export function letGo(scope: RequestScope): void {
  scope.holders -= 1;
  if (scope.holders === 0) scope.span.end();
}

const scopes = new WeakMap<IncomingMessage, RequestScope>();

export function rememberScope(request: IncomingMessage, scope: RequestScope): void {
  scopes.set(request, scope);
}

/** The scope of a request; throws Error before the first hook ran, which would be a bug. */
export function scopeOf(request: IncomingMessage): RequestScope {
  const scope = scopes.get(request);
  if (scope === undefined) throw new Error('a request without a scope');
  return scope;
}

/** Headers that every answer carries, errors too. `traceresponse` (W3C draft) only where the trace goes somewhere. */
export function scopeHeaders(
  scope: Pick<RequestScope, 'requestId' | 'traceId' | 'dialect' | 'span' | 'limitHeaders'>,
): Record<string, string> {
  const traceResponse = isTracing() ? traceparentOf(scope.span.spanContext()) : null;
  return {
    'x-request-id': scope.requestId,
    // Anthropic's name, which its SDKs show.
    ...(scope.dialect === 'anthropic' ? { 'request-id': scope.requestId } : {}),
    'x-litellm-call-id': scope.requestId,
    ...scope.limitHeaders,
    ...(scope.traceId === null ? {} : { 'x-trace-id': scope.traceId }),
    ...(traceResponse === null ? {} : { traceresponse: traceResponse }),
  };
}
