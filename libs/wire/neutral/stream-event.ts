/**
 * Our own form of an answer: every upstream's bytes become these events, every client dialect is encoded from them.
 * A whole (not streamed) answer is the same events, collected.
 */

import type { BilledUnits, Native } from './chat-request.js';

/** Logprobs of the tokens of one delta, in OpenAI's shape. */
export interface TokenLogprob {
  readonly token: string;
  readonly logprob: number;
  readonly bytes: readonly number[] | null;
  readonly top_logprobs: readonly {
    readonly token: string;
    readonly logprob: number;
    readonly bytes: readonly number[] | null;
  }[];
}

export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter';

/** Counts as the upstream reported them. `inputTokens` includes cached ones (OpenAI's way), `outputTokens` includes reasoning. */
export interface UpstreamUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedInputTokens: number;
  readonly cacheWriteTokens: number;
  readonly reasoningTokens: number;
  /** USD as the provider charged it (OpenRouter's usage.cost); null where it does not say. */
  readonly costUsd: number | null;
  /** Billed beside tokens, by endpoints that are passed through. */
  readonly units?: BilledUnits;
  /** The tokens are counted here: the upstream reported none. */
  readonly counted?: true;
  /** Requests to the provider's own tools by their wire names (Anthropic's `server_tool_use`). */
  readonly serverTools?: Readonly<Record<string, number>> | undefined;
}

export type StreamEvent =
  /** First sign of an answer; no content yet. */
  | {
      readonly type: 'start';
      readonly id: string | null;
      readonly model: string | null;
      readonly created: number | null;
      readonly provider?: string;
    }
  | {
      readonly type: 'text-delta';
      readonly choice: number;
      readonly text: string;
      readonly logprobs?: readonly TokenLogprob[];
      /** Sources of the text, in Anthropic's form. */
      readonly citations?: readonly unknown[];
      /** Begins a text of its own, although the one before it was text too. */
      readonly apart?: true;
    }
  | { readonly type: 'reasoning-delta'; readonly choice: number; readonly text: string; readonly details?: unknown }
  /** Ends a thinking block (Anthropic); also carries blocks that are only data. */
  | {
      readonly type: 'reasoning-signature';
      readonly choice: number;
      readonly signature?: string;
      readonly redacted?: string;
    }
  | { readonly type: 'refusal-delta'; readonly choice: number; readonly text: string }
  /** `index` counts the calls of a choice from 0. Id and name come once, here. */
  | {
      readonly type: 'tool-call-start';
      readonly choice: number;
      readonly index: number;
      readonly id: string;
      readonly name: string;
      /** What only Anthropic says of a call (`caller`). */
      readonly native?: Native;
    }
  | { readonly type: 'tool-call-delta'; readonly choice: number; readonly index: number; readonly arguments: string }
  | {
      readonly type: 'finish';
      readonly choice: number;
      readonly reason: FinishReason;
      readonly native?: string;
      readonly stopSequence?: string;
      /** What only Anthropic says at the end of a message (`container`, `context_management` ...). */
      readonly nativeEnd?: Native;
    }
  /** A whole block of Anthropic's that no other dialect has: a call of a tool of its servers, or the result. */
  | { readonly type: 'native-block'; readonly choice: number; readonly block: Native }
  | { readonly type: 'usage'; readonly usage: UpstreamUsage }
  | { readonly type: 'annotations'; readonly choice: number; readonly annotations: readonly unknown[] }
  /** A piece of an answer that is passed through as it came. */
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  /** Timings of local engines, milliseconds. */
  | {
      readonly type: 'timing';
      readonly loadMs: number | null;
      readonly promptMs: number | null;
      readonly generateMs: number | null;
    }
  /** The upstream failed; nothing comes after it. */
  | { readonly type: 'failure'; readonly failure: UpstreamFailure }
  /** The upstream said that it is finished. A stream that ends without it is a failure. */
  | { readonly type: 'end' };

/** Why an upstream call failed, in the terms of the gateway's error table. `message` is scrubbed of keys and addresses. */
export interface UpstreamFailure {
  readonly code:
    | 'upstream_error'
    | 'upstream_timeout'
    | 'upstream_unreachable'
    | 'upstream_invalid_response'
    | 'backend_overloaded'
    | 'rate_limit_exceeded'
    | 'model_not_found'
    | 'context_length_exceeded'
    | 'content_policy_violation'
    | 'invalid_request'
    | 'unsupported_parameter'
    | 'request_too_large';
  /** Status of the upstream's answer; null where there was none. */
  readonly status: number | null;
  readonly message: string;
  readonly param?: string;
  /** Whose fault: only `backend` counts against the deployment. */
  readonly blame: 'backend' | 'request';
  readonly retryAfterMs: number | null;
  /** A 401/402/403 or a 429 for money: the account is at fault, the same account need not be tried again. */
  readonly account?: 'credentials' | 'funds' | 'daily-quota';
}

/** A content event is one after which the client has seen output: no retry after it. */
export function isContent(event: StreamEvent): boolean {
  switch (event.type) {
    case 'text-delta':
    case 'reasoning-delta':
    case 'refusal-delta':
      return event.text.length > 0;
    case 'bytes':
      return event.bytes.byteLength > 0;
    case 'tool-call-start':
    case 'tool-call-delta':
    case 'reasoning-signature':
    case 'native-block':
      return true;
    case 'start':
    case 'finish':
    case 'usage':
    case 'annotations':
    case 'timing':
    case 'failure':
    case 'end':
      return false;
  }
}

/** Vectors of an embedding call, in the order of the inputs. */
export interface EmbeddingResult {
  readonly vectors: readonly (readonly number[])[];
  readonly usage: UpstreamUsage;
  readonly model: string | null;
}
