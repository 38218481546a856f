/** What a writer of an upstream dialect takes and gives. */
import type { UpstreamFailure } from '../neutral/stream-event.js';

export interface WriteOptions {
  /** The upstream's name of the model. */
  readonly model: string;
  readonly stream: boolean;
  /** Defaults of the deployment, by their names in the config (`temperature`, `num_ctx` ...); the request's own values win. */
  readonly params?: Readonly<Record<string, unknown>>;
  /** OpenAI names of parameters to leave out, whoever set them (`additional_drop_params`). */
  readonly omit?: readonly string[];
  /** `extra_body` of the config: merged over the finished body. */
  readonly extraBody?: Readonly<Record<string, unknown>>;
}

export interface WrittenRequest {
  /** JSON body for the upstream, without anything that is listed in `dropped` or `unsupported`. */
  readonly body: Record<string, unknown>;
  /** Headers that belong to this body (`anthropic-beta`); never credentials. */
  readonly headers: Readonly<Record<string, string>>;
  /** OpenAI names of what was left out or weakened where nobody is worse off than without it; worth a log line, not an error. */
  readonly dropped: readonly string[];
  /** OpenAI names of parameters that would change the answer and that this upstream cannot express: answer 400 naming them,
   * unless `drop_params` is set. A parameter at its neutral value is never here. */
  readonly unsupported: readonly string[];
  /** Content (not a parameter) that cannot be sent, whatever `drop_params` says: leaving it out would falsify the prompt. */
  readonly refusal: UpstreamFailure | null;
}

/** Collects names while a body is written; each name once. */
export class WriteNotes {
  readonly #dropped = new Set<string>();
  readonly #unsupported = new Set<string>();
  #refusal: UpstreamFailure | null = null;

  drop(name: string): void {
    this.#dropped.add(name);
  }

  unsupported(name: string): void {
    this.#unsupported.add(name);
  }

  /** Only the first refusal is kept. */
  refuse(failure: UpstreamFailure): void {
    this.#refusal ??= failure;
  }

  /** The finished request, with `extraBody` merged over the body (one level deep for objects such as Ollama's `options`). */
  finish(
    body: Record<string, unknown>,
    extraBody: Readonly<Record<string, unknown>> = {},
    headers: Readonly<Record<string, string>> = {},
  ): WrittenRequest {
    return {
      body: mergeBody(body, extraBody),
      headers,
      dropped: [...this.#dropped],
      unsupported: [...this.#unsupported],
      refusal: this.#refusal,
    };
  }
}

function mergeBody(body: Record<string, unknown>, extra: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const merged = { ...body };
  for (const [name, value] of Object.entries(extra)) {
    const own = merged[name];
    merged[name] = name === 'options' && isPlain(own) && isPlain(value) ? { ...own, ...value } : value;
  }
  return merged;
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
