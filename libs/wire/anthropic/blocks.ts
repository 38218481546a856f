/** Content blocks of Anthropic's messages as parts, calls, results and thinking of the neutral request. */
import type { ContentPart, Native, ReasoningBlock, ToolCall } from '../neutral/chat-request.js';
import { readCacheControl, type TextPart } from '../openai/content.js';
import { normaliseBase64, readImageUrl } from '../openai/data-url.js';
import {
  BodyProblem,
  bodyLimits,
  fieldsOf,
  missing,
  present,
  readArray,
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

const userBlocks = ['text', 'image', 'document', 'search_result', 'tool_result'] as const;
const nativeUserBlocks = ['container_upload', 'tool_reference'] as const;

/** Text, images and documents, of users and of tools. */
export function readUserBlock(block: Fields): ContentPart {
  const type = block.requiredChoice('type', [...userBlocks, ...nativeUserBlocks]);
  if (type === 'text') return readTextBlock(block);
  if (type === 'image') return readImage(block);
  if (type === 'document') return readDocument(block);
  if (type === 'search_result') return readSearchResult(block);
  if (type === 'container_upload') return readStoredFile(block, block);
  // A tool that a search of the client's found: its name is all that others can be told.
  if (type === 'tool_reference') return { type: 'text', text: block.requiredString('tool_name'), native: block.source };
  throw new BodyProblem(
    `Invalid value for '${block.pathOf('type')}': 'tool_result' blocks stand only directly in a user message.`,
    block.pathOf('type'),
  );
}

function readImage(block: Fields): ContentPart {
  const source = requireSource(block);
  const type = source.requiredChoice('type', ['base64', 'url', 'file']);
  if (type === 'file') return readStoredFile(block, source);
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
  const native = moreThanContent(block);
  if (type === 'file') return readStoredFile(block, source);
  if (type === 'url') {
    source.requiredString('url');
    return present({ type: 'file' as const, filename: title, native: block.source });
  }
  if (type === 'base64') {
    const data = `data:${source.requiredString('media_type')};base64,${requireBase64(source)}`;
    return present({ type: 'file' as const, filename: title, data, native });
  }
  const text = type === 'text' ? (source.string('data') ?? '') : joinTexts(source, 'content');
  return present({ type: 'text' as const, text: titled(title, text), cacheControl: readCacheControl(block), native });
}

/** The text blocks of a nested content as one text. */
function joinTexts(holder: Fields, name: string): string {
  const parts = readBlocks(holder.raw(name) ?? '', holder.pathOf(name)).map(readTextBlock);
  return parts.map(({ text }) => text).join('\n');
}

function readSearchResult(block: Fields): ContentPart {
  const text = `${block.string('source') ?? ''}\n${joinTexts(block, 'content')}`;
  const cacheControl = readCacheControl(block);
  const title = block.string('title');
  return present({ type: 'text' as const, text: titled(title, text), cacheControl, native: moreThanContent(block) });
}

/** The block where it says what its content does not, so that it is not sent twice for nothing. */
function moreThanContent(block: Fields): Native | undefined {
  const isRich = ['citations', 'context'].some((name) => block.raw(name) !== undefined);
  const isMarked = block.raw('cache_control') !== undefined && block.object('source')?.raw('type') === 'base64';
  return isRich || isMarked ? block.source : undefined;
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

/** Only the provider that keeps a file knows its id. */
function readStoredFile(block: Fields, source: Fields): ContentPart {
  source.requiredString('file_id');
  return { type: 'file', native: block.source };
}

/** What the assistant said, thought and called in one message. */
export interface AssistantBlocks {
  readonly content: TextPart[];
  readonly reasoning: ReasoningBlock[];
  readonly toolCalls: ToolCall[];
  /** All blocks as they came, where some are of Anthropic's own tools or name their sources. */
  readonly native: Native[] | undefined;
}

export function readAssistantBlocks(value: unknown, path: string): AssistantBlocks {
  const content: TextPart[] = [];
  const reasoning: ReasoningBlock[] = [];
  const toolCalls: ToolCall[] = [];
  const blocks = readBlocks(value, path);
  for (const block of blocks) {
    const type = block.requiredString('type');
    if (type === 'text') content.push(readTextBlock(block));
    else if (type === 'tool_use') toolCalls.push(readToolUse(block));
    else if (type === 'thinking' || type === 'redacted_thinking') reasoning.push(...fromThinkingBlock(block));
    else if (!isNativeBlock(block)) {
      throw wrongValue(block.pathOf('type'), type, ['text', 'tool_use', 'thinking', 'redacted_thinking']);
    }
  }
  const native = blocks.some((block) => isNativeBlock(block) || isCited(block) || isCalledByCode(block))
    ? blocks.map((block) => block.source)
    : undefined;
  return { content: content.filter(({ text }) => text !== ''), reasoning, toolCalls, native };
}

/** Calls of tools that Anthropic's servers run, and what these gave: `server_tool_use`, `web_search_tool_result` ... */
function isNativeBlock(block: Fields): boolean {
  const type = block.raw('type');
  if (type === 'server_tool_use' || type === 'mcp_tool_use' || type === 'container_upload') return true;
  return type === 'compaction' || (typeof type === 'string' && /^[a-z_]+_tool_result$/u.test(type));
}

function isCited(block: Fields): boolean {
  const citations = block.raw('citations');
  return Array.isArray(citations) && citations.length > 0;
}

/** A tool of the client's that Anthropic's own code called: it asks for the result under the call's `caller`. */
function isCalledByCode(block: Fields): boolean {
  const caller = block.raw('type') === 'tool_use' ? block.raw('caller') : undefined;
  return typeof caller === 'object' && caller !== null && !('type' in caller && caller.type === 'direct');
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
