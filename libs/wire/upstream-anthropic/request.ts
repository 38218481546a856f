/** A neutral chat request as the body of Anthropic's POST /v1/messages. */
import type { ChatRequest, Tool } from '../neutral/chat-request.js';
import { withChatDefaults, withoutParams } from '../upstream/default-params.js';
import { pickExtra } from '../upstream/extra-fields.js';
import { isRecord, recordOf } from '../upstream/loose-json.js';
import { WriteNotes, type WriteOptions, type WrittenRequest } from '../upstream/written-request.js';
import { writeMessages } from './messages.js';
import { type JsonPlan, planJson } from './json-answer.js';
import { type AnthropicModel, anthropicModel } from './model.js';
import { type Thinking, writeThinking } from './thinking.js';
import { withWebSearch } from './web-search.js';

export interface AnthropicWriteOptions extends WriteOptions {
  /** What the model can give at most; the default of max_tokens, which Anthropic demands, is not above it. */
  readonly maxOutputTokens?: number | null;
}

type JsonObject = Record<string, unknown>;

const apiVersion = '2023-06-01';
const defaultMaxTokens = 8192;
/** Unknown fields are 400 there. `thinking`, `output_config`, `metadata` and `service_tier` are written with care below. */
const passedOn: ReadonlySet<string> = new Set([
  'cache_control',
  'container',
  'context_management',
  'inference_geo',
  'mcp_servers',
  'speed',
]);

export interface WrittenMessages extends WrittenRequest {
  /** The tool whose input is the text of the answer (see json-answer.ts); the decoder is told of it. */
  readonly answerTool?: string;
}

/** Body and headers (`anthropic-version`, `anthropic-beta`) of POST /v1/messages. */
export function writeAnthropicMessages(chat: ChatRequest, options: AnthropicWriteOptions): WrittenMessages {
  const notes = new WriteNotes();
  const model = anthropicModel(options.model);
  const filled = withChatDefaults(chat, options.params);
  const extra = { ...passedParams(filled.rest, notes), ...filled.request.extra };
  const request = withWebSearch(withoutParams({ ...filled.request, extra }, options.omit));
  const thinking = writeThinking(request, model, defaultLimit(model, options), notes);
  noteUnsupported(request, notes);
  const json = planJson(request, model, thinking);
  if (json.kind === 'impossible') notes.unsupported('response_format');
  const outputConfig = writeOutputConfig(request, thinking, json);
  const body = {
    model: options.model,
    max_tokens: thinking.maxTokens,
    ...writeMessages(request.messages, notes),
    stream: options.stream,
    ...writeSampling(request, model, thinking, notes),
    ...writeTools(request, json),
    ...(thinking.fields.thinking === undefined ? {} : { thinking: thinking.fields.thinking }),
    ...(Object.keys(outputConfig).length === 0 ? {} : { output_config: outputConfig }),
    ...writeExtra(request, notes),
  };
  const written = notes.finish(body, options.extraBody, headersOf(request));
  return json.kind === 'tool' ? { ...written, answerTool: json.name } : written;
}

function defaultLimit(model: AnthropicModel, options: AnthropicWriteOptions): number {
  const least = model.version !== null && model.version < 305 ? 4096 : defaultMaxTokens;
  return Math.min(least, options.maxOutputTokens ?? least);
}

function passedParams(rest: Readonly<JsonObject>, notes: WriteNotes): JsonObject {
  const known = new Set([...passedOn, 'thinking', 'output_config', 'service_tier', 'anthropic_beta', 'metadata']);
  const picked: JsonObject = {};
  for (const [name, value] of Object.entries(rest)) {
    if (known.has(name)) picked[name] = value;
    else notes.drop(name);
  }
  return picked;
}

function noteUnsupported(request: ChatRequest, notes: WriteNotes): void {
  if ((request.n ?? 1) > 1) notes.unsupported('n');
  if (request.logprobs === true) notes.unsupported('logprobs');
  if (request.seed !== undefined) notes.unsupported('seed');
  if (Object.keys(request.logitBias ?? {}).length > 0) notes.unsupported('logit_bias');
  if ((request.presencePenalty ?? 0) !== 0) notes.unsupported('presence_penalty');
  if ((request.frequencyPenalty ?? 0) !== 0) notes.unsupported('frequency_penalty');
  if (request.minP !== undefined) notes.drop('min_p');
  if (request.repeatPenalty !== undefined) notes.drop('repetition_penalty');
  for (const name of Object.keys(request.ollamaOptions ?? {})) notes.drop(name);
  if (request.keepAlive !== undefined) notes.drop('keep_alive');
}

