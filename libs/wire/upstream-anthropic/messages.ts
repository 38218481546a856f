/** Neutral messages as Anthropic's: system apart, user and assistant in turn, results of tools in the user's message. */
import type { ChatMessage, ContentPart, ReasoningBlock } from '../neutral/chat-request.js';
import { joinedText, splitDataUrl } from '../upstream/content.js';
import { upstreamFailure } from '../upstream/failure.js';
import { argumentsObject, recordOf, textOf } from '../upstream/loose-json.js';
import type { WriteNotes } from '../upstream/written-request.js';

type JsonObject = Record<string, unknown>;

interface Turn {
  readonly role: 'user' | 'assistant';
  readonly content: JsonObject[];
}

/** `system` (absent where there is none) and `messages`. Content that Anthropic does not take is refused in `notes`. */
export function writeMessages(
  messages: readonly ChatMessage[],
  notes: WriteNotes,
): { system?: string | JsonObject[]; messages: readonly Turn[] } {
  const system = messages.flatMap((message) => (message.role === 'system' ? message.content : []));
  const turns: Turn[] = [];
  for (const message of messages) {
    if (message.role === 'system') continue;
    const role = message.role === 'assistant' ? 'assistant' : 'user';
    const blocks = writeBlocks(message, notes);
    // An empty message is refused; its neighbours are then of one role and become one.
    if (blocks.length === 0) continue;
    const last = turns.at(-1);
    if (last?.role === role) last.content.push(...blocks);
    else turns.push({ role, content: blocks });
  }
  // A prompt that is all system text is a user's prompt there.
  if (turns.length === 0) return { messages: [{ role: 'user', content: writeTexts(system) }] };
  if (turns[0]?.role === 'assistant') turns.unshift({ role: 'user', content: [{ type: 'text', text: '(continued)' }] });
  trimPrefill(turns.at(-1));
  const ordered = turns.map((turn) => (turn.role === 'user' ? { ...turn, content: resultsFirst(turn.content) } : turn));
  return { ...writeSystem(system), messages: ordered };
}

function writeSystem(parts: Extract<ChatMessage, { role: 'system' }>['content']): { system?: string | JsonObject[] } {
  if (parts.some((part) => part.cacheControl !== undefined)) return { system: writeTexts(parts) };
  const text = joinedText(parts.filter((part) => part.text.trim() !== ''));
  return text === '' ? {} : { system: text };
}

function writeBlocks(message: Exclude<ChatMessage, { role: 'system' }>, notes: WriteNotes): JsonObject[] {
  switch (message.role) {
    case 'user':
      return message.content.flatMap((part) => writePart(part, notes));
    case 'assistant':
      if (message.native !== undefined) return message.native.filter(hasWords);
      return [
        ...(message.reasoning ?? []).flatMap(writeThinking),
        ...writeTexts(message.content),
        ...(message.content.length === 0 && message.refusal !== undefined && message.refusal.trim() !== ''
          ? [{ type: 'text', text: message.refusal }]
          : []),
        ...message.toolCalls.map((call) => ({
          type: 'tool_use',
          id: callId(call.id),
          name: call.name,
          input: argumentsObject(call.arguments),
          ...mark(call),
        })),
      ];
    case 'tool': {
      const content = message.content.flatMap((part) => writePart(part, notes));
      const [only] = content;
      const isPlain = content.length === 1 && only?.['type'] === 'text' && !('cache_control' in only);
      return [
        {
          type: 'tool_result',
          tool_use_id: callId(message.toolCallId),
          ...(content.length === 0 ? {} : { content: isPlain ? only['text'] : content }),
          ...(message.isError === true ? { is_error: true } : {}),
          ...mark(message),
        },
      ];
    }
  }
}

/** Thinking goes back only with its signature; unsigned text, and what other providers signed, would be refused. */
function writeThinking(block: ReasoningBlock): JsonObject[] {
  if (block.details !== undefined) {
    const format = textOf(recordOf(block.details)['format']);
    if (format === null || !format.startsWith('anthropic')) return [];
  }
  if (block.redacted !== undefined) return [{ type: 'redacted_thinking', data: block.redacted }];
  if (block.signature === undefined) return [];
  return [{ type: 'thinking', thinking: block.text, signature: block.signature }];
}

/** Empty and white text blocks are refused. */
function hasWords(block: JsonObject): boolean {
  return block['type'] !== 'text' || (textOf(block['text']) ?? '').trim() !== '';
}

/** The text blocks of these parts, without the empty ones. */
function writeTexts(parts: readonly Extract<ContentPart, { type: 'text' }>[]): JsonObject[] {
  return parts
    .filter((part) => part.text.trim() !== '')
    .map((part) => part.native ?? { type: 'text', text: part.text, ...mark(part) });
}

function writePart(part: ContentPart, notes: WriteNotes): JsonObject[] {
  switch (part.type) {
    case 'text':
      return writeTexts([part]);
    case 'image': {
      const { source } = part;
      const written =
        source.kind === 'url'
          ? { type: 'url', url: source.url }
          : { type: 'base64', media_type: source.mediaType, data: source.data };
      return [{ type: 'image', source: written, ...mark(part) }];
    }
    case 'file':
      return [writeFile(part)];
    case 'audio': {
      const message = "Content of type 'audio' cannot be sent to Anthropic.";
      notes.refuse(upstreamFailure({ code: 'unsupported_parameter', status: null, message, param: 'messages' }));
      return [];
    }
  }
}

function writeFile(part: Extract<ContentPart, { type: 'file' }>): JsonObject {
  if (part.native !== undefined) return part.native;
  const title = part.filename === undefined ? {} : { title: part.filename };
  if (part.data === undefined) return { type: 'document', source: { type: 'file', file_id: part.fileId }, ...title };
  const { mediaType, data } = splitDataUrl(part.data, part.filename);
  if (mediaType.startsWith('image/')) return { type: 'image', source: { type: 'base64', media_type: mediaType, data } };
  if (mediaType.startsWith('text/')) {
    const text = Buffer.from(data, 'base64').toString('utf8');
    return { type: 'document', source: { type: 'text', media_type: 'text/plain', data: text }, ...title };
  }
  return { type: 'document', source: { type: 'base64', media_type: mediaType, data }, ...title };
}

function mark(value: { cacheControl?: unknown }): JsonObject {
  return value.cacheControl === undefined ? {} : { cache_control: value.cacheControl };
}

/** Ids may hold letters, digits, _ and - only; Kimi's `functions.f:0` and others do not. */
function callId(id: string): string {
  const clean = id.replaceAll(/[^\w-]/gu, '_');
  return clean === '' ? '_' : clean;
}

function resultsFirst(blocks: readonly JsonObject[]): JsonObject[] {
  const isResult = (block: JsonObject) => block['type'] === 'tool_result';
  return [...blocks.filter(isResult), ...blocks.filter((block) => !isResult(block))];
}

/** A message that ends with the assistant's words is a prefill, which must not end in white space. */
function trimPrefill(turn: Turn | undefined): void {
  const block = turn?.role === 'assistant' ? turn.content.at(-1) : undefined;
  if (block !== undefined && typeof block['text'] === 'string')
    turn?.content.splice(-1, 1, { ...block, text: block['text'].trimEnd() });
}
