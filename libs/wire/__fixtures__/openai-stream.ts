/** Builds the bytes of an OpenAI-compatible stream, for tests. */
import type { StreamEvent } from '../neutral/stream-event.js';
import { drain } from './recording.js';
import { OpenAiChatDecoder, type OpenAiDecoderOptions } from '../upstream-openai/answer.js';

export const makeId = () => 'call_made';
const encoder = new TextEncoder();

/** Chunks as an SSE stream. Objects are data, strings are written as they are. */
export function sse(items: readonly (object | string)[]): Uint8Array {
  return encoder.encode(
    items.map((item) => (typeof item === 'string' ? `${item}\n\n` : `data: ${JSON.stringify(item)}\n\n`)).join(''),
  );
}
export const doneLine = 'data: [DONE]';
export const chunk = (delta: object, finish: string | null = null, more: object = {}) => ({
  id: 'gen-1',
  object: 'chat.completion.chunk',
  created: 7,
  model: 'm',
  choices: [{ index: 0, delta, finish_reason: finish }],
  ...more,
});
export function decode(items: readonly (object | string)[], options: Partial<OpenAiDecoderOptions> = {}): StreamEvent[] {
  return drain(new OpenAiChatDecoder({ makeId, ...options }), [sse(items)]);
}
export const calls = (...fragments: readonly object[]) => chunk({ tool_calls: fragments });

