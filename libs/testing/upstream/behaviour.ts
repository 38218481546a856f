/** How a fake upstream is told to behave: well by default, or with one of the faults that real ones show. */

/** How the bytes of a body are put into writes: as they come, in slices of n bytes (which cut characters), or n items at once. */
export type Cut = { by: 'item' } | { by: 'bytes'; size: number } | { by: 'items'; count: number };

export interface FakeToolCall {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

export interface Refusal {
  readonly status: number;
  /** An object is sent as JSON, a string as it is. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Behaviour {
  /** Wait before anything is answered. */
  readonly delayMs?: number;
  /** Answer this instead. */
  readonly refuse?: Refusal;
  /** Take the request and never answer; or close the connection without an answer. */
  readonly instead?: 'hang' | 'reset';
  /** Pieces of text, one line or event each. */
  readonly text?: readonly string[];
  readonly thinking?: readonly string[];
  readonly toolCalls?: readonly FakeToolCall[];
  /** Wait before each piece. */
  readonly pieceDelayMs?: number;
  /** Why it stopped, in the upstream's own word. */
  readonly finish?: string;
  readonly promptTokens?: number;
  readonly outputTokens?: number;
  /** Part of promptTokens. */
  readonly cachedTokens?: number;
  /** After so many pieces: an error in the stream's own form, a cut connection, a silent end, silence, or bytes that are no JSON. */
  readonly breakAfter?: { pieces: number; how: 'error' | 'reset' | 'end' | 'hang' | 'garbage'; message?: string };
  readonly cut?: Cut;
  readonly headers?: Readonly<Record<string, string>>;
  /** These very bytes instead (a recording, or nonsense). */
  readonly raw?: { status: number; contentType: string; chunks: readonly (string | Uint8Array)[] };
}

/** What to do with the next requests. */
export class Script {
  private readonly once: Behaviour[] = [];
  private always: (model: string) => Behaviour = () => ({});

  /** The next request behaves so, each call one request. */
  next(...behaviours: Behaviour[]): void {
    this.once.push(...behaviours);
  }

  /** Every request that has no behaviour of its own. */
  default(behaviour: Behaviour | ((model: string) => Behaviour)): void {
    this.always = typeof behaviour === 'function' ? behaviour : () => behaviour;
  }

  /** Drops what `next` was told and no request took. */
  forget(): void {
    this.once.length = 0;
  }

  /** Takes the behaviour for a request. */
  take(model: string): Behaviour {
    return this.once.shift() ?? this.always(model);
  }
}

/** The text of an answer for which nothing was said; it has characters of two and four bytes. */
export const usualText: readonly string[] = ['Green', ' lamp,', ' clear', ' road.', ' Gr', 'üße', ' 🙂'];

/** Tokens of a text by this upstream's own rough count: words and punctuation. */
export function countTokens(text: string): number {
  return text.match(/[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu)?.length ?? 0;
}

/** The pieces of an answer. */
export function piecesOf(behaviour: Behaviour): { thinking: readonly string[]; text: readonly string[] } {
  const silent = behaviour.toolCalls !== undefined || behaviour.thinking !== undefined;
  return { thinking: behaviour.thinking ?? [], text: behaviour.text ?? (silent ? [] : usualText) };
}
