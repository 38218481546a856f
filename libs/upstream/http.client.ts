/**
 * The one HTTP client for upstreams. Bounds every wait, never follows a redirect (it would carry the credentials along),
 * and bounds what it reads of an error. Keeps connections alive, a pool for each origin.
 */
import { Agent, errors, request as undiciRequest, type FormData } from 'undici';
import type { UpstreamFailure, UpstreamHeaders } from '#wire';

export interface UpstreamRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A form brings its own content type. */
  readonly body: string | Uint8Array | FormData | null;
  /** Bounds the wait too: aborted with an UpstreamProblem when it is too long. */
  readonly signal: AbortSignal;
}

export interface UpstreamResponse {
  readonly status: number;
  readonly headers: UpstreamHeaders;
  readonly body: AsyncIterable<Uint8Array>;
  /** The body as text, cut at `limitBytes`; frees the connection. */
  text(limitBytes: number): Promise<string>;
}

const agent = new Agent({
  connect: { timeout: 5_000 },
  headersTimeout: 0,
  bodyTimeout: 0,
  keepAliveTimeout: 30_000,
  keepAliveMaxTimeout: 120_000,
  connections: 1_024,
  pipelining: 1,
  maxResponseSize: -1,
});

/** The answer's head; rejects with UpstreamProblem where there is none, or with the signal's reason. */
export async function callUpstream(call: UpstreamRequest): Promise<UpstreamResponse> {
  try {
    const response = await undiciRequest(call.url, {
      method: call.method,
      headers: { 'accept-encoding': 'identity', ...call.headers },
      body: call.body,
      signal: call.signal,
      dispatcher: agent,
    });
    return {
      status: response.statusCode,
      headers: response.headers,
      body: response.body,
      text: (limitBytes) => readText(response.body, limitBytes),
    };
  } catch (error) {
    if (call.signal.aborted) throw call.signal.reason;
    throw problemOf(error);
  }
}

/** Why an upstream gave no answer, or broke it off. The message names no address. */
export class UpstreamProblem extends Error {
  override readonly name = 'UpstreamProblem';

  constructor(
    readonly code: UpstreamFailure['code'],
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }

  /** As the failure of an attempt. */
  get failure(): UpstreamFailure {
    return {
      code: this.code,
      status: null,
      message: `The backend ${this.message}.`,
      blame: 'backend',
      retryAfterMs: null,
    };
  }
}

const refused = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'EHOSTDOWN',
  'EADDRNOTAVAIL',
]);

/** What a network error says about the upstream. */
export function problemOf(error: unknown): UpstreamProblem {
  if (error instanceof UpstreamProblem) return error;
  const code = errorCode(error);
  if (refused.has(code))
    return new UpstreamProblem('upstream_unreachable', `could not be reached (${code})`, { cause: error });
  if (
    code.startsWith('CERT_') ||
    code.includes('SELF_SIGNED') ||
    code.includes('UNABLE_TO_VERIFY') ||
    code.startsWith('ERR_TLS') ||
    code === 'DEPTH_ZERO_SELF_SIGNED_CERT'
  ) {
    return new UpstreamProblem('upstream_unreachable', `has no valid certificate (${code})`, { cause: error });
  }
  if (error instanceof errors.HTTPParserError || code.startsWith('HPE_'))
    return new UpstreamProblem('upstream_invalid_response', 'does not speak HTTP', { cause: error });
  return new UpstreamProblem('upstream_error', `broke the connection (${code})`, { cause: error });
}

function errorCode(error: unknown): string {
  if (error instanceof AggregateError) return errorCode(error.errors[0]);
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  if (error instanceof Error && error.cause !== undefined) return errorCode(error.cause);
  return 'unknown';
}

async function readText(body: AsyncIterable<Uint8Array>, limitBytes: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body) {
    parts.push(part);
    size += part.byteLength;
    if (size >= limitBytes) break;
  }
  return Buffer.concat(parts).subarray(0, limitBytes).toString('utf8');
}