/** Temperatures end at 1. Recent models and models that think take none at all, and some not both of temperature and top_p. */
function writeSampling(request: ChatRequest, model: AnthropicModel, thinking: Thinking, notes: WriteNotes): JsonObject {
  const fields: JsonObject = {};
  const isFixed = model.fixedSampling || thinking.isOn;
  const temperature = request.temperature === undefined ? undefined : Math.min(1, request.temperature);
  if (temperature !== request.temperature) notes.drop('temperature');
  if (temperature !== undefined && !isFixed) fields['temperature'] = temperature;
  else if (temperature !== undefined && temperature !== 1) notes.drop('temperature');
  const mayMix = model.mixesSampling || fields['temperature'] === undefined;
  if (request.topP !== undefined && request.topP !== 1) {
    if (isFixed || !mayMix) notes.drop('top_p');
    else fields['top_p'] = request.topP;
  }
  if (request.topK !== undefined && isFixed) notes.drop('top_k');
  else if (request.topK !== undefined) fields['top_k'] = request.topK;
  const stops = (request.stop ?? []).filter((stop) => stop.trim() !== '');
  if (stops.length < (request.stop?.length ?? 0)) notes.drop('stop');
  if (stops.length > 0) fields['stop_sequences'] = stops;
  return fields;
}

function writeTools(request: ChatRequest, json: JsonPlan): JsonObject {
  const { tools = [], nativeTools = [], toolChoice, parallelToolCalls } = request;
  const written = [...tools.map(writeTool), ...nativeTools];
  if (json.kind === 'tool') {
    return { tools: [...written, json.tool], ...(json.choice === null ? {} : { tool_choice: json.choice }) };
  }
  if (written.length === 0) return {};
  const single = parallelToolCalls === false && toolChoice !== 'none' ? { disable_parallel_tool_use: true } : {};
  if (toolChoice === undefined && parallelToolCalls !== false) return { tools: written };
  return { tools: written, tool_choice: { ...writeToolChoice(toolChoice), ...single } };
}

function writeTool(tool: Tool): JsonObject {
  return {
    name: tool.name,
    ...(tool.description === undefined ? {} : { description: tool.description }),
    input_schema: { type: 'object', ...tool.parameters },
    ...(tool.cacheControl === undefined ? {} : { cache_control: tool.cacheControl }),
    ...tool.native,
  };
}

function writeToolChoice(choice: ChatRequest['toolChoice']): JsonObject {
  if (typeof choice === 'object') return { type: 'tool', name: choice.name };
  switch (choice) {
    case 'none':
      return { type: 'none' };
    case 'required':
      return { type: 'any' };
    case 'auto':
    case undefined:
      return { type: 'auto' };
  }
}

function writeOutputConfig(request: ChatRequest, thinking: Thinking, json: JsonPlan): JsonObject {
  const config: JsonObject = { ...recordOf(request.extra?.['output_config']) };
  if (thinking.fields.effort !== undefined && config['effort'] === undefined) config['effort'] = thinking.fields.effort;
  const format = request.responseFormat;
  if (json.kind === 'format' && format?.type === 'json_schema') {
    config['format'] = { type: 'json_schema', schema: closedSchema(format.schema) };
  }
  return config;
}

/** Every object must say that it has no other properties; OpenAI demands it of strict schemas only. */
function closedSchema(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closedSchema);
  if (!isRecord(schema)) return schema;
  const closed = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, closedSchema(value)]));
  const isObject = schema['type'] === 'object' && !('additionalProperties' in schema);
  return isObject ? { ...closed, additionalProperties: false } : closed;
}

function writeExtra(request: ChatRequest, notes: WriteNotes): JsonObject {
  const {
    thinking: _thinking,
    output_config: _outputConfig,
    anthropic_beta: _beta,
    metadata,
    service_tier: tier,
    ...others
  } = request.extra ?? {};
  const fields = pickExtra(others, passedOn, notes);
  const userId = recordOf(metadata)['user_id'] ?? request.user;
  if (typeof userId === 'string') fields['metadata'] = { user_id: userId };
  else if (isRecord(metadata)) notes.drop('metadata');
  if (tier === 'auto' || tier === 'standard_only') fields['service_tier'] = tier;
  else if (tier !== undefined && tier !== null) notes.drop('service_tier');
  return fields;
}

function headersOf(request: ChatRequest): Record<string, string> {
  const beta = request.extra?.['anthropic_beta'];
  const names = (Array.isArray(beta) ? beta : [beta]).filter((name) => typeof name === 'string' && name !== '');
  return {
    'anthropic-version': apiVersion,
    ...(names.length === 0 ? {} : { 'anthropic-beta': names.join(',') }),
  };
}
