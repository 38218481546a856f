/** Anthropic's message, whole; and the parts that its stream shares with it. */
import type { UpstreamUsage } from '../neutral/stream-event.js';
import type { EncoderOptions } from '../openai/answer-encoder.js';
import { shownFinish, type AnswerBlock, type CollectedAnswer, type CollectedChoice } from '../openai/collect-answer.js';

/** Reasons of Anthropic's that say more than ours: kept where the upstream was Anthropic. */
const nativeReasons = new Set(['pause_turn', 'model_context_window_exceeded']);

const stopReasons = { length: 'max_tokens', content_filter: 'refusal', tool_calls: 'tool_use' } as const;

/** The body of a message that was not streamed. Only the first choice counts: this API has one. */
export function messageAnswer(answer: CollectedAnswer, options: EncoderOptions): object {
  const choice = answer.choices[0];
  return {
    ...messageHead(options),
    content: (choice?.blocks ?? []).filter(isShown).map(writeBlock),
    ...stopOf(choice),
    usage: writeUsage(answer.usage, options.inputTokens ?? 0),
  };
}

/** What a message begins with, in the order in which Anthropic writes it. */
export function messageHead(options: EncoderOptions): object {
  return { id: options.id, type: 'message', role: 'assistant', model: options.model };
}

/** Thinking without text, signature or data (OpenRouter's details alone) has no block. */
export function isShown(block: AnswerBlock): boolean {
  return block.kind !== 'reasoning' || block.text !== '' || block.signature !== null || block.redacted !== null;
}

/** A block with everything in it. A thinking block's signature is a string, never null. */
export function writeBlock(block: AnswerBlock): object {
  if (block.kind === 'tool') {
    return { type: 'tool_use', id: block.id, name: block.name, input: readInput(block.arguments), ...block.native };
  }
  if (block.kind === 'native') return block.block;
  if (block.kind === 'text' && block.citations !== undefined) {
    return { type: 'text', text: block.text, citations: block.citations };
  }
  if (block.kind !== 'reasoning') return { type: 'text', text: block.text };
  return block.redacted === null
    ? { type: 'thinking', thinking: block.text, signature: block.signature ?? '' }
    : { type: 'redacted_thinking', data: block.redacted };
}

/** Arguments as the object that this dialect wants. What is no object (cut by max_tokens, say) is kept as text in one. */
function readInput(text: string): unknown {
  if (text.trim() === '') return {};
  try {
    const input: unknown = JSON.parse(text);
    if (typeof input === 'object' && input !== null && !Array.isArray(input)) return input;
  } catch {
    // Falls through: the text is shown as it came.
  }
  return { raw_arguments: text };
}

interface MessageStop {
  readonly stop_reason: string;
  readonly stop_sequence: string | null;
  readonly context_management?: unknown;
}

/** `stop_reason`, `stop_sequence`, and what else Anthropic says at the end (`container`, `context_management`). */
export function stopOf(choice: CollectedChoice | undefined): MessageStop {
  const sequence = choice?.stopSequence ?? null;
  const hasCalls = choice?.blocks.some((block) => block.kind === 'tool') ?? false;
  return { stop_reason: stopReason(choice, hasCalls, sequence), stop_sequence: sequence, ...choice?.nativeEnd };
}

function stopReason(choice: CollectedChoice | undefined, hasCalls: boolean, sequence: string | null): string {
  const native = choice?.native ?? null;
  if (native !== null && nativeReasons.has(native)) return native;
  const reason = shownFinish(choice?.finish ?? null, hasCalls);
  // OpenAI says `stop` after a refusal: its text alone tells.
  if (reason === 'stop' && choice?.blocks.some((block) => block.kind === 'refusal') === true) return 'refusal';
  if (reason === 'stop') return sequence === null ? 'end_turn' : 'stop_sequence';
  return stopReasons[reason];
}

/** For how long the cache keeps what was written to it. */
function keptFor(written: number, forAnHour: number): object {
  return { ephemeral_5m_input_tokens: written - forAnHour, ephemeral_1h_input_tokens: forAnHour };
}

/** Our input count includes cached tokens, Anthropic's leaves both reads and writes of the cache out. */
export function writeUsage(usage: UpstreamUsage | null, estimatedInput: number): object {
  const cached = usage?.cachedInputTokens ?? 0;
  const written = usage?.cacheWriteTokens ?? 0;
  const forAnHour = usage?.units?.cacheWriteHourTokens ?? 0;
  return {
    input_tokens: usage === null ? estimatedInput : Math.max(0, usage.inputTokens - cached - written),
    cache_creation_input_tokens: written,
    cache_read_input_tokens: cached,
    output_tokens: usage?.outputTokens ?? 0,
    ...(forAnHour === 0 ? {} : { cache_creation: keptFor(written, forAnHour) }),
    ...(usage?.serverTools === undefined ? {} : { server_tool_use: usage.serverTools }),
  };
}
