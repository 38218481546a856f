/**
 * Tokens of whole requests: the estimate that routing and rate limits work with, and the byte bound that no byte-level
 * tokenizer can exceed (a token is at least one byte), for reservations near the end of a budget.
 */
import type { ChatMessage, ChatRequest, ContentPart, Native } from '../neutral/chat-request.js';
import { estimateTokens } from './estimate.js';

/**
 * What one image costs at most where nothing better is known: Anthropic's and OpenAI's largest sizes are about 1,600;
 * llava takes 576 and gemma 256. Models that take more (qwen-vl at full size) need a number of their own.
 */
export const imageTokens = 1_600;

/** Role, separators and the like: OpenAI counts 3 to 4 tokens per message, and 3 to open the answer. */
const tokensPerMessage = 4;
const tokensPerAnswer = 3;
/** Names, braces and the wrapping text that templates put around a tool or a call. */
const tokensPerTool = 12;
const tokensPerCall = 8;

/** How a text, an image and the bytes of a file are counted. */
interface Meter {
  readonly text: (text: string) => number;
  readonly image: number;
  /** From the length of base64 text. Speech is about a token per kilobyte, PDF pages one per 20 bytes. */
  readonly audio: (length: number) => number;
  readonly file: (length: number) => number;
  /** Multiplies the fixed overheads. */
  readonly overhead: number;
}

const estimate: Meter = {
  text: estimateTokens,
  image: imageTokens,
  audio: (length) => Math.ceil(length / 1_300),
  file: (length) => Math.ceil(length / 27),
  overhead: 1,
};

/** Doubled overheads: no template seen needs more. */
const bound: Meter = {
  text: (text) => Buffer.byteLength(text, 'utf8'),
  image: imageTokens,
  audio: (length) => length,
  file: (length) => length,
  overhead: 2,
};

/** Estimated prompt tokens of a chat request: messages, tools, schema and images. */
export function estimateChatTokens(request: ChatRequest): number {
  return measureChat(request, estimate);
}

/** An upper bound of the prompt tokens of a chat request, given that `imageTokens` is one for its images. */
export function boundChatTokens(request: ChatRequest): number {
  return measureChat(request, bound);
}

/** Estimated prompt tokens of legacy completions and embeddings. Lists of tokens are counted exactly. */
export function estimateInputTokens(inputs: readonly (string | readonly number[])[]): number {
  return sum(inputs, (input) => (typeof input === 'string' ? estimateTokens(input) : input.length));
}

/** An upper bound of the prompt tokens of legacy completions and embeddings. */
export function boundInputTokens(inputs: readonly (string | readonly number[])[]): number {
  return sum(inputs, (input) => (typeof input === 'string' ? Buffer.byteLength(input, 'utf8') + 2 : input.length + 2));
}

function measureChat(request: ChatRequest, meter: Meter): number {
  const messages = sum(request.messages, (message) => measureMessage(message, meter));
  const tools = sum(request.tools ?? [], (tool) => tokensPerTool * meter.overhead + meter.text(JSON.stringify(tool)));
  const native = sum(request.nativeTools ?? [], (tool) => meter.text(JSON.stringify(tool)));
  const format = request.responseFormat === undefined ? 0 : meter.text(JSON.stringify(request.responseFormat));
  return messages + tools + native + format + tokensPerAnswer * meter.overhead;
}

function measureMessage(message: ChatMessage, meter: Meter): number {
  const content = sum<ContentPart>(message.content, (part) => measurePart(part, meter));
  const base = tokensPerMessage * meter.overhead + content;
  if (message.role === 'tool') return base + meter.text(message.toolName ?? '') + meter.text(message.toolCallId);
  const name = message.name === undefined ? 0 : meter.text(message.name) + 1;
  if (message.role !== 'assistant') return base + name;
  const calls = sum(message.toolCalls, (call) => {
    return tokensPerCall * meter.overhead + meter.text(call.name) + meter.text(call.arguments) + meter.text(call.id);
  });
  const thinking = sum(message.reasoning ?? [], (block) => {
    return meter.text(block.text) + meter.text(block.signature ?? '') + meter.text(block.redacted ?? '');
  });
  const results = sum(message.native ?? [], (block) => (isCounted(block) ? 0 : meter.text(JSON.stringify(block))));
  return base + name + calls + thinking + results + meter.text(message.refusal ?? '');
}

/** Whether the neutral fields beside the block hold it too. */
function isCounted(block: Native): boolean {
  return ['text', 'thinking', 'redacted_thinking', 'tool_use'].includes(String(block['type']));
}

function measurePart(part: ContentPart, meter: Meter): number {
  switch (part.type) {
    case 'text':
      return meter.text(part.text);
    case 'image':
      return meter.image;
    case 'audio':
      return meter.audio(part.data.length);
    case 'file':
      return meter.file(part.data?.length ?? 0);
  }
}

function sum<T>(list: readonly T[], count: (item: T) => number): number {
  return list.reduce((total, item) => total + count(item), 0);
}
