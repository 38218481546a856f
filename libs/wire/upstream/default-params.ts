/**
 * Parameters of a deployment (LiteLLM's `litellm_params`) as fields of a neutral request, and parameters taken out by name.
 * Names are the config's: OpenAI's, and the few that Ollama, OpenRouter and Anthropic users write.
 */
import type { ChatRequest, CompletionRequest, Reasoning, ResponseFormat, Sampling } from '../neutral/chat-request.js';
import { entryOf, isRecord, numberOf, recordOf, textOf } from './loose-json.js';

type ChatOnly = Pick<ChatRequest, 'parallelToolCalls' | 'responseFormat' | 'reasoning' | 'toolChoice'> & {
  logprobs?: boolean | undefined;
  topLogprobs?: number | undefined;
};

const number = (key: keyof Sampling) => (value: unknown) => {
  const read = numberOf(value);
  return read === null ? null : { [key]: read };
};
const integer =
  (key: keyof Sampling, least = Number.MIN_SAFE_INTEGER) =>
  (value: unknown) => {
    const read = numberOf(value);
    return read === null || !Number.isInteger(read) || read < least ? null : { [key]: read };
  };

const samplingReaders: Readonly<Record<string, (value: unknown) => Partial<Sampling> | null>> = {
  max_tokens: integer('maxTokens', 1),
  max_completion_tokens: integer('maxTokens', 1),
  num_predict: integer('maxTokens', 1),
  temperature: number('temperature'),
  top_p: number('topP'),
  top_k: integer('topK'),
  min_p: number('minP'),
  seed: integer('seed'),
  presence_penalty: number('presencePenalty'),
  frequency_penalty: number('frequencyPenalty'),
  repeat_penalty: number('repeatPenalty'),
  repetition_penalty: number('repeatPenalty'),
  n: integer('n', 1),
  user: (value) => (typeof value === 'string' ? { user: value } : null),
  stop: (value) => {
    if (typeof value === 'string') return { stop: [value] };
    return isTextList(value) ? { stop: value } : null;
  },
  logit_bias: (value) => (isNumberMap(value) ? { logitBias: value } : null),
};

const chatReaders: Readonly<Record<string, (value: unknown) => Partial<ChatOnly> | null>> = {
  reasoning_effort: (value) => (textOf(value) === null ? null : { reasoning: { effort: String(value) } }),
  reasoning: (value) => readReasoning(value),
  think: (value) => {
    if (typeof value === 'boolean') return { reasoning: { enabled: value } };
    return typeof value === 'string' && value.length > 0 ? { reasoning: { effort: value } } : null;
  },
  parallel_tool_calls: (value) => (typeof value === 'boolean' ? { parallelToolCalls: value } : null),
  logprobs: (value) => (typeof value === 'boolean' ? { logprobs: value } : null),
  top_logprobs: (value) => (Number.isInteger(value) ? { topLogprobs: Number(value) } : null),
  response_format: (value) => readResponseFormat(value),
  tool_choice: (value) => (value === 'none' || value === 'auto' || value === 'required' ? { toolChoice: value } : null),
};

/** The request with absent fields filled from `params`; `rest` holds the parameters that are no field of a request. */
export function withChatDefaults(
  request: ChatRequest,
  params: Readonly<Record<string, unknown>> = {},
): { request: ChatRequest; rest: Record<string, unknown> } {
  const { sampling, chat, rest } = readParams(params);
  return { request: { ...sampling, ...chat, ...present(request) }, rest };
}

/** The same for a legacy completion; parameters of chats have no effect there. */
export function withCompletionDefaults(
  request: CompletionRequest,
  params: Readonly<Record<string, unknown>> = {},
): { request: CompletionRequest; rest: Record<string, unknown> } {
  const { sampling, rest } = readParams(params);
  return { request: { ...sampling, ...present(request) }, rest };
}

