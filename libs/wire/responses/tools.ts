/**
 * Tools of the Responses API as the functions that every chat upstream knows: free-form ones (`custom`) take their text as
 * one argument, those of a `namespace` (Codex's sub-agents and MCP servers) carry its name in front of their own. The
 * forms say how their calls are shown to the client again.
 */
import type { Tool } from '../neutral/chat-request.js';
import type { CallForm } from '../openai/answer-settings.js';
import { bodyLimits, isJsonObject, missing, present, wrongValue, type Fields } from '../openai/fields.js';
import { qualifiedName, readFunction } from '../openai/tools.js';

/** What OpenAI runs itself, or its own models were trained on: no other upstream has them. Dated names too. */
const hosted =
  /^(?:web_search|web_search_preview|file_search|code_interpreter|computer|computer_use_preview|image_generation|mcp|local_shell|shell|apply_patch|tool_search|programmatic_tool_calling)(?:_\d[\d_]*)?$/;

export interface ReadTools {
  readonly tools: Tool[];
  /** By the tool's name upstream; absent = a plain function. */
  readonly forms: Record<string, CallForm>;
}

interface Entry {
  readonly tool: Tool;
  readonly form: CallForm | null;
}

/**
 * The tools of a body. Hosted ones are left out beside tools that can be called: agents offer them to every model, and
 * none has to use one. Alone they are what the client came for: refused.
 */
export function readResponsesTools(fields: Fields): ReadTools {
  const offered = fields.objects('tools', bodyLimits.tools) ?? [];
  const entries = offered.flatMap((tool) => readEntries(tool));
  const [first] = offered;
  if (first !== undefined && entries.length === 0) {
    throw wrongValue(first.pathOf('type'), first.requiredString('type'), ['function', 'custom', 'namespace']);
  }
  const formed = entries.flatMap(({ tool, form }) => (form === null ? [] : [[tool.name, form] as const]));
  return { tools: entries.map(({ tool }) => tool), forms: Object.fromEntries(formed) };
}

function readEntries(tool: Fields): Entry[] {
  if (hosted.test(String(tool.raw('type')))) return [];
  const type = tool.requiredChoice('type', ['function', 'custom', 'namespace']);
  if (type !== 'namespace') return [readCallable(tool, type, undefined)];
  const namespace = tool.requiredString('name');
  const members = tool.objects('tools', bodyLimits.tools);
  if (members === undefined) throw missing(tool.pathOf('tools'));
  return members.map((member) =>
    readCallable(member, member.requiredChoice('type', ['function', 'custom']), namespace),
  );
}

function readCallable(tool: Fields, type: 'function' | 'custom', namespace: string | undefined): Entry {
  const read = type === 'custom' ? readCustom(tool) : readFunction(tool.object('function') ?? tool);
  const form = type === 'custom' || namespace !== undefined ? present({ type, name: read.name, namespace }) : null;
  return { tool: { ...read, name: qualifiedName(namespace, read.name) }, form };
}

/** A tool that takes any text: its grammar, which only OpenAI can enforce, is told to the model. */
function readCustom(tool: Fields): Tool {
  const format = tool.object('format');
  const type = format?.choice('type', ['text', 'grammar']);
  const definition = type === 'grammar' ? format?.string('definition') : undefined;
  const told = definition === undefined ? [] : [`The input must follow this grammar:\n${definition}`];
  const description = [tool.string('description') ?? '', ...told].filter((part) => part !== '').join('\n\n');
  return present({
    name: tool.requiredString('name'),
    description: description === '' ? undefined : description,
    parameters: { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] },
  });
}

/** The text of a free-form call as a function's arguments. */
export function sealInput(input: string): string {
  return JSON.stringify({ input });
}

/** A function's arguments as the text of a free-form call; a model that wrote no such object has written the text itself. */
export function openInput(args: string): string {
  const parsed = parseJson(args);
  const input = isJsonObject(parsed) ? parsed['input'] : parsed;
  if (typeof input === 'string') return input;
  return input === undefined ? args : JSON.stringify(input);
}

function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}

/** The text of a past free-form call. Throws a `BodyProblem` where it is missing. */
export function requireInput(item: Fields): string {
  const input = item.string('input');
  if (input === undefined) throw missing(item.pathOf('input'));
  return input;
}
