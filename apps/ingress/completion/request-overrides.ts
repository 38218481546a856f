/** What a request may change for itself, from its body and LiteLLM's headers. Pure. */
import { DataPolicy, GatewayError, Priority, type PlanOverrides } from '#contracts';
import type { GatewayFields } from '#wire';

export type HeaderReader = (name: string) => string | null;

const maxRetries = 10;

/** The body wins over the headers. Throws invalid_request for a header that is not a number or not a policy. */
export function overridesOf(gateway: GatewayFields, header: HeaderReader): PlanOverrides {
  const numRetries = gateway.numRetries ?? numberHeader(header, 'x-litellm-num-retries');
  return {
    fallbacks: gateway.fallbacks === undefined ? null : [...gateway.fallbacks],
    ...(gateway.contextWindowFallbacks && { contextWindowFallbacks: [...gateway.contextWindowFallbacks] }),
    ...(gateway.contentPolicyFallbacks && { contentPolicyFallbacks: [...gateway.contentPolicyFallbacks] }),
    disableFallbacks: gateway.disableFallbacks ?? false,
    numRetries: numRetries === null ? null : Math.min(maxRetries, Math.floor(numRetries)),
    timeoutMs: gateway.timeoutMs ?? secondsHeader(header, 'x-litellm-timeout'),
    streamTimeoutMs: gateway.streamTimeoutMs ?? secondsHeader(header, 'x-litellm-stream-timeout'),
    tags: [...new Set([...gateway.tags, ...listHeader(header, 'x-litellm-tags')])],
  };
}

/** No longer name of an end user is kept: it is a column of every report. */
const longestEndUser = 256;

/**
 * Whom the request is for: headers say it for clients that cannot change their bodies, and win over those. `more`: headers
 * that the config names, after LiteLLM's own.
 */
export function endUserOf(
  gateway: Pick<GatewayFields, 'user'>,
  header: HeaderReader,
  more: readonly string[] = [],
): string | null {
  const headers = ['x-litellm-customer-id', 'x-litellm-end-user-id', ...more];
  const named = [...headers.map((name) => header(name)), gateway.user ?? null];
  const user = named.map((name) => name?.trim() ?? '').find((name) => name !== '');
  return user === undefined ? null : user.slice(0, longestEndUser).toWellFormed();
}

/** The data policy that the request itself demands. */
export function demandedPolicyOf(header: HeaderReader): DataPolicy | null {
  const demanded = header('x-signalbox-data-policy');
  if (demanded === null) return null;
  const parsed = DataPolicy.safeParse(demanded.trim());
  if (parsed.success) return parsed.data;
  throw notOneOf('x-signalbox-data-policy', demanded, DataPolicy.options);
}

/** The class in which the request waits: its key's, or a less urgent one that it asks for itself. */
export function priorityOf(header: HeaderReader, own: Priority): Priority {
  const asked = header('x-signalbox-priority');
  if (asked === null) return own;
  const parsed = Priority.safeParse(asked.trim());
  if (!parsed.success) throw notOneOf('x-signalbox-priority', asked, Priority.options);
  const urgency = (one: Priority) => Priority.options.indexOf(one);
  return urgency(parsed.data) > urgency(own) ? parsed.data : own;
}

function notOneOf(name: string, value: string, options: readonly string[]): GatewayError {
  const message = `Invalid value for the header '${name}': '${value.slice(0, 40)}'. Use one of: ${options.join(', ')}.`;
  return new GatewayError('invalid_request', { message, param: name });
}

/** Longest wait in a host's queue that the request allows, milliseconds; the header is in seconds. */
export function maxWaitOf(header: HeaderReader): number | null {
  return secondsHeader(header, 'x-signalbox-max-wait', true);
}

function secondsHeader(header: HeaderReader, name: string, zeroCounts = false): number | null {
  const seconds = numberHeader(header, name);
  if (seconds === null || (seconds === 0 && !zeroCounts)) return null;
  return Math.ceil(seconds * 1000);
}

function numberHeader(header: HeaderReader, name: string): number | null {
  const text = header(name);
  if (text === null || text.trim() === '') return null;
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0 && value <= 86_400) return value;
  throw new GatewayError('invalid_request', {
    message: `Invalid value for the header '${name}': expected a number of seconds or a count, but got '${text.slice(0, 40)}'.`,
    param: name,
  });
}

function listHeader(header: HeaderReader, name: string): string[] {
  return (header(name) ?? '')
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
}
