/** Content blocks of Anthropic's messages as parts, calls, results and thinking of the neutral request. */
import type { ContentPart, ReasoningBlock, ToolCall } from '../neutral/chat-request.js';
import { readCacheControl, type TextPart } from '../openai/content.js';
import { normaliseBase64, readImageUrl } from '../openai/data-url.js';
import {
  BodyProblem,
  bodyLimits,
  fieldsOf,
  missing,
  present,
  readArray,
  unsupported,
  wrongValue,
  type Fields,
} from '../openai/fields.js';
import { fromThinkingBlock } from '../openai/reasoning.js';

/** The blocks of a content; a bare string is one text block. */
export function readBlocks(value: unknown, path: string): Fields[] {
  if (typeof value === 'string') return [fieldsOf({ type: 'text', text: value }, path)];
  return readArray(value, path, bodyLimits.parts, 'one of a string or array of content blocks').map((block, index) =>
    fieldsOf(block, `${path}[${index}]`),
  );
}

export function readTextBlock(block: Fields): TextPart {
  const text = block.string('text');
  if (text === undefined) throw missing(block.pathOf('text'));
  return present({ type: 'text' as const, text, cacheControl: readCacheControl(block) });
}

/** Text, images and documents, of users and of tools. */
export function readUserBlock(block: Fields): ContentPart {
  const type = block.requiredChoice('type', ['text', 'image', 'document', 'search_result', 'tool_result']);
  if (type === 'text') return readTextBlock(block);
  if (type === 'image') return readImage(block);
  if (type === 'document') return readDocument(block);
  if (type === 'search_result') return readSearchResult(block);
  throw new BodyProblem(
    `Invalid value for '${block.pathOf('type')}': 'tool_result' blocks stand only directly in a user message.`,
    block.pathOf('type'),
  );
}

function readImage(block: Fields): ContentPart {
  const source = requireSource(block);
  const type = source.requiredChoice('type', ['base64', 'url', 'file']);
  if (type === 'file') throw storedFile(source);
  const cacheControl = readCacheControl(block);
  if (type === 'url') {
    const image = readImageUrl(source.requiredString('url'), source.pathOf('url'));
    return present({ type: 'image' as const, source: image, cacheControl });
  }
  const data = requireBase64(source);
  const mediaType = source.requiredString('media_type');
  return present({ type: 'image' as const, source: { kind: 'base64' as const, mediaType, data }, cacheControl });
}

/** Plain text documents become text; others a file by a data URL. */
function readDocument(block: Fields): ContentPart {
  const source = requireSource(block);
  const type = source.requiredChoice('type', ['base64', 'text', 'url', 'content', 'file']);
  const title = block.string('title');
  const cacheControl = readCacheControl(block);
  if (type === 'file') throw storedFile(source);
  if (type === 'url') {
    throw unsupported(source.pathOf('url'), 'is an address: upstreams take documents by their content, send that.');
  }
  if (type === 'base64') {
    const data = `data:${source.requiredString('media_type')};base64,${requireBase64(source)}`;
    return present({ type: 'file' as const, filename: title, data });
  }
  const text = type === 'text' ? (source.string('data') ?? '') : joinTexts(source, 'content');
  return present({ type: 'text' as const, text: titled(title, text), cacheControl });
}

/** The text blocks of a nested content as one text. */
function joinTexts(holder: Fields, name: string): string {
  const parts = readBlocks(holder.raw(name) ?? '', holder.pathOf(name)).map(readTextBlock);
  return parts.map(({ text }) => text).join('\n');
}

function readSearchResult(block: Fields): ContentPart {
  const text = `${block.string('source') ?? ''}\n${joinTexts(block, 'content')}`;
  const cacheControl = readCacheControl(block);
  return present({ type: 'text' as const, text: titled(block.string('title'), text), cacheControl });
}

function titled(title: string | undefined, text: string): string {
  return title === undefined ? text : `${title}\n\n${text}`;
}

function requireSource(block: Fields): Fields {
  const source = block.object('source');
  if (source === undefined) throw missing(block.pathOf('source'));
  return source;
}

function requireBase64(source: Fields): string {
  const data = normaliseBase64(source.requiredString('data'));
  if (data !== null) return data;
  throw new BodyProblem(`Invalid '${source.pathOf('data')}': expected base64.`, source.pathOf('data'));
}

function storedFile(source: Fields): BodyProblem {
  return unsupported(source.pathOf('file_id'), 'refers to a stored file: send its content instead.');
}

/** What the assistant said, thought and called in one message. */
export interface AssistantBlocks {
  readonly content: TextPart[];
  readonly reasoning: ReasoningBlock[];
  readonly toolCalls: ToolCall[];
}

export function readAssistantBlocks(value: unknown, path: string): AssistantBlocks {
  const content: TextPart[] = [];
  const reasoning: ReasoningBlock[] = [];
  const toolCalls: ToolCall[] = [];
  for (const block of readBlocks(value, path)) {
    const type = block.requiredString('type');
    if (type === 'text') content.push(readTextBlock(block));
    else if (type === 'tool_use') toolCalls.push(readToolUse(block));
    else if (type === 'thinking' || type === 'redacted_thinking') reasoning.push(...fromThinkingBlock(block));
    else throw wrongValue(block.pathOf('type'), type, ['text', 'tool_use', 'thinking', 'redacted_thinking']);
  }
  return { content: content.filter(({ text }) => text !== ''), reasoning, toolCalls };
}

function readToolUse(block: Fields): ToolCall {
  return present({
    id: block.requiredString('id'),
    name: block.requiredString('name'),
    arguments: JSON.stringify(block.record('input') ?? {}),
    cacheControl: readCacheControl(block),
  });
}

/** The content of a tool's result; nothing at all is an empty text. */
export function readToolResultContent(block: Fields): ContentPart[] {
  return readBlocks(block.raw('content') ?? '', block.pathOf('content')).map(readUserBlock);
}
