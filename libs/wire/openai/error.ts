/** Errors as OpenAI's clients read them, as a body and inside a stream. */

/** An error in public words, with what each dialect needs of it. Nothing here is checked for secrets. */
export interface ClientError {
  readonly message: string;
  /** OpenAI's `type`. */
  readonly type: string;
  /** Anthropic's `type`. */
  readonly anthropicType: string;
  readonly param: string | null;
  readonly code: string | null;
  readonly requestId?: string;
}

export interface OpenAiErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string | null;
  };
}

/** `{"error":{...}}`: the body of every error under OpenAI's paths, and the data of an error inside a stream. */
export function openAiErrorBody(error: Omit<ClientError, 'anthropicType'>): OpenAiErrorBody {
  const { message, type, param, code } = error;
  return { error: { message, type, param, code } };
}
