/**
 * What all encoders of streamed answers have in common. An encoder turns the events of one answer into the bytes of one
 * client dialect; it is used for one answer and is thrown away.
 */
import type { AnswerSettings } from './answer-settings.js';
import type { StreamEvent } from '../neutral/stream-event.js';
import type { ClientError } from './error.js';

/** Dialects whose answers can be streamed. Vectors have a writer of their own, `embeddingAnswer`. */
export type AnswerDialect = 'openai-chat' | 'openai-completion' | 'openai-responses' | 'anthropic-messages';

export interface EncoderOptions {
  /** The same in every chunk: openai-go refuses a stream whose id changes. See `answerId`. */
  readonly id: string;
  /** Unix time in seconds, the same in every chunk. */
  readonly created: number;
  /** The name that the client asked for. */
  readonly model: string;
  /** Whether the client asked for a usage chunk. Dialects that always end with usage ignore it. */
  readonly includeUsage: boolean;
  /** Estimated prompt tokens; Anthropic's dialect has to name a count before the upstream does. */
  readonly inputTokens?: number;
  readonly settings?: AnswerSettings;
}

export interface AnswerEncoder {
  /** Bytes to send for an event; null where there is nothing to send (yet). `failure` gives nothing: call `fail`. */
  push(event: StreamEvent): Uint8Array | null;
  /** An SSE comment, which every client skips: keeps a waiting connection alive. */
  comment(text: string): Uint8Array;
  /** The failure as an in-band error event. The stream ends with it, without `[DONE]`. */
  fail(error: ClientError): Uint8Array;
  /** What is still open, usage and the end mark. Call it once, after the upstream said that it is finished. */
  finish(): Uint8Array;
}

const prefixes: Record<AnswerDialect, string> = {
  'openai-chat': 'chatcmpl-',
  'openai-completion': 'cmpl-',
  'openai-responses': 'resp_',
  'anthropic-messages': 'msg_',
};

/** An answer's id as the dialect's clients expect it. `unique`: letters, digits, - and _. */
export function answerId(dialect: AnswerDialect, unique: string): string {
  return prefixes[dialect] + unique;
}

/** Encodes a piece of a stream once. */
export function toBytes(text: string): Uint8Array {
  return Buffer.from(text, 'utf8');
}

/** An SSE comment line and the empty line after it, since some clients read event by event. */
export function sseComment(text: string): Uint8Array {
  return toBytes(`: ${text.replaceAll(/[\r\n]+/g, ' ')}\n\n`);
}

/** A named SSE event. Its name stands in the data too, as both OpenAI's Responses and Anthropic have it. */
export function sseEvent(type: string, fields: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
}
