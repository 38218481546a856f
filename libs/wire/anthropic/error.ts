/** Errors as Anthropic's clients read them. */

export interface AnthropicErrorBody {
  readonly type: 'error';
  readonly error: {
    readonly type: string;
    readonly message: string;
    readonly details?: Readonly<Record<string, unknown>>;
  };
  readonly request_id?: string;
}

/** The body of every error under /v1/messages, and the data of an error inside a stream. `type` is Anthropic's. */
export function anthropicErrorBody(error: {
  readonly type: string;
  readonly message: string;
  readonly requestId?: string | undefined;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}): AnthropicErrorBody {
  const { type, message, requestId, details } = error;
  return {
    type: 'error',
    error: { type, message, ...(details === undefined ? {} : { details }) },
    ...(requestId === undefined ? {} : { request_id: requestId }),
  };
}