function readParams(params: Readonly<Record<string, unknown>>) {
  let sampling: Partial<Sampling> = {};
  let chat: Partial<ChatOnly> = {};
  const rest: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(params)) {
    if (value === null || value === undefined) continue;
    const samplingReader = entryOf(samplingReaders, name);
    const chatReader = entryOf(chatReaders, name);
    if (samplingReader !== undefined) sampling = { ...sampling, ...samplingReader(value) };
    else if (chatReader !== undefined) chat = { ...chat, ...chatReader(value) };
    else rest[name] = value;
  }
  return { sampling, chat, rest };
}

/** Without keys that hold undefined: they must not hide a default. */
function present<T extends object>(request: T): T {
  const copy = { ...request };
  for (const key of Object.keys(copy)) if (Reflect.get(copy, key) === undefined) Reflect.deleteProperty(copy, key);
  return copy;
}

const fieldOfName: Readonly<Record<string, readonly (keyof ChatRequest | keyof CompletionRequest)[]>> = {
  max_tokens: ['maxTokens'],
  max_completion_tokens: ['maxTokens'],
  temperature: ['temperature'],
  top_p: ['topP'],
  top_k: ['topK'],
  min_p: ['minP'],
  seed: ['seed'],
  stop: ['stop'],
  presence_penalty: ['presencePenalty'],
  frequency_penalty: ['frequencyPenalty'],
  repeat_penalty: ['repeatPenalty'],
  repetition_penalty: ['repeatPenalty'],
  n: ['n'],
  logit_bias: ['logitBias'],
  user: ['user'],
  tools: ['tools', 'nativeTools', 'toolChoice', 'parallelToolCalls'],
  functions: ['tools', 'toolChoice', 'parallelToolCalls'],
  tool_choice: ['toolChoice'],
  parallel_tool_calls: ['parallelToolCalls'],
  response_format: ['responseFormat'],
  reasoning_effort: ['reasoning'],
  reasoning: ['reasoning'],
  think: ['reasoning'],
  thinking: ['reasoning'],
  logprobs: ['logprobs', 'topLogprobs'],
  top_logprobs: ['topLogprobs'],
  suffix: ['suffix'],
  echo: ['echo'],
  best_of: ['bestOf'],
  keep_alive: ['keepAlive'],
  options: ['ollamaOptions'],
};

/** A copy without the parameters of these OpenAI names, wherever the request keeps them. */
export function withoutParams<R extends ChatRequest | CompletionRequest>(request: R, names: readonly string[] = []): R {
  if (names.length === 0) return request;
  const copy = { ...request };
  const extra = { ...copy.extra };
  for (const name of names) {
    for (const field of entryOf(fieldOfName, name) ?? []) Reflect.deleteProperty(copy, field);
    Reflect.deleteProperty(extra, name);
  }
  if (copy.extra !== undefined) copy.extra = extra;
  return copy;
}

function readReasoning(value: unknown): Partial<ChatOnly> | null {
  if (!isRecord(value)) return null;
  const reasoning: Reasoning = {};
  const effort = textOf(value['effort']);
  const budget = numberOf(value['max_tokens'] ?? value['budget_tokens']);
  if (effort !== null) reasoning.effort = effort;
  if (budget !== null) reasoning.budgetTokens = Math.round(budget);
  if (typeof value['enabled'] === 'boolean') reasoning.enabled = value['enabled'];
  return { reasoning };
}

function readResponseFormat(value: unknown): { responseFormat: ResponseFormat } | null {
  const format = recordOf(value);
  if (format['type'] === 'json_object') return { responseFormat: { type: 'json_object' } };
  const described = recordOf(format['json_schema']);
  const schema = described['schema'];
  if (format['type'] !== 'json_schema' || !isRecord(schema)) return null;
  const name = textOf(described['name']) ?? 'answer';
  const strict = described['strict'] === true ? { strict: true } : {};
  return { responseFormat: { type: 'json_schema', name, schema, ...strict } };
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isNumberMap(value: unknown): value is Record<string, number> {
  return isRecord(value) && Object.values(value).every((item) => typeof item === 'number');
}
