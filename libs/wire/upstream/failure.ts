/** Builds `UpstreamFailure`s: the one place where an upstream's words are scrubbed, and what a bare status means. */
import type { UpstreamFailure } from '../neutral/stream-event.js';
import { scrubUpstreamText } from './scrub.js';

export interface FailureFields {
  readonly code: UpstreamFailure['code'];
  readonly status: number | null;
  readonly message: string;
  readonly param?: string | null;
  readonly blame?: UpstreamFailure['blame'];
  readonly retryAfterMs?: number | null;
  readonly account?: UpstreamFailure['account'] | null;
}

/** Codes whose cause is the request itself: they do not count against the deployment. */
const requestCodes: ReadonlySet<UpstreamFailure['code']> = new Set([
  'context_length_exceeded',
  'content_policy_violation',
  'invalid_request',
  'unsupported_parameter',
  'request_too_large',
]);

/** A failure with its message scrubbed; the blame follows from the code unless it is given. */
export function upstreamFailure(fields: FailureFields): UpstreamFailure {
  return {
    code: fields.code,
    status: fields.status,
    message: scrubUpstreamText(fields.message),
    ...(typeof fields.param === 'string' ? { param: scrubUpstreamText(fields.param, 100) } : {}),
    blame: fields.blame ?? (requestCodes.has(fields.code) ? 'request' : 'backend'),
    retryAfterMs: fields.retryAfterMs ?? null,
    ...(fields.account === undefined || fields.account === null ? {} : { account: fields.account }),
  };
}

/** An answer that is not what the dialect promises. */
export function invalidResponse(message: string, status: number | null = 200): UpstreamFailure {
  return upstreamFailure({ code: 'upstream_invalid_response', status, message });
}

/** What an HTTP status of an upstream says by itself, where its body says no more. */
export function meaningOfStatus(status: number): Pick<FailureFields, 'code' | 'account'> {
  switch (status) {
    case 401:
    case 403:
      return { code: 'upstream_error', account: 'credentials' };
    case 402:
      return { code: 'upstream_error', account: 'funds' };
    case 408:
    case 504:
    case 522:
    case 524:
      return { code: 'upstream_timeout' };
    case 413:
      return { code: 'request_too_large' };
    case 429:
      return { code: 'rate_limit_exceeded' };
    case 498:
    case 503:
    case 529:
      return { code: 'backend_overloaded' };
    default:
      // 404 and 405 without a word about a model: a wrong base URL. 409, 425 and 499 are no fault of the request either.
      return { code: [400, 406, 411, 414, 415, 416, 422, 431].includes(status) ? 'invalid_request' : 'upstream_error' };
  }
}

/** Words by which upstreams refuse a prompt that does not fit. */
export function saysContextExceeded(text: string): boolean {
  return contextPhrases.test(text);
}

const contextPhrases =
  /context[ _-]?(?:length|size|window|limit)|maximum context|exceed_context_size|longer than the context|prompt is too long|input is too long|too many (?:input )?tokens|input length (?:and|exceeds)|exceeds? the (?:available |model's |maximum )?context|reduce the length of the (?:messages|prompt)/iu;

/** Words of a refusal by moderation. */
export function saysContentPolicy(text: string): boolean {
  return /content[_ ]?(?:policy|filter(?:ing|ed)?|management)|responsible ?ai|moderation|flagged by|safety system|usage polic/iu.test(
    text,
  );
}

/** Words about money; a 429 or 400 with them is not transient. */
export function saysFunds(text: string): boolean {
  return /insufficient[_ ](?:quota|balance|credits|funds)|credit[_ ]balance|(?:out of|no|more|add|insufficient|enough) credits|exceeded your current quota|spend(?:ing)?[_ -]limit|usage_limit_exceeded|billing_\w+|billing details|payment[_ ]required|prepaid/iu.test(
    text,
  );
}
