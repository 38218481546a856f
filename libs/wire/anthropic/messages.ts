/** POST /v1/messages and /v1/messages/count_tokens: a client's body as a neutral request. */
import type { ChatMessage, ChatRequest, ResponseFormat, Tool } from '../neutral/chat-request.js';
import type { ChatBody } from '../openai/chat.js';
import { readCacheControl } from '../openai/content.js';
import {
  BodyProblem,
  bodyLimits,
  missing,
  present,
  unsupported,
  wrongType,
  type Fields,
  type JsonObject,
  type ParsedBody,
} from '../openai/fields.js';
import { readNativeTool } from '../openai/native-tool.js';
import { parseBody } from '../openai/parse-body.js';
import { readGatewayFields } from '../openai/gateway-fields.js';
import { readReasoning, restOfOutputConfig } from '../openai/reasoning.js';
import { readExtra, readSampling, readStop } from '../openai/sampling.js';
import { readAssistantBlocks, readBlocks, readTextBlock, readToolResultContent, readUserBlock } from './blocks.js';
import { readToolChoice } from './tool-choice.js';

/** What stands outside the body: the `anthropic-beta` header, passed on to Anthropic upstreams only. */
export interface MessagesHeaders {
  readonly beta?: string | undefined;
}

/** Fields that only Anthropic upstreams know, by their wire names. */
const passedOn = ['service_tier', 'thinking', 'context_management', 'cache_control', 'container', 'inference_geo'];

/** A messages body, or why it is refused. Streams of this dialect always carry usage. */
export function parseMessagesBody(body: unknown, headers: MessagesHeaders = {}): ParsedBody<ChatBody> {
  return parseBody(body, (fields) => readBody(fields, headers, true));
}

/** A count_tokens body: as a messages body, without the need for max_tokens. */
export function parseCountTokensBody(body: unknown, headers: MessagesHeaders = {}): ParsedBody<ChatBody> {
  return parseBody(body, (fields) => readBody(fields, headers, false));
}

function readBody(fields: Fields, headers: MessagesHeaders, needsLimit: boolean): ChatBody {
  refuseThread(fields);
  const model = fields.requiredString('model');
  const gateway = readGatewayFields(fields, model);
  // Here a negative limit is no way to say "without one", as engines with OpenAI's API read it.
  if (fields.integer('max_tokens', 1) === undefined && needsLimit) throw missing('max_tokens');
  if ((fields.array('mcp_servers', bodyLimits.tools) ?? []).length > 0) {
    throw unsupported('mcp_servers', 'is not offered by this gateway: it calls no tools by itself.');
  }
  const stream = fields.boolean('stream') ?? false;
  return { model, stream, includeUsage: true, request: readRequest(fields, headers, gateway.user), gateway };
}

/**
 * A thread keeps the history on Anthropic's side. Were the field ignored, the next turn would come without history and
 * the conversation were lost; on exactly this refusal the SDKs send everything again, without the field.
 */
function refuseThread(fields: Fields): void {
  if (fields.raw('thread') === undefined) return;
  throw new BodyProblem(
    "'thread' is not supported by this gateway: it keeps no messages. Send the whole conversation without 'thread'.",
    'thread',
    'unsupported_parameter',
    { error_code: 'thread_unsupported_request', unsupported: ['thread'] },
  );
}

function readRequest(fields: Fields, headers: MessagesHeaders, user: string | undefined): ChatRequest {
  const { stop: _stop, user: _user, ...sampling } = readSampling(fields);
  return present({
    messages: [...readSystem(fields), ...readMessages(fields)],
    ...readTools(fields),
    responseFormat: readOutputFormat(fields),
    reasoning: readReasoning(fields),
    ...sampling,
    stop: readStop(fields, 'stop_sequences'),
    user,
    extra: readMessagesExtra(fields, headers),
  });
}

function readMessagesExtra(fields: Fields, headers: MessagesHeaders): JsonObject | undefined {
  const extra: JsonObject = present({ ...readExtra(fields, passedOn), output_config: restOfOutputConfig(fields) });
  if (extra['service_tier'] === 'auto') delete extra['service_tier'];
  if (headers.beta !== undefined && headers.beta !== '') extra['anthropic_beta'] = headers.beta;
  return Object.keys(extra).length === 0 ? undefined : extra;
}

