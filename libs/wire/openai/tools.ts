/** Tools and tool choice of chat completions, also in the legacy form (`functions`, `function_call`). */
import type { Native, ResponseFormat, Tool, ToolChoice } from '../neutral/chat-request.js';
import { readCacheControl } from './content.js';
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
import { isNativeTool, readNativeTool } from './native-tool.js';

export interface ToolSettings {
  readonly tools?: Tool[];
  readonly nativeTools?: Native[];
  readonly toolChoice?: ToolChoice;
  readonly parallelToolCalls?: boolean;
}

/** Everything that a chat request says about tools. An empty list is as none. */
export function readToolSettings(fields: Fields): ToolSettings {
  const listed = fields.objects('tools', bodyLimits.tools);
  const tools = listed?.filter((tool) => !isNativeTool(tool)).map(readTool);
  const native = listed?.filter(isNativeTool).map(readNativeTool);
  const functions = fields.objects('functions', bodyLimits.tools)?.map(readFunction);
  const offered = tools ?? functions ?? [];
  const choice = tools === undefined && functions !== undefined ? 'function_call' : 'tool_choice';
  return chooseTools(fields, choice, offered, native);
}

/** Puts the choice to the offered tools: `allowed_tools` narrows the list, a named tool must be in it. */
export function chooseTools(
  fields: Fields,
  name: string,
  offered: readonly Tool[],
  native: readonly Native[] = [],
): ToolSettings {
  const wish = readToolChoice(fields, name);
  const tools = wish.allowed === null ? offered : offered.filter((tool) => wish.allowed?.includes(tool.name));
  const names = [...tools, ...native].map((tool) => String(tool.name));
  if (names.length === 0) {
    if (wish.choice === undefined || wish.choice === 'auto' || wish.choice === 'none') return {};
    const param = fields.pathOf(name);
    throw new BodyProblem(
      `Invalid value for '${param}': '${param}' is only allowed when 'tools' are specified.`,
      param,
    );
  }
  const named = namedTool(wish.choice);
  if (named !== undefined && !names.includes(named)) throw wrongValue(fields.pathOf(name), named, names.slice(0, 20));
  return present({
    tools: tools.length === 0 ? undefined : [...tools],
    nativeTools: native.length === 0 ? undefined : [...native],
    toolChoice: wish.choice,
    // True is what every upstream does by itself: neutral, so it is never "unsupported".
    parallelToolCalls: fields.boolean('parallel_tool_calls') === false ? false : undefined,
  });
}

function namedTool(choice: ToolChoice | undefined): string | undefined {
  return typeof choice === 'object' ? choice.name : undefined;
}

interface ChoiceWish {
  readonly choice: ToolChoice | undefined;
  readonly allowed: readonly string[] | null;
}

function readToolChoice(fields: Fields, name: string): ChoiceWish {
  const value = fields.raw(name);
  if (value === undefined) return { choice: undefined, allowed: null };
  if (typeof value === 'string') return { choice: readMode(fields, name), allowed: null };
  const choice = fields.object(name);
  if (choice === undefined) throw wrongType(fields.pathOf(name), 'one of a string or an object', value);
  const type = choice.choice('type', ['function', 'custom', 'allowed_tools']);
  if (type === 'allowed_tools') return readAllowedTools(choice);
  return { choice: { name: readToolName(choice) }, allowed: null };
}

/** 'any' is how Mistral and Anthropic spell OpenAI's 'required'. */
function readMode(fields: Fields, name: string): ToolChoice {
  const mode = fields.requiredChoice(name, ['none', 'auto', 'required', 'any']);
  return mode === 'any' ? 'required' : mode;
}

function readAllowedTools(choice: Fields): ChoiceWish {
  const holder = choice.object('allowed_tools') ?? choice;
  const allowed = holder.objects('tools', bodyLimits.tools) ?? [];
  const mode = holder.choice('mode', ['auto', 'required']);
  return {
    choice: mode ?? 'auto',
    allowed: allowed.map(readToolName),
  };
}

/** Chat completions nest the name under `function`; Responses and the legacy `function_call` have it at the top. */
function readToolName(named: Fields): string {
  const holder = named.object('function') ?? named;
  return qualifiedName(holder.string('namespace'), holder.requiredString('name'));
}

/** OpenAI's bound on the name of a function. */
const longestName = 64;

/** The one name of a tool that stands in a namespace (Responses API). Of one that is too long the end tells more. */
export function qualifiedName(namespace: string | undefined, name: string): string {
  if (namespace === undefined) return name;
  const joined = namespace.endsWith('__') ? namespace + name : `${namespace}__${name}`;
  return joined.slice(-longestName);
}

function readTool(tool: Fields): Tool {
  const type = tool.choice('type', ['function']);
  const definition = tool.object('function');
  if (definition === undefined) throw missing(tool.pathOf(type === undefined ? 'type' : 'function'));
  const cacheControl = readCacheControl(tool) ?? readCacheControl(definition);
  return present({ ...readFunction(definition), cacheControl });
}

/** A function's definition: `{name, description, parameters, strict}`. */
export function readFunction(definition: Fields): Tool {
  return present({
    name: definition.requiredString('name'),
    description: definition.string('description'),
    parameters: definition.record('parameters'),
    strict: definition.boolean('strict'),
  });
}

/** `response_format` of chat completions; `format` is Ollama's spelling ('json' or a schema). 'text' is as absent. */
export function readResponseFormat(fields: Fields): ResponseFormat | undefined {
  const format = fields.object('response_format');
  if (format === undefined) return readOllamaFormat(fields.raw('format'));
  const type = format.choice('type', ['text', 'json_object', 'json_schema']);
  if (type === undefined) throw missing(format.pathOf('type'));
  if (type !== 'json_schema') return type === 'text' ? undefined : { type };
  const schema = format.object('json_schema');
  if (schema === undefined) throw missing(format.pathOf('json_schema'));
  return readJsonSchema(schema);
}

/** A named schema. Without one any object will do; the name is only a label, so it may be missing too. */
export function readJsonSchema(fields: Fields): ResponseFormat {
  return present({
    type: 'json_schema' as const,
    name: fields.string('name') ?? 'response',
    description: fields.string('description'),
    schema: fields.record('schema') ?? { type: 'object' },
    strict: fields.boolean('strict'),
  });
}

function readOllamaFormat(format: unknown): ResponseFormat | undefined {
  if (format === 'json') return { type: 'json_object' };
  return isJsonObject(format) ? { type: 'json_schema', name: 'response', schema: format } : undefined;
}
