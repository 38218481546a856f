/** Calls to the gateway. The cookie goes along by itself; the header says that it is the console who calls. */
import * as z from 'zod/mini';

// Compiled checks would need eval, which the content security policy forbids.
z.config({ jitless: true });

/** An answer that was not 2xx, with the gateway's own words. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const ErrorBody = z.object({ error: z.object({ message: z.string() }) });

export interface Answer<T> {
  readonly value: T;
  /** The cursor of the next page of rows; null on the last. */
  readonly next: string | null;
}

/** GET, or POST where there is a body; throws ApiError, also for an answer of a form that the console does not know. */
export async function ask<S extends z.ZodMiniType>(
  schema: S,
  path: string,
  options: { body?: unknown; signal?: AbortSignal } = {},
): Promise<Answer<z.output<S>>> {
  const response = await fetch(path, {
    method: options.body === undefined ? 'GET' : 'POST',
    headers: {
      'x-signalbox-console': '1',
      ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    credentials: 'same-origin',
    cache: 'no-store',
  });
  const json: unknown = await response.json().catch(() => null);
  if (!response.ok) {
    const told = ErrorBody.safeParse(json);
    throw new ApiError(
      response.status,
      told.success ? told.data.error.message : `The gateway answered with ${String(response.status)}.`,
    );
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success)
    throw new ApiError(response.status, `${path.split('?')[0] ?? path}: an answer of an unknown form.`);
  return { value: parsed.data, next: response.headers.get('x-next-cursor') };
}

/** What to show of a failure. */
export function messageOf(error: unknown): string {
  if (error instanceof ApiError) return error.message;
  return 'The gateway does not answer.';
}
