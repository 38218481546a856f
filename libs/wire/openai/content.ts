/** Contents of OpenAI messages: a string or a list of parts, as the neutral request's parts. */
import type { ContentPart, ReasoningBlock } from '../neutral/chat-request.js';
import { readImageUrl } from './data-url.js';
import {
  bodyLimits,
  fieldsOf,
  isJsonObject,
  missing,
  present,
  readArray,
  wrongType,
  wrongValue,
  type Fields,
} from './fields.js';
import { fromThinkingBlock } from './reasoning.js';

export type TextPart = Extract<ContentPart, { type: 'text' }>;
export type CacheControl = NonNullable<TextPart['cacheControl']>;

const expected = 'one of a string or array of objects';

/** Anthropic's prompt-cache mark, which LiteLLM's and OpenRouter's clients put on OpenAI parts too; others are dropped. */
export function readCacheControl(fields: Fields): CacheControl | undefined {
  const mark = fields.raw('cache_control');
  if (!isJsonObject(mark) || mark['type'] !== 'ephemeral') return undefined;
  return present({
    type: 'ephemeral' as const,
    ttl: typeof mark['ttl'] === 'string' ? mark['ttl'] : undefined,
  });
}

/** What a user or a tool said: text, images, audio, files. */
export function readParts(value: unknown, path: string): ContentPart[] {
  if (typeof value === 'string') return [{ type: 'text', text: value }];
  return readArray(value, path, bodyLimits.parts, expected).map((item, index) =>
    readPart(fieldsOf(item, `${path}[${index}]`)),
  );
}

/** What a system or developer message says: text only. */
export function readTextParts(value: unknown, path: string): TextPart[] {
  return readParts(value, path).map((part, index) => {
    if (part.type === 'text') return part;
    throw wrongValue(`${path}[${index}].type`, part.type, ['text']);
  });
}

export interface AssistantContent {
  readonly content: TextPart[];
  readonly refusal: string | undefined;
  readonly reasoning: ReasoningBlock[];
}

/** What the assistant said: text, refusals, and the thinking parts of clients that keep them in the content. */
export function readAssistantContent(value: unknown, path: string): AssistantContent {
  if (value === undefined || value === '') return { content: [], refusal: undefined, reasoning: [] };
  if (typeof value === 'string') {
    return { content: [{ type: 'text', text: value }], refusal: undefined, reasoning: [] };
  }
  const parts = readArray(value, path, bodyLimits.parts, expected).map((item, index) =>
    fieldsOf(item, `${path}[${index}]`),
  );
  const refusals = parts
    .filter((part) => part.raw('type') === 'refusal')
    .map((part) => part.string('refusal') ?? '')
    .join('');
  return {
    content: parts.flatMap(readAssistantPart),
    refusal: refusals === '' ? undefined : refusals,
    reasoning: parts.flatMap(fromThinkingBlock),
  };
}

function readAssistantPart(part: Fields): TextPart[] {
  const type = part.requiredChoice('type', ['text', 'output_text', 'refusal', 'thinking', 'redacted_thinking']);
  return type === 'text' || type === 'output_text' ? [readTextPart(part)] : [];
}

function readTextPart(part: Fields): TextPart {
  const text = part.string('text');
  if (text === undefined) throw missing(part.pathOf('text'));
  return present({ type: 'text' as const, text, cacheControl: readCacheControl(part) });
}

function readPart(part: Fields): ContentPart {
  const type = part.requiredChoice('type', ['text', 'image_url', 'input_audio', 'file']);
  if (type === 'text') return readTextPart(part);
  if (type === 'image_url') return readImagePart(part);
  if (type === 'file') return readFilePart(part, part.object('file'));
  const audio = part.object('input_audio');
  if (audio === undefined) throw missing(part.pathOf('input_audio'));
  return { type: 'audio', data: audio.requiredString('data'), format: audio.requiredString('format') };
}

/** `image_url` is an object; some clients send the bare string of the Responses API. */
function readImagePart(part: Fields): ContentPart {
  const value = part.raw('image_url');
  if (value === undefined) throw missing(part.pathOf('image_url'));
  const cacheControl = readCacheControl(part);
  if (typeof value === 'string') {
    return present({ type: 'image' as const, source: readImageUrl(value, part.pathOf('image_url')), cacheControl });
  }
  if (!isJsonObject(value)) throw wrongType(part.pathOf('image_url'), 'an object', value);
  const image = fieldsOf(value, part.pathOf('image_url'));
  return present({
    type: 'image' as const,
    source: readImageUrl(image.requiredString('url'), image.pathOf('url')),
    detail: image.string('detail'),
    cacheControl,
  });
}

/** A file by its bytes (a data URL, kept as it is) or by an id of the upstream's file store. */
export function readFilePart(part: Fields, file: Fields | undefined): ContentPart {
  if (file === undefined) throw missing(part.pathOf('file'));
  const data = file.string('file_data');
  const fileId = file.string('file_id');
  if (data === undefined && fileId === undefined) throw missing(file.pathOf('file_data'));
  return present({ type: 'file' as const, filename: file.string('filename'), data, fileId });
}
