/** An error as the client's dialect spells it: status, headers and body. Pure. */
import type { ErrorDialect } from './client-dialect.js';
import { GatewayError, type ErrorCode, type ErrorDetails } from '#contracts';
import { anthropicErrorBody, openAiErrorBody } from '#wire';

export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** `isAdmin` adds what only admins may read; `statusOverride` is the configured status of used-up budgets. */
export function errorAnswer(
  error: GatewayError,
  options: { dialect: ErrorDialect; requestId: string | null; isAdmin: boolean; budgetStatus?: number },
): ErrorAnswer {
  const { entry, details } = error;
  const message =
    options.isAdmin && details.adminText !== undefined ? `${error.message} (${details.adminText})` : error.message;
  const status =
    error.code === 'insufficient_quota' && options.budgetStatus !== undefined ? options.budgetStatus : entry.status;
  const body =
    options.dialect === 'anthropic'
      ? anthropicErrorBody({
          type: entry.anthropicType,
          message,
          requestId: options.requestId ?? undefined,
          details: details.dialectDetails,
        })
      : openAiErrorBody({ message, type: typeOf(error), param: details.param ?? null, code: error.code });
  return { status, headers: errorHeaders(error, details), body };
}

/** A rate limit names the kind that was hit as OpenAI does: requests or tokens. */
function typeOf(error: GatewayError): string {
  if (error.code === 'rate_limit_exceeded' && error.details.param === 'tokens') return 'tokens';
  return error.entry.type;
}

/** `retry-after` in whole seconds (rounded up) and milliseconds; clients are kept from retrying what cannot succeed. */
function errorHeaders(error: GatewayError, details: ErrorDetails): Record<string, string> {
  const headers: Record<string, string> = details.allow === undefined ? {} : { allow: details.allow };
  if (details.retryAfterMs !== undefined) {
    headers['retry-after'] = String(Math.max(1, Math.ceil(details.retryAfterMs / 1000)));
    headers['retry-after-ms'] = String(Math.max(1, Math.ceil(details.retryAfterMs)));
  } else if (passing.has(error.code)) headers['retry-after'] = '5';
  // The gateway has tried what there was to try: the SDKs' own two retries would only multiply it.
  const isTold = error.code === 'backend_overloaded' && details.retryAfterMs !== undefined;
  if (error.entry.status >= 429 && !passing.has(error.code) && !isTold) headers['x-should-retry'] = 'false';
  return headers;
}

/** What is over after a while: a restart, a limit. A queue that is full says when itself. */
const passing: ReadonlySet<string> = new Set<ErrorCode>([
  'rate_limit_exceeded',
  'no_healthy_backend',
  'server_shutting_down',
  'service_unavailable',
  'budget_unavailable',
]);
