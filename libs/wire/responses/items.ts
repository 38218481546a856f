/** `input` of the Responses API: items of several kinds, some without a `type`, as neutral messages. */
import type { ChatMessage, ContentPart, ReasoningBlock, ToolCall } from '../neutral/chat-request.js';
import { readCacheControl, readFilePart, type TextPart } from '../openai/content.js';
import { readImageUrl } from '../openai/data-url.js';
import {
  BodyProblem,
  bodyLimits,
  fieldsOf,
  missing,
  present,
  readArray,
  unsupported,
  wrongType,
  wrongValue,
  type Fields,
} from '../openai/fields.js';
import { readArguments } from '../openai/messages.js';
import { qualifiedName } from '../openai/tools.js';
import { openReasoning } from './reasoning-item.js';
import { requireInput, sealInput } from './tools.js';

const itemTypes = [
  'message',
  'function_call',
  'function_call_output',
  'custom_tool_call',
  'custom_tool_call_output',
  'reasoning',
] as const;
const roles = ['user', 'assistant', 'system', 'developer'] as const;

type AssistantMessage = Extract<ChatMessage, { role: 'assistant' }>;

/**
 * Joins items to messages: what the assistant thought, said and called in a row is one assistant message, because that is
 * what chat upstreams accept.
 */
class Conversation {
  readonly messages: ChatMessage[] = [];
  private readonly names = new Map<string, string>();

  assistant(part: { text?: TextPart[]; refusal?: string; call?: ToolCall; thinking?: ReasoningBlock[] }): void {
    const last = this.messages.at(-1);
    const open: AssistantMessage =
      last?.role === 'assistant' ? last : { role: 'assistant', content: [], toolCalls: [] };
    if (part.call !== undefined) this.names.set(part.call.id, part.call.name);
    const reasoning = [...(open.reasoning ?? []), ...(part.thinking ?? [])];
    const refusal = part.refusal ?? open.refusal;
    const next: AssistantMessage = {
      role: 'assistant',
      content: [...open.content, ...(part.text ?? [])],
      toolCalls: part.call === undefined ? open.toolCalls : [...open.toolCalls, part.call],
      ...(reasoning.length === 0 ? {} : { reasoning }),
      ...(refusal === undefined ? {} : { refusal }),
    };
    if (last?.role === 'assistant') this.messages[this.messages.length - 1] = next;
    else this.messages.push(next);
  }

  toolResult(toolCallId: string, content: ContentPart[]): void {
    this.messages.push(present({ role: 'tool' as const, toolCallId, toolName: this.names.get(toolCallId), content }));
  }

  other(message: ChatMessage): void {
    this.messages.push(message);
  }
}

/** `instructions` and `input` as messages. Throws a `BodyProblem` that names the item at fault. */
export function readInput(fields: Fields): ChatMessage[] {
  const conversation = new Conversation();
  const instructions = fields.string('instructions');
  if (instructions !== undefined && instructions !== '') {
    conversation.other({ role: 'system', content: [{ type: 'text', text: instructions }] });
  }
  const input = fields.raw('input');
  if (input === undefined) throw missing('input');
  if (typeof input === 'string') {
    conversation.other({ role: 'user', content: [{ type: 'text', text: input }] });
    return conversation.messages;
  }
  const items = readArray(input, 'input', bodyLimits.messages, 'one of a string or array of items');
  if (items.length === 0) {
    throw new BodyProblem(
      "Invalid 'input': empty array. Expected an array with minimum length 1, but got an empty array instead.",
      'input',
    );
  }
  items.forEach((item, index) => readItem(fieldsOf(item, `input[${index}]`), conversation));
  return conversation.messages;
}

function readItem(item: Fields, conversation: Conversation): void {
  const type = item.string('type');
  if (type === 'item_reference') {
    const why = 'refers to a stored item, and this gateway stores none: send the item itself';
    throw unsupported(item.path, `${why} (clients that refer to items do so unless the request says store: false).`);
  }
  if (type === undefined || type === 'message') readMessageItem(item, conversation);
  else if (type === 'function_call') conversation.assistant({ call: readCall(item, readArguments(item)) });
  else if (type === 'custom_tool_call') conversation.assistant({ call: readCall(item, sealInput(requireInput(item))) });
  else if (type === 'reasoning') conversation.assistant({ thinking: openReasoning(item) });
  else if (type === 'function_call_output' || type === 'custom_tool_call_output') {
    conversation.toolResult(item.requiredString('call_id'), readOutput(item));
  } else throw wrongValue(item.pathOf('type'), type, itemTypes);
}

function readMessageItem(item: Fields, conversation: Conversation): void {
  const role = item.requiredChoice('role', roles);
  const value = item.raw('content');
  const path = item.pathOf('content');
  if (role === 'assistant') {
    const parts = contentParts(value ?? '', path);
    const refusal = parts
      .map((part) => (part.raw('type') === 'refusal' ? (part.string('refusal') ?? '') : ''))
      .join('');
    conversation.assistant(present({ text: parts.flatMap(readSaid), refusal: refusal === '' ? undefined : refusal }));
    return;
  }
  if (value === undefined) throw wrongType(path, 'one of a string or array of objects', null);
  const content = contentParts(value, path).map(readPart);
  if (role === 'user') {
    conversation.other({ role, content });
    return;
  }
  const texts = content.map((part, index) => {
    if (part.type === 'text') return part;
    throw wrongValue(`${path}[${index}].type`, part.type, ['input_text']);
  });
  conversation.other({ role: 'system', content: texts });
}

/** The parts of a content; a bare string is one text part. */
function contentParts(value: unknown, path: string): Fields[] {
  if (typeof value === 'string') return value === '' ? [] : [fieldsOf({ type: 'input_text', text: value }, path)];
  return readArray(value, path, bodyLimits.parts, 'one of a string or array of objects').map((part, index) =>
    fieldsOf(part, `${path}[${index}]`),
  );
}

function readSaid(part: Fields): TextPart[] {
  const type = part.requiredChoice('type', ['output_text', 'input_text', 'text', 'refusal']);
  return type === 'refusal' ? [] : [readText(part)];
}

function readText(part: Fields): TextPart {
  const text = part.string('text');
  if (text === undefined) throw missing(part.pathOf('text'));
  return present({ type: 'text' as const, text, cacheControl: readCacheControl(part) });
}

function readPart(part: Fields): ContentPart {
  const type = part.requiredChoice('type', ['input_text', 'output_text', 'text', 'input_image', 'input_file']);
  if (type === 'input_image') {
    if (part.string('file_id') !== undefined) {
      throw unsupported(part.pathOf('file_id'), 'refers to a stored file: send the image itself.');
    }
    const source = readImageUrl(part.requiredString('image_url'), part.pathOf('image_url'));
    return present({ type: 'image' as const, source, detail: part.string('detail') });
  }
  if (type !== 'input_file') return readText(part);
  if (part.raw('file_url') !== undefined) {
    throw unsupported(part.pathOf('file_url'), 'is an address: upstreams take files by their content, send that.');
  }
  return readFilePart(part, part);
}

function readCall(item: Fields, args: string): ToolCall {
  const name = qualifiedName(item.string('namespace'), item.requiredString('name'));
  return { id: item.requiredString('call_id'), name, arguments: args };
}

function readOutput(item: Fields): ContentPart[] {
  const output = item.raw('output');
  if (output === undefined) throw missing(item.pathOf('output'));
  if (typeof output === 'string') return [{ type: 'text', text: output }];
  return contentParts(output, item.pathOf('output')).map(readPart);
}
