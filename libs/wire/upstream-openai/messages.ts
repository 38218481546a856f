/** Neutral messages and tools as OpenAI's chat completions write them. */
import type { ChatMessage, ContentPart, ReasoningBlock, Tool } from '../neutral/chat-request.js';
import { argumentsOrEmpty, joinedText } from '../upstream/content.js';
import type { OpenAiFlavour } from './flavour.js';

type JsonObject = Record<string, unknown>;

/** `messages` of /chat/completions. */
export function writeMessages(messages: readonly ChatMessage[], flavour: OpenAiFlavour): JsonObject[] {
  const written: JsonObject[] = [];
  let images: ContentPart[] = [];
  for (const message of messages) {
    if (message.role !== 'tool') images = flushImages(images, flavour, written);
    written.push(writeMessage(message, flavour));
    if (message.role === 'tool') images.push(...message.content.filter((part) => part.type !== 'text'));
  }
  flushImages(images, flavour, written);
  return written;
}

/** Tool messages hold text only: what else a tool gave follows the last result of the turn, in the user's name. */
function flushImages(parts: readonly ContentPart[], flavour: OpenAiFlavour, written: JsonObject[]): ContentPart[] {
  if (parts.length > 0) {
    const intro: ContentPart = { type: 'text', text: 'Images and files of the tool results above:' };
    written.push({ role: 'user', content: writeParts([intro, ...parts], flavour) });
  }
  return [];
}

function writeMessage(message: ChatMessage, flavour: OpenAiFlavour): JsonObject {
  const name = flavour.names && message.role !== 'tool' && message.name !== undefined ? { name: message.name } : {};
  switch (message.role) {
    case 'system':
    case 'user':
      return { role: message.role, content: writeContent(message.content, flavour), ...name };
    case 'assistant':
      return { ...writeAssistant(message, flavour), ...name };
    case 'tool':
      return {
        role: 'tool',
        tool_call_id: callId(message.toolCallId, flavour),
        content: writeContent(
          message.content.filter((part) => part.type === 'text'),
          flavour,
        ),
      };
  }
}

function writeAssistant(message: Extract<ChatMessage, { role: 'assistant' }>, flavour: OpenAiFlavour): JsonObject {
  const hasCalls = message.toolCalls.length > 0;
  const content = message.content.length === 0 ? null : writeContent(message.content, flavour);
  return {
    role: 'assistant',
    content: content ?? (hasCalls || message.refusal !== undefined ? null : ''),
    ...(message.refusal === undefined ? {} : { refusal: message.refusal }),
    ...writePastReasoning(message.reasoning ?? [], hasCalls, flavour),
    ...(hasCalls
      ? {
          tool_calls: message.toolCalls.map((call) => ({
            id: callId(call.id, flavour),
            type: 'function',
            function: { name: call.name, arguments: argumentsOrEmpty(call) },
          })),
        }
      : {}),
  };
}

function writePastReasoning(blocks: readonly ReasoningBlock[], hasCalls: boolean, flavour: OpenAiFlavour): JsonObject {
  if (blocks.length === 0 || flavour.pastReasoning === 'none') return {};
  const text = blocks.map((block) => block.text).join('');
  // DeepSeek wants its thinking back inside a tool turn only, and ignores or refuses it elsewhere.
  if (flavour.pastReasoning === 'reasoning_content') return hasCalls && text !== '' ? { reasoning_content: text } : {};
  // OpenRouter's own items go back unmodified; Anthropic's signed blocks have an item of theirs there.
  const details = blocks.flatMap((block): unknown[] => {
    if (Array.isArray(block.details)) return [...block.details];
    if (block.details !== undefined) return [block.details];
    if (block.signature !== undefined) {
      return [{ type: 'reasoning.text', text: block.text, signature: block.signature, format: 'anthropic-claude-v1' }];
    }
    return [];
  });
  if (details.length > 0) return { reasoning_details: details };
  return text === '' ? {} : { reasoning: text };
}

function writeContent(parts: readonly ContentPart[], flavour: OpenAiFlavour): string | JsonObject[] {
  const isText = parts.every((part) => part.type === 'text');
  const isMarked = flavour.cacheControl && parts.some((part) => 'cacheControl' in part && part.cacheControl);
  if (isText && !isMarked && (parts.length <= 1 || !flavour.partLists)) return joinedText(parts);
  return writeParts(parts, flavour);
}

function writeParts(parts: readonly ContentPart[], flavour: OpenAiFlavour): JsonObject[] {
  return parts.map((part) => {
    const mark =
      flavour.cacheControl && 'cacheControl' in part && part.cacheControl !== undefined
        ? { cache_control: part.cacheControl }
        : {};
    return { ...writePart(part), ...mark };
  });
}

function writePart(part: ContentPart): JsonObject {
  switch (part.type) {
    case 'text':
      return { type: 'text', text: part.text };
    case 'image': {
      const { source } = part;
      const url = source.kind === 'url' ? source.url : `data:${source.mediaType};base64,${source.data}`;
      return { type: 'image_url', image_url: { url, ...(part.detail === undefined ? {} : { detail: part.detail }) } };
    }
    case 'audio':
      return { type: 'input_audio', input_audio: { data: part.data, format: part.format } };
    case 'file': {
      const file: JsonObject = {};
      if (part.filename !== undefined) file['filename'] = part.filename;
      if (part.data !== undefined) file['file_data'] = part.data;
      if (part.fileId !== undefined) file['file_id'] = part.fileId;
      return { type: 'file', file };
    }
  }
}

/** `tools`, and only what every compatible upstream knows of them. */
export function writeTools(tools: readonly Tool[], flavour: OpenAiFlavour): JsonObject[] {
  return tools.map((tool) => ({
    type: 'function',
    function: {
      name: tool.name,
      ...(tool.description === undefined ? {} : { description: tool.description }),
      ...(tool.parameters === undefined ? {} : { parameters: tool.parameters }),
      ...(tool.strict === undefined || !flavour.partLists ? {} : { strict: tool.strict }),
    },
    ...(flavour.cacheControl && tool.cacheControl !== undefined ? { cache_control: tool.cacheControl } : {}),
  }));
}

/** Mistral refuses ids that are not nine letters and digits; the same id always becomes the same nine. */
function callId(id: string, flavour: OpenAiFlavour): string {
  if (!flavour.shortCallIds || /^[A-Za-z0-9]{9}$/u.test(id)) return id;
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let i = 0; i < id.length; i += 1) {
    high = Math.imul(high ^ id.charCodeAt(i), 2654435761);
    low = Math.imul(low ^ id.charCodeAt(i), 1597334677);
  }
  return ((high >>> 0).toString(36) + (low >>> 0).toString(36)).padStart(9, '0').slice(-9);
}
