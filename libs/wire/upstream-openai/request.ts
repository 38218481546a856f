/** Neutral requests as bodies of OpenAI-compatible upstreams. */
import type { ChatRequest, CompletionRequest, EmbeddingRequest, ResponseFormat } from '../neutral/chat-request.js';
import { withChatDefaults, withCompletionDefaults, withoutParams } from '../upstream/default-params.js';
import { pickExtra } from '../upstream/extra-fields.js';
import { withoutNative } from '../upstream/native-content.js';
import { WriteNotes, type WriteOptions, type WrittenRequest } from '../upstream/written-request.js';
import { flavourOf, type OpenAiFlavour, type OpenAiFlavourName } from './flavour.js';
import { writeMessages, writeTools } from './messages.js';
import { openAiModel, refusedByReasoning, writeReasoning } from './reasoning.js';

export interface OpenAiWriteOptions extends WriteOptions {
  readonly flavour: OpenAiFlavourName;
  /** The model behind a name that does not tell it (an Azure deployment); default: `model`. */
  readonly baseModel?: string;
}

type JsonObject = Record<string, unknown>;
type Generation = ChatRequest | CompletionRequest;

/** Engine options of Ollama have no meaning at these upstreams, and OpenAI answers 400 to them. */
const ollamaOnly =
  /^(?:num_\w+|keep_alive|main_gpu|use_m\w+|low_vram|f16_kv|repeat_last_n|typical_p|tfs_z|mirostat\w*|truncate|shift|options|draft_num_predict)$/u;

/** Body of POST /chat/completions. */
export function writeOpenAiChat(chat: ChatRequest, options: OpenAiWriteOptions): WrittenRequest {
  const notes = new WriteNotes();
  const flavour = flavourOf(options.flavour);
  const model = options.baseModel ?? options.model;
  const filled = withChatDefaults(chat, options.params);
  const asked = withoutNative(withoutParams(filled.request, options.omit), notes);
  const request = withoutRefused(asked, flavour, model, notes);
  const { include_reasoning: _written, ...extra } = request.extra ?? {};
  const body = {
    model: options.model,
    messages: writeMessages(request.messages, flavour),
    ...streamFields(options.stream, flavour),
    ...writeTokenLimit(request.maxTokens, flavour, model),
    ...writeSampling(request, flavour, notes),
    ...writeToolFields(request, flavour),
    ...writeResponseFormat(request.responseFormat),
    ...writeReasoning(request, flavour, model, notes),
    ...(request.logprobs === true ? { logprobs: true } : {}),
    ...(request.logprobs === true && request.topLogprobs !== undefined ? { top_logprobs: request.topLogprobs } : {}),
    ...pickExtra(extra, flavour.extra, notes),
  };
  return notes.finish({ ...pickParams(filled.rest, flavour, notes), ...body }, options.extraBody);
}

/** Body of POST /completions: all prompts at once, as the client sent them. */
export function writeOpenAiCompletion(completion: CompletionRequest, options: OpenAiWriteOptions): WrittenRequest {
  const notes = new WriteNotes();
  const flavour = flavourOf(options.flavour);
  const filled = withCompletionDefaults(completion, options.params);
  const request = withoutParams(filled.request, options.omit);
  const [first] = request.prompts;
  const body = {
    model: options.model,
    prompt: request.prompts.length === 1 ? first : request.prompts,
    ...streamFields(options.stream, flavour),
    ...(request.maxTokens === undefined ? {} : { max_tokens: request.maxTokens }),
    ...writeSampling(request, flavour, notes),
    ...(request.suffix === undefined ? {} : { suffix: request.suffix }),
    ...(request.echo === true ? { echo: true } : {}),
    ...(request.logprobs === undefined ? {} : { logprobs: request.logprobs }),
    ...(request.bestOf === undefined ? {} : { best_of: request.bestOf }),
    ...pickExtra(request.extra, flavour.extra, notes),
  };
  return notes.finish({ ...pickParams(filled.rest, flavour, notes), ...body }, options.extraBody);
}

/** Body of POST /embeddings. Floats are asked for, whatever the client wants: the gateway encodes base64 itself. */
export function writeOpenAiEmbedding(
  request: EmbeddingRequest,
  options: Omit<OpenAiWriteOptions, 'stream'>,
): WrittenRequest {
  const notes = new WriteNotes();
  const flavour = flavourOf(options.flavour);
  const omit = new Set(options.omit);
  const { dimensions: ownDimensions, ...rest } = options.params ?? {};
  const dimensions = omit.has('dimensions') ? undefined : (request.dimensions ?? ownDimensions);
  const [first] = request.inputs;
  const body = {
    model: options.model,
    input: request.inputs.length === 1 ? first : request.inputs,
    encoding_format: 'float',
    ...(dimensions === undefined ? {} : { dimensions }),
    ...(request.user !== undefined && flavour.user && !omit.has('user') ? { user: request.user } : {}),
    ...pickExtra(request.extra, flavour.takesUnknownParams ? embeddingExtra : noExtra, notes),
  };
  return notes.finish({ ...pickParams(rest, flavour, notes), ...body }, options.extraBody);
}

