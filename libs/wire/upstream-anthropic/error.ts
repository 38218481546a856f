/** Errors of Anthropic: `{"type":"error","error":{"type","message"}}`, as answers and inside streams. */
import type { UpstreamFailure } from '../neutral/stream-event.js';
import {
  type FailureFields,
  meaningOfStatus,
  saysContentPolicy,
  saysContextExceeded,
  saysFunds,
  upstreamFailure,
} from '../upstream/failure.js';
import { parseJson, recordOf, textOf } from '../upstream/loose-json.js';
import { retryAfterOf, type UpstreamHeaders } from '../upstream/retry-after.js';

/** What each type is called as a status; errors inside a stream have no other. */
const statusOfType: ReadonlyMap<string, number> = new Map([
  ['invalid_request_error', 400],
  ['authentication_error', 401],
  ['billing_error', 402],
  ['permission_error', 403],
  ['not_found_error', 404],
  ['request_too_large', 413],
  ['rate_limit_error', 429],
  ['api_error', 500],
  ['timeout_error', 504],
  ['overloaded_error', 529],
]);

type Meaning = Pick<FailureFields, 'code' | 'account' | 'param'>;

/** What an error answer means. `nowMs` is the clock, for dates in headers. */
export function readAnthropicError(
  status: number,
  headers: UpstreamHeaders,
  bodyText: string,
  nowMs: number,
): UpstreamFailure {
  const parsed = recordOf(parseJson(bodyText));
  const isHtml = /^\s*</u.test(bodyText);
  const error = parsed['error'] ?? (isHtml ? '' : bodyText);
  return readAnthropicErrorObject(error, status, retryAfterOf(headers, nowMs));
}

/** The same for the `error` object of an `error` event, whose HTTP status was 200. */
export function readAnthropicErrorObject(
  given: unknown,
  status: number,
  retryAfterMs: number | null = null,
): UpstreamFailure {
  const error = recordOf(given);
  const type = textOf(error['type']) ?? '';
  const said = textOf(error['message']) ?? textOf(given) ?? '';
  const effective = status < 400 ? (statusOfType.get(type) ?? 500) : status;
  const meaning = meaningOf(effective, type, said);
  return upstreamFailure({
    ...meaning,
    status,
    message: publicMessage(said === '' ? `The provider answered with status ${effective}.` : said, meaning),
    retryAfterMs,
  });
}

function meaningOf(status: number, type: string, said: string): Meaning {
  // Older paths say 400 for an empty account; spend limits come as 429.
  if (status < 500 && (type === 'billing_error' || saysFunds(said)))
    return { code: 'upstream_error', account: 'funds' };
  if (status === 404) return { code: type === 'not_found_error' ? 'model_not_found' : 'upstream_error' };
  if (status === 400 || status === 413) {
    if (saysContextExceeded(said)) return { code: 'context_length_exceeded' };
    if (saysContentPolicy(said)) return { code: 'content_policy_violation' };
  }
  if (status !== 400) return meaningOfStatus(status);
  const param = /^([a-z_]+(?:\.[\w.]+)?): /u.exec(said)?.[1] ?? null;
  const isRefused =
    /extra inputs are not permitted|is not supported|does not support|may only be|not available on/iu.test(said);
  return isRefused && param !== null ? { code: 'unsupported_parameter', param } : { code: 'invalid_request', param };
}

/** The account is the gateway's, not the client's. */
function publicMessage(said: string, meaning: Meaning): string {
  if (meaning.account === 'credentials') return `The provider refused the gateway's account: ${said}`;
  if (meaning.account === 'funds') return `The gateway's account at the provider is out of money: ${said}`;
  return said;
}
