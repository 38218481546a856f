/**
 * Every error a user can meet, once: code -> HTTP status, OpenAI type, Anthropic type, retryable, public text.
 * The public text comes from here only, so that no secret and no upstream address can leak into it.
 */

/** What a message may be made of. Values are public: never a secret, a prompt or an upstream's address. */
export interface ErrorDetails {
  readonly message?: string;
  readonly model?: string;
  readonly param?: string;
  readonly limit?: string;
  readonly hint?: string;
  readonly retryAfterMs?: number;
  readonly resetAt?: string;
  readonly provider?: string;
  /** Status of the upstream's answer, where there was one. */
  readonly upstreamStatus?: number;
  /** Methods that a path has, for the header `allow`. */
  readonly allow?: string;
  /** Shown to admins only. */
  readonly adminText?: string;
  /** `error.details` of Anthropic's shape, where its SDKs act on it. */
  readonly dialectDetails?: Readonly<Record<string, unknown>>;
}

export interface ErrorEntry {
  readonly status: number;
  readonly type: string;
  readonly anthropicType: string;
  /** Whether another attempt (another deployment) may succeed. */
  readonly retryable: boolean;
  readonly text: (details: ErrorDetails) => string;
}

const said = (fallback: string) => (details: ErrorDetails) => details.message ?? fallback;
const model = (details: ErrorDetails) => (details.model === undefined ? 'the model' : `the model '${details.model}'`);
const hint = (details: ErrorDetails) => (details.hint === undefined ? '' : ` ${details.hint}`);