function readSystem(fields: Fields): ChatMessage[] {
  const system = fields.raw('system');
  if (system === undefined || system === '') return [];
  const content = readBlocks(system, 'system').map((block) => {
    block.requiredChoice('type', ['text']);
    return readTextBlock(block);
  });
  return content.length === 0 ? [] : [{ role: 'system', content }];
}

function readMessages(fields: Fields): ChatMessage[] {
  const list = fields.objects('messages', bodyLimits.messages);
  if (list === undefined) throw missing('messages');
  if (list.length === 0) {
    throw new BodyProblem(
      "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
      'messages',
    );
  }
  const names = new Map<string, string>();
  return list.flatMap((message) => readMessage(message, names));
}

/** `names`: tools of the calls so far, by call id, so that results can name theirs. */
function readMessage(message: Fields, names: Map<string, string>): ChatMessage[] {
  const role = message.requiredChoice('role', ['user', 'assistant', 'system']);
  const content = message.raw('content');
  const path = message.pathOf('content');
  if (content === undefined) throw wrongType(path, 'one of a string or array of content blocks', null);
  if (role === 'assistant') {
    const { reasoning, native, ...said } = readAssistantBlocks(content, path);
    for (const call of said.toolCalls) names.set(call.id, call.name);
    return [present({ role, ...said, native, reasoning: reasoning.length === 0 ? undefined : reasoning })];
  }
  const blocks = readBlocks(content, path);
  if (role === 'system') return [{ role, content: blocks.map(readTextBlock) }];
  const results = blocks.filter((block) => block.raw('type') === 'tool_result');
  const said = blocks.filter((block) => block.raw('type') !== 'tool_result').map(readUserBlock);
  const tools = results.map((block) => readToolResult(block, names));
  return said.length === 0 && tools.length > 0 ? tools : [...tools, { role, content: said }];
}

function readToolResult(block: Fields, names: ReadonlyMap<string, string>): ChatMessage {
  const toolCallId = block.requiredString('tool_use_id');
  return present({
    role: 'tool' as const,
    toolCallId,
    toolName: names.get(toolCallId),
    content: readToolResultContent(block),
    isError: block.boolean('is_error') === true ? true : undefined,
    cacheControl: readCacheControl(block),
  });
}

function readTools(fields: Fields): Pick<ChatRequest, 'tools' | 'nativeTools' | 'toolChoice' | 'parallelToolCalls'> {
  const tools = fields.objects('tools', bodyLimits.tools) ?? [];
  const isOwn = (tool: Fields) => (tool.string('type') ?? 'custom') === 'custom';
  const native = tools.filter((tool) => !isOwn(tool)).map(readNativeTool);
  return readToolChoice(fields, tools.filter(isOwn).map(readTool), native);
}

/** Fields of a client's own tool that upstreams beside Anthropic do not know. */
const nativeFields = ['strict', 'defer_loading', 'allowed_callers', 'input_examples', 'eager_input_streaming'];

/** A client's own tool. */
function readTool(tool: Fields): Tool {
  const native = Object.fromEntries(
    nativeFields.map((name) => [name, tool.raw(name)] as const).filter(([, value]) => value !== undefined),
  );
  return present({
    name: tool.requiredString('name'),
    description: tool.string('description'),
    parameters: tool.record('input_schema'),
    strict: tool.boolean('strict'),
    cacheControl: readCacheControl(tool),
    native: Object.keys(native).length === 0 ? undefined : native,
  });
}

/** `output_config.format` (ai-sdk, current SDKs) or `output_format` (the Python SDK's helper). */
function readOutputFormat(fields: Fields): ResponseFormat | undefined {
  const format = fields.object('output_config')?.object('format') ?? fields.object('output_format');
  if (format === undefined) return undefined;
  format.requiredChoice('type', ['json_schema']);
  const schema = format.record('schema');
  if (schema === undefined) throw missing(format.pathOf('schema'));
  return present({ type: 'json_schema' as const, name: format.string('name') ?? 'response', schema });
}
