/** What belongs to one HTTP request from its first byte on: id, trace, times. */
import type { IncomingMessage } from 'node:http';
import type { Context, Span } from '@opentelemetry/api';
import type { RequestId } from '#contracts';
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

/** Headers that every answer carries, errors too. */
export function scopeHeaders(scope: RequestScope): Record<string, string> {
  return {
    'x-request-id': scope.requestId,
    'x-litellm-call-id': scope.requestId,
    ...(scope.traceId === null ? {} : { 'x-trace-id': scope.traceId }),
  };
}