export const errorTable = {
  invalid_request: {
    status: 400,
    type: 'invalid_request_error',
    anthropicType: 'invalid_request_error',
    retryable: false,
    text: said('The request is not valid.'),
  },
  unsupported_parameter: {
    status: 400,
    type: 'invalid_request_error',
    anthropicType: 'invalid_request_error',
    retryable: false,
    text: (d) => d.message ?? `Unsupported parameter: '${d.param ?? '?'}' is not supported by ${model(d)}.${hint(d)}`,
  },
  context_length_exceeded: {
    status: 400,
    type: 'invalid_request_error',
    anthropicType: 'invalid_request_error',
    retryable: false,
    text: (d) => d.message ?? `The prompt does not fit into the context of ${model(d)}.`,
  },
  content_policy_violation: {
    status: 400,
    type: 'invalid_request_error',
    anthropicType: 'invalid_request_error',
    retryable: false,
    text: said('The request was refused by the content policy of the provider.'),
  },
  model_not_priced: {
    status: 400,
    type: 'invalid_request_error',
    anthropicType: 'invalid_request_error',
    retryable: false,
    text: (d) =>
      `No price is known for ${model(d)}, and this key has a budget. Set input_cost_per_token and output_cost_per_token for it in the config.`,
  },
  invalid_api_key: {
    status: 401,
    type: 'authentication_error',
    anthropicType: 'authentication_error',
    retryable: false,
    text: said('Incorrect API key provided.'),
  },
  permission_denied: {
    status: 403,
    type: 'permission_error',
    anthropicType: 'permission_error',
    retryable: false,
    text: said('This key may not do that.'),
  },
  model_not_allowed: {
    status: 403,
    type: 'permission_error',
    anthropicType: 'permission_error',
    retryable: false,
    text: (d) => d.message ?? `This key may not use ${model(d)}.${hint(d)}`,
  },
  data_policy_violation: {
    status: 403,
    type: 'permission_error',
    anthropicType: 'permission_error',
    retryable: false,
    text: (d) =>
      d.message ?? `No deployment of ${model(d)} satisfies the data policy '${d.limit ?? '?'}' of this request.`,
  },
  model_not_found: {
    status: 404,
    type: 'invalid_request_error',
    anthropicType: 'not_found_error',
    retryable: true,
    text: (d) => `The model '${d.model ?? '?'}' does not exist or you do not have access to it.${hint(d)}`,
  },
  not_found: {
    status: 404,
    type: 'invalid_request_error',
    anthropicType: 'not_found_error',
    retryable: false,
    text: said('Not found.'),
  },
  method_not_allowed: {
    status: 405,
    type: 'invalid_request_error',
    anthropicType: 'invalid_request_error',
    retryable: false,
    text: said('Method not allowed.'),
  },
  conflict: {
    status: 409,
    type: 'invalid_request_error',
    anthropicType: 'invalid_request_error',
    retryable: false,
    text: said('That exists already.'),
  },
  unsupported_media_type: {
    status: 415,
    type: 'invalid_request_error',
    anthropicType: 'invalid_request_error',
    retryable: false,
    text: said('The encoding of the request body is not supported.'),
  },
  request_too_large: {
    status: 413,
    type: 'invalid_request_error',
    anthropicType: 'request_too_large',
    retryable: false,
    text: (d) => d.message ?? `The request body is larger than the limit of ${d.limit ?? '?'}.`,
  },
  insufficient_quota: {
    status: 429,
    type: 'budget_exceeded',
    anthropicType: 'rate_limit_error',
    retryable: false,
    text: (d) =>
      d.message ??
      `The budget of ${d.limit ?? 'this key'} is used up.${d.resetAt === undefined ? '' : ` It is renewed at ${d.resetAt}.`}`,
  },
  rate_limit_exceeded: {
    status: 429,
    type: 'requests',
    anthropicType: 'rate_limit_error',
    retryable: true,
    text: (d) => d.message ?? `Rate limit reached: ${d.limit ?? '?'}.`,
  },
  client_closed_request: {
    status: 499,
    type: 'invalid_request_error',
    anthropicType: 'api_error',
    retryable: false,
    text: said('The client closed the connection.'),
  },
  internal_error: {
    status: 500,
    type: 'server_error',
    anthropicType: 'api_error',
    retryable: true,
    text: () => 'Something went wrong inside the gateway.',
  },
  upstream_error: {
    status: 502,
    type: 'upstream_error',
    anthropicType: 'api_error',
    retryable: true,
    text: said('The backend answered with an error.'),
  },
  upstream_invalid_response: {
    status: 502,
    type: 'upstream_error',
    anthropicType: 'api_error',
    retryable: true,
    text: said('The backend gave an answer that could not be read.'),
  },
  upstream_unreachable: {
    status: 502,
    type: 'upstream_error',
    anthropicType: 'api_error',
    retryable: true,
    text: said('The backend could not be reached.'),
  },
  no_healthy_backend: {
    status: 503,
    type: 'server_error',
    anthropicType: 'overloaded_error',
    retryable: true,
    text: (d) => d.message ?? `No backend for ${model(d)} can take the request now.${hint(d)}`,
  },
  backend_overloaded: {
    status: 503,
    type: 'server_error',
    anthropicType: 'overloaded_error',
    retryable: true,
    text: said('The backend has too much to do.'),
  },
  budget_unavailable: {
    status: 503,
    type: 'server_error',
    anthropicType: 'overloaded_error',
    retryable: false,
    text: said('Budgets cannot be checked at the moment.'),
  },
  service_unavailable: {
    status: 503,
    type: 'server_error',
    anthropicType: 'overloaded_error',
    retryable: true,
    text: said('A part of the gateway is not available at the moment.'),
  },
  server_shutting_down: {
    status: 503,
    type: 'server_error',
    anthropicType: 'overloaded_error',
    retryable: true,
    text: said('The gateway is shutting down.'),
  },
  upstream_timeout: {
    status: 504,
    type: 'upstream_error',
    anthropicType: 'timeout_error',
    retryable: true,
    text: (d) =>
      d.message ?? `${d.model === undefined ? 'The backend' : `The backend of ${model(d)}`} did not answer in time.`,
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorTable;

/** The one error type. Travels over the bus as `{code, details}` and is recognised by its code. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';

  constructor(
    readonly code: ErrorCode,
    readonly details: ErrorDetails = {},
    options?: { cause?: unknown },
  ) {
    super(errorTable[code].text(details), options);
  }

  get entry(): ErrorEntry {
    return errorTable[this.code];
  }

  /** Whether something is broken; else the request was refused, and rightly so. */
  get isFault(): boolean {
    return isFaultCode(this.code);
  }
}

/** Below are refusals of the request itself, which name what is wrong with it. */
const leastUpstreamStatus = 429;

/** The error with the model in its words, where a backend failed and they do not name it yet. */
export function namingModel(error: GatewayError, asked: string): GatewayError {
  const isNamed = error.message.includes(asked) || error.entry.status < leastUpstreamStatus;
  if (isNamed) return error;
  return new GatewayError(error.code, { ...error.details, message: `${error.message} (model '${asked}')` });
}

/** True for codes that this release knows. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorTable, code);
}

/** Whether a code (of an error, or of a request's outcome) speaks of something broken; an unknown one does. */
export function isFaultCode(code: string): boolean {
  return !isErrorCode(code) || errorTable[code].status >= 500;
}

/** Any thrown value as a GatewayError; what is not one is a bug and becomes `internal_error` with its cause. */
export function toGatewayError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  return new GatewayError('internal_error', {}, { cause: thrown });
}
