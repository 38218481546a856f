/** Messages of chat completions: every role of OpenAI's, the retired ones too, as neutral messages. */
import type { ChatMessage, ToolCall } from '../neutral/chat-request.js';
import { readAssistantContent, readCacheControl, readParts, readTextParts } from './content.js';
import {
  BodyProblem,
  bodyLimits,
  isJsonObject,
  missing,
  present,
  wrongType,
  wrongValue,
  type Fields,
} from './fields.js';
import { readPastReasoning } from './reasoning.js';

const roles = ['system', 'assistant', 'user', 'function', 'tool', 'developer'] as const;

/** The calls that wait for their results, oldest first: gives results their tool's name, and names without ids an id. */
class OpenCalls {
  private readonly open: ToolCall[] = [];

  add(calls: readonly ToolCall[]): void {
    this.open.push(...calls);
  }

  /** The call with this id; it stays open, since some clients answer one call in several messages. */
  byId(id: string): ToolCall | undefined {
    return this.open.findLast((call) => call.id === id);
  }

  /** The oldest open call, of that name where one is given; it is answered by this. */
  take(name: string | undefined): ToolCall | undefined {
    const index = this.open.findIndex((call) => name === undefined || call.name === name);
    return index < 0 ? undefined : this.open.splice(index, 1)[0];
  }
}

/** `messages` of a chat request. Throws a `BodyProblem` that names the message and part at fault. */
export function readMessages(fields: Fields): ChatMessage[] {
  const list = fields.objects('messages', bodyLimits.messages);
  if (list === undefined) throw missing(fields.pathOf('messages'));
  if (list.length === 0) {
    throw new BodyProblem(
      "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
      'messages',
    );
  }
  const calls = new OpenCalls();
  return list.map((message, index) => readMessage(message, index, calls));
}

function readMessage(message: Fields, index: number, calls: OpenCalls): ChatMessage {
  const role = message.requiredChoice('role', roles);
  if (role === 'assistant') return readAssistant(message, index, calls);
  if (role === 'tool' || role === 'function') return readToolResult(message, role, calls);
  const content = requireContent(message);
  const name = message.string('name');
  if (role === 'user') {
    return present({ role, content: markLast(readParts(content, message.pathOf('content')), message), name });
  }
  const parts = markLast(readTextParts(content, message.pathOf('content')), message);
  return present({ role: 'system' as const, content: parts, name });
}

function requireContent(message: Fields): unknown {
  const content = message.raw('content');
  if (content === undefined) throw wrongType(message.pathOf('content'), 'one of a string or array of objects', null);
  return content;
}

/** LiteLLM's clients may put the cache mark on the message: it means the message's last part. */
function markLast<T extends { cacheControl?: unknown; type: string }>(parts: T[], message: Fields): T[] {
  const mark = readCacheControl(message);
  const last = parts.at(-1);
  if (mark === undefined || last === undefined || (last.type !== 'text' && last.type !== 'image')) return parts;
  return [...parts.slice(0, -1), { ...last, cacheControl: mark }];
}

function readAssistant(message: Fields, index: number, calls: OpenCalls): ChatMessage {
  const said = readAssistantContent(message.raw('content'), message.pathOf('content'));
  const reasoning = [...readPastReasoning(message), ...said.reasoning];
  const toolCalls = readToolCalls(message, index);
  calls.add(toolCalls);
  return present({
    role: 'assistant' as const,
    content: markLast(said.content, message),
    refusal: message.string('refusal') ?? said.refusal,
    reasoning: reasoning.length === 0 ? undefined : reasoning,
    toolCalls,
    name: message.string('name'),
  });
}

function readToolCalls(message: Fields, index: number): ToolCall[] {
  const list = message.objects('tool_calls', bodyLimits.toolCalls);
  if (list !== undefined && list.length > 0) return list.map((call, position) => readToolCall(call, index, position));
  const legacy = message.object('function_call');
  return legacy === undefined ? [] : [readCalledFunction(legacy, `call_${index}_0`)];
}

function readToolCall(call: Fields, index: number, position: number): ToolCall {
  const type = call.string('type') ?? 'function';
  if (type !== 'function') throw wrongValue(call.pathOf('type'), type, ['function']);
  const called = call.object('function');
  if (called === undefined) throw missing(call.pathOf('function'));
  const id = call.string('id');
  return present({
    ...readCalledFunction(called, id === undefined || id === '' ? `call_${index}_${position}` : id),
    cacheControl: readCacheControl(call),
  });
}

function readCalledFunction(called: Fields, id: string): ToolCall {
  return { id, name: called.requiredString('name'), arguments: readArguments(called) };
}

/** JSON text. Clients that keep arguments as an object are understood; none at all is an empty object. */
export function readArguments(called: Fields): string {
  const value = called.raw('arguments');
  if (value === undefined || value === '') return '{}';
  if (typeof value === 'string') return value;
  if (isJsonObject(value)) return JSON.stringify(value);
  throw wrongType(called.pathOf('arguments'), 'a string', value);
}

function readToolResult(message: Fields, role: 'tool' | 'function', calls: OpenCalls): ChatMessage {
  const name = message.string('name') ?? message.string('tool_name');
  const id = message.string('tool_call_id');
  const call = id === undefined || id === '' ? calls.take(name) : calls.byId(id);
  const toolCallId = id === undefined || id === '' ? call?.id : id;
  if (toolCallId === undefined) throw missing(message.pathOf(role === 'tool' ? 'tool_call_id' : 'name'));
  return present({
    role: 'tool' as const,
    toolCallId,
    toolName: call?.name ?? name,
    content: readParts(message.raw('content') ?? '', message.pathOf('content')),
    cacheControl: readCacheControl(message),
  });
}