const noExtra: ReadonlySet<string> = new Set();
/** What vLLM, NVIDIA and Jina add for asymmetric models. */
const embeddingExtra: ReadonlySet<string> = new Set(['input_type', 'task', 'truncate', 'truncate_prompt_tokens']);

/** Usage is always asked for, also where the client does not want to see it: the ledger does. */
function streamFields(stream: boolean, flavour: OpenAiFlavour): JsonObject {
  if (!stream) return { stream: false };
  return flavour.asksForUsage ? { stream: true, stream_options: { include_usage: true } } : { stream: true };
}

function writeTokenLimit(maxTokens: number | undefined, flavour: OpenAiFlavour, model: string): JsonObject {
  if (maxTokens === undefined) return {};
  if (flavour.tokenLimit !== 'by-model') return { [flavour.tokenLimit]: maxTokens };
  return openAiModel(model).reasons ? { max_completion_tokens: maxTokens } : { max_tokens: maxTokens };
}

function writeSampling(request: Generation, flavour: OpenAiFlavour, notes: WriteNotes): JsonObject {
  const fields: JsonObject = {
    temperature: request.temperature,
    top_p: request.topP,
    presence_penalty: request.presencePenalty,
    frequency_penalty: request.frequencyPenalty,
    stop: request.stop === undefined || request.stop.length === 0 ? undefined : request.stop,
    n: request.n,
    logit_bias: request.logitBias,
  };
  if (request.user !== undefined && flavour.user) fields['user'] = request.user;
  else if (request.user !== undefined) notes.drop('user');
  for (const [value, wireName, openAiName] of [
    [request.topK, flavour.topK, 'top_k'],
    [request.minP, flavour.minP, 'min_p'],
    [request.repeatPenalty, flavour.repeatPenalty, 'repetition_penalty'],
    [request.seed, flavour.seed, 'seed'],
  ] as const) {
    if (value === undefined) continue;
    if (wireName === null) notes.drop(openAiName);
    else fields[wireName] = value;
  }
  for (const name of Object.keys(request.ollamaOptions ?? {})) notes.drop(name);
  if (request.keepAlive !== undefined) notes.drop('keep_alive');
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function writeToolFields(request: ChatRequest, flavour: OpenAiFlavour): JsonObject {
  const { tools, toolChoice, parallelToolCalls } = request;
  // tool_choice and parallel_tool_calls without tools are 400.
  if (tools === undefined || tools.length === 0) return {};
  const fields: JsonObject = { tools: writeTools(tools, flavour) };
  if (typeof toolChoice === 'object') {
    fields['tool_choice'] = { type: 'function', function: { name: toolChoice.name } };
  } else if (toolChoice !== undefined) {
    fields['tool_choice'] = toolChoice === 'required' ? flavour.required : toolChoice;
  }
  if (parallelToolCalls !== undefined) fields['parallel_tool_calls'] = parallelToolCalls;
  return fields;
}

function writeResponseFormat(format: ResponseFormat | undefined): JsonObject {
  if (format === undefined) return {};
  if (format.type === 'json_object') return { response_format: { type: 'json_object' } };
  const { name, description, schema, strict } = format;
  return {
    response_format: {
      type: 'json_schema',
      json_schema: {
        name,
        ...(description === undefined ? {} : { description }),
        schema,
        ...(strict === undefined ? {} : { strict }),
      },
    },
  };
}

/** Takes out what this upstream refuses at the values of this request, and notes it as unsupported. */
function withoutRefused(request: ChatRequest, flavour: OpenAiFlavour, model: string, notes: WriteNotes): ChatRequest {
  const names = new Set(flavour.reasoning === 'by-model' ? refusedByReasoning(request, model) : []);
  const { refuses } = flavour;
  if (refuses.has('n') && (request.n ?? 1) > 1) names.add('n');
  if (refuses.has('logprobs') && request.logprobs === true) names.add('logprobs');
  if (refuses.has('logit_bias') && Object.keys(request.logitBias ?? {}).length > 0) names.add('logit_bias');
  if (refuses.has('json_schema') && request.responseFormat?.type === 'json_schema') names.add('response_format');
  for (const name of names) notes.unsupported(name);
  const neutral = [...refuses].filter((name) => name !== 'json_schema');
  return withoutParams(request, [...names, ...neutral]);
}

/** Parameters of the config that are no field of a request. */
function pickParams(rest: Readonly<JsonObject>, flavour: OpenAiFlavour, notes: WriteNotes): JsonObject {
  const picked: JsonObject = {};
  for (const [name, value] of Object.entries(rest)) {
    const isKnown = flavour.extra.has(name) || (flavour.takesUnknownParams && !ollamaOnly.test(name));
    if (isKnown) picked[name] = value;
    else notes.drop(name);
  }
  return picked;
}
