/** Errors of OpenAI-compatible upstreams, in their bodies and inside answers with status 200. */
import type { UpstreamFailure } from '../neutral/stream-event.js';
import {
  type FailureFields,
  meaningOfStatus,
  saysContentPolicy,
  saysContextExceeded,
  saysFunds,
  upstreamFailure,
} from '../upstream/failure.js';
import { isRecord, listOf, numberOf, parseJson, recordOf, textOf } from '../upstream/loose-json.js';
import { headersOfMetadata, retryAfterInText, retryAfterOf, type UpstreamHeaders } from '../upstream/retry-after.js';

interface ErrorFacts {
  /** The status that counts: the answer's own, or the one that an error inside a 200 names. */
  readonly status: number;
  readonly message: string;
  /** Codes and types of all kinds, in lower case. */
  readonly codes: ReadonlySet<string>;
  readonly param: string | null;
  /** Everything that was said, to look for words in. */
  readonly text: string;
  readonly metadata: unknown;
  /** Whether the body had the form of an API's error: a bare 404 page says nothing about a model. */
  readonly isStructured: boolean;
}

type Meaning = Pick<FailureFields, 'code' | 'account' | 'blame'> & { readonly retryAfterMs?: number | null };

const dayMs = 86_400_000;

/** What an error answer means. `nowMs` is the clock, for dates in headers. */
export function readOpenAiError(
  status: number,
  headers: UpstreamHeaders,
  bodyText: string,
  nowMs: number,
): UpstreamFailure {
  const parsed = parseJson(bodyText);
  // Google wraps its error in a list.
  const body = Array.isArray(parsed) ? parsed[0] : parsed;
  const plain = /^\s*</u.test(bodyText) ? '' : bodyText;
  return readOpenAiErrorBody(isRecord(body) ? body : { error: plain, isPlain: true }, status, headers, nowMs);
}

/** The same for a body that is parsed already, as errors inside streams are. */
export function readOpenAiErrorBody(
  body: Readonly<Record<string, unknown>>,
  status: number,
  headers: UpstreamHeaders,
  nowMs: number,
): UpstreamFailure {
  const facts = factsOf(body, status);
  const meaning = meaningOf(facts, nowMs);
  const copied = headersOfMetadata(facts.metadata);
  const wait = retryAfterOf(headers, nowMs) ?? retryAfterOf(copied, nowMs) ?? retryAfterInText(facts.text);
  return upstreamFailure({
    code: meaning.code,
    status: facts.status,
    message: publicMessage(facts, meaning),
    param: facts.param,
    ...(meaning.blame === undefined ? {} : { blame: meaning.blame }),
    account: meaning.account ?? null,
    retryAfterMs: wait ?? meaning.retryAfterMs ?? null,
  });
}

function factsOf(body: Readonly<Record<string, unknown>>, status: number): ErrorFacts {
  const { error: given = body } = body;
  const error = isRecord(given) ? given : {};
  const metadata = recordOf(error['metadata']);
  const inner = innerMessage(metadata['raw']);
  const said = isRecord(given)
    ? (textOf(error['message']) ?? detailOf(error['detail'] ?? body['detail']))
    : textOf(given);
  const codes = [
    error['code'],
    error['type'],
    error['status'],
    metadata['error_type'],
    metadata['provider_code'],
    recordOf(error['innererror'])['code'],
  ].flatMap((code) => (typeof code === 'string' ? [code.toLowerCase()] : []));
  const own = numberOf(error['code']) ?? 0;
  return {
    status: status < 400 && own >= 400 && own < 600 ? own : status,
    message: [said, inner].filter((text) => text !== null && text !== '').join(': '),
    codes: new Set(codes),
    param: textOf(error['param']),
    text: `${said ?? ''} ${inner ?? ''} ${codes.join(' ')} ${JSON.stringify(error['details'] ?? '')}`,
    metadata,
    isStructured: body['isPlain'] !== true,
  };
}

/** OpenRouter puts what the provider behind it said into `metadata.raw`, as text or JSON. */
function innerMessage(raw: unknown): string | null {
  const text = textOf(raw);
  if (text === null) return null;
  const parsed = parseJson(text);
  if (!isRecord(parsed)) return text;
  const { error } = parsed;
  return textOf(recordOf(error)['message']) ?? textOf(error) ?? textOf(parsed['message']) ?? text;
}

/** FastAPI's `detail`: a text, or a list of `{loc, msg}`. */
function detailOf(detail: unknown): string | null {
  if (typeof detail === 'string') return detail;
  const texts = listOf(detail).map((item) => {
    const { loc, msg } = recordOf(item);
    return `${listOf(loc).join('.')}: ${textOf(msg) ?? ''}`;
  });
  return texts.length === 0 ? null : texts.join('; ');
}

function has(facts: ErrorFacts, ...codes: readonly string[]): boolean {
  return codes.some((code) => facts.codes.has(code));
}

function meaningOf(facts: ErrorFacts, nowMs: number): Meaning {
  if (facts.status === 429) return meaningOf429(facts, nowMs);
  if (facts.status === 402 || has(facts, 'payment_required', 'insufficient_quota')) {
    return { code: 'upstream_error', account: 'funds' };
  }
  if (facts.status === 401) return { code: 'upstream_error', account: 'credentials' };
  if (saysContextExceeded(facts.text)) return { code: 'context_length_exceeded' };
  if (facts.status < 500 && saysFunds(facts.text)) return { code: 'upstream_error', account: 'funds' };
  if (isModelMissing(facts)) return { code: 'model_not_found' };
  if (isModerated(facts)) return { code: 'content_policy_violation' };
  if (has(facts, 'unknown_parameter', 'unsupported_parameter', 'unsupported_value')) {
    return { code: 'unsupported_parameter' };
  }
  if (has(facts, 'provider_overloaded', 'server_is_overloaded', 'overloaded_error', 'engine_overloaded_error')) {
    return { code: 'backend_overloaded' };
  }
  if (has(facts, 'rate_limit_exceeded', 'rate_limit_error') && facts.status < 400)
    return { code: 'rate_limit_exceeded' };
  if (has(facts, 'timeout')) return { code: 'upstream_timeout' };
  if (has(facts, 'invalid_request_error') && facts.status < 400) return { code: 'invalid_request' };
  return meaningOfStatus(facts.status);
}

/** One status, four meanings: too fast, out of money, the free day is used up, or somebody behind the provider is busy. */
function meaningOf429(facts: ErrorFacts, nowMs: number): Meaning {
  if (/free-models-per-day|PerDay/u.test(facts.text)) {
    return { code: 'rate_limit_exceeded', account: 'daily-quota', retryAfterMs: dayMs - (nowMs % dayMs) };
  }
  const isPlainRate = has(
    facts,
    'rate_limit_exceeded',
    'rate_limit_error',
    'resource_exhausted',
    'slow_down',
    'tokens',
    'requests',
  );
  if (has(facts, 'insufficient_quota') || (!isPlainRate && saysFunds(facts.text))) {
    return { code: 'upstream_error', account: 'funds' };
  }
  if (
    has(facts, 'credit_balance_exhausted') ||
    [...facts.codes].some((code) => /(?:spend|usage)_limit_exceeded/u.test(code))
  ) {
    return { code: 'upstream_error', account: 'funds' };
  }
  if (has(facts, 'provider_overloaded', 'engine_overloaded_error')) return { code: 'backend_overloaded' };
  return { code: 'rate_limit_exceeded' };
}

function isModelMissing(facts: ErrorFacts): boolean {
  if (has(facts, 'model_not_found', 'model_decommissioned', 'invalid_model', 'deploymentnotfound')) return true;
  if (facts.status !== 400 && facts.status !== 404) return false;
  // OpenRouter says 400 where others say 404.
  if (
    /not a valid model id|no endpoints found|model not exist|invalid model\b|no allowed providers/iu.test(facts.text)
  ) {
    return true;
  }
  const speaksOfModel =
    /\bmodels?\b/iu.test(facts.text) && /not (?:found|exist)|does not exist|unknown/iu.test(facts.text);
  return (
    speaksOfModel && (facts.status === 404 ? facts.isStructured : /model .{0,120}does not exist/iu.test(facts.text))
  );
}

function isModerated(facts: ErrorFacts): boolean {
  if (has(facts, 'content_filter', 'content_policy_violation', 'responsibleaipolicyviolation', 'moderation_blocked')) {
    return true;
  }
  const isRefusal = facts.status === 403 || facts.status === 400 || facts.status === 451;
  if (Array.isArray(recordOf(facts.metadata)['reasons']) && facts.status === 403) return true;
  return isRefusal && saysContentPolicy(facts.text);
}

/** The account is the gateway's, not the client's: "Incorrect API key provided" would send them looking for their own. */
function publicMessage(facts: ErrorFacts, meaning: Meaning): string {
  const said = facts.message === '' ? `The provider answered with status ${facts.status}.` : facts.message;
  switch (meaning.account) {
    case 'credentials':
      return `The provider refused the gateway's account: ${said}`;
    case 'funds':
      return `The gateway's account at the provider is out of money: ${said}`;
    case 'daily-quota':
    case null:
    case undefined:
      return said;
  }
}
