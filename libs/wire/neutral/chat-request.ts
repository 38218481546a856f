/**
 * Our own form of a chat request, between the client's dialect and the upstream's. It is close to OpenAI's chat
 * completions, with room for what Anthropic and Ollama have and OpenAI lacks. Every client dialect is parsed into this,
 * every upstream dialect is written from it; only what is listed here ever goes upstream.
 */
import { z } from 'zod';

/** Prompt-cache mark of Anthropic, carried through to Anthropic upstreams. */
const CacheControl = z.object({ type: z.literal('ephemeral'), ttl: z.string().optional() });

/** A block or tool of Anthropic's as its client wrote it: goes to Anthropic upstreams unchanged, and to nobody else. */
const Native = z.record(z.string(), z.unknown());
export type Native = z.infer<typeof Native>;

export const TextPart = z.object({
  type: z.literal('text'),
  text: z.string(),
  cacheControl: CacheControl.optional(),
  /** A document or search result of which only the text is known elsewhere. */
  native: Native.optional(),
});
/** Either bytes (base64, no data: prefix) with their media type, or a URL. */
export const ImagePart = z.object({
  type: z.literal('image'),
  source: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('base64'), mediaType: z.string(), data: z.string() }),
    z.object({ kind: z.literal('url'), url: z.string() }),
  ]),
  detail: z.string().optional(),
  cacheControl: CacheControl.optional(),
});
export const AudioPart = z.object({ type: z.literal('audio'), data: z.string(), format: z.string() });
export const FilePart = z.object({
  type: z.literal('file'),
  filename: z.string().optional(),
  data: z.string().optional(),
  fileId: z.string().optional(),
  /** Without data and id: a block that no other upstream takes. */
  native: Native.optional(),
});
export const ContentPart = z.discriminatedUnion('type', [TextPart, ImagePart, AudioPart, FilePart]);
export type ContentPart = z.infer<typeof ContentPart>;

/** Thinking of an earlier turn. `signature` and `redacted` belong to Anthropic, `details` to OpenRouter: sent back unchanged. */
export const ReasoningBlock = z.object({
  text: z.string(),
  signature: z.string().optional(),
  redacted: z.string().optional(),
  details: z.unknown().optional(),
});
export type ReasoningBlock = z.infer<typeof ReasoningBlock>;

/** `arguments` is JSON text, as the client sent it. */
export const ToolCall = z.object({
  id: z.string(),
  name: z.string(),
  arguments: z.string(),
  cacheControl: CacheControl.optional(),
});
export type ToolCall = z.infer<typeof ToolCall>;

export const SystemMessage = z.object({
  role: z.literal('system'),
  content: z.array(TextPart),
  name: z.string().optional(),
});
export const UserMessage = z.object({
  role: z.literal('user'),
  content: z.array(ContentPart),
  name: z.string().optional(),
});
export const AssistantMessage = z.object({
  role: z.literal('assistant'),
  content: z.array(TextPart),
  refusal: z.string().optional(),
  reasoning: z.array(ReasoningBlock).optional(),
  toolCalls: z.array(ToolCall),
  name: z.string().optional(),
  /** The whole content as Anthropic gave it, where it holds what the fields above do not: tools of its servers, citations. */
  native: z.array(Native).optional(),
});
export const ToolMessage = z.object({
  role: z.literal('tool'),
  toolCallId: z.string(),
  /** Name of the tool, looked up from the call it answers where the client did not say. */
  toolName: z.string().optional(),
  content: z.array(ContentPart),
  isError: z.boolean().optional(),
  cacheControl: CacheControl.optional(),
});
/** The roles `developer` and `function` become `system` and `tool` while parsing. */
export const ChatMessage = z.discriminatedUnion('role', [SystemMessage, UserMessage, AssistantMessage, ToolMessage]);
export type ChatMessage = z.infer<typeof ChatMessage>;

export const Tool = z.object({
  name: z.string(),
  description: z.string().optional(),
  /** JSON schema. */
  parameters: z.record(z.string(), z.unknown()).optional(),
  strict: z.boolean().optional(),
  cacheControl: CacheControl.optional(),
  /** Fields of a tool that only Anthropic knows (`defer_loading`, `allowed_callers` ...). */
  native: Native.optional(),
});
export type Tool = z.infer<typeof Tool>;

export const ToolChoice = z.union([z.enum(['none', 'auto', 'required']), z.object({ name: z.string() })]);
export type ToolChoice = z.infer<typeof ToolChoice>;

export const ResponseFormat = z.discriminatedUnion('type', [
  z.object({ type: z.literal('json_object') }),
  z.object({
    type: z.literal('json_schema'),
    name: z.string(),
    description: z.string().optional(),
    schema: z.record(z.string(), z.unknown()),
    strict: z.boolean().optional(),
  }),
]);
export type ResponseFormat = z.infer<typeof ResponseFormat>;

/** How much to think: a level, a budget in tokens, or off. */
export const Reasoning = z.object({
  effort: z.string().optional(),
  budgetTokens: z.number().int().optional(),
  enabled: z.boolean().optional(),
});
export type Reasoning = z.infer<typeof Reasoning>;

/** What every generating request may carry. Absent = the client did not say. */
export const samplingFields = {
  maxTokens: z.number().int().positive().optional(),
  temperature: z.number().optional(),
  topP: z.number().optional(),
  topK: z.number().int().optional(),
  minP: z.number().optional(),
  seed: z.number().int().optional(),
  stop: z.array(z.string()).optional(),
  presencePenalty: z.number().optional(),
  frequencyPenalty: z.number().optional(),
  repeatPenalty: z.number().optional(),
  n: z.number().int().positive().optional(),
  logitBias: z.record(z.string(), z.number()).optional(),
  user: z.string().optional(),
  /** Engine options of Ollama that some clients send: `num_ctx` and the like. Ignored by every other upstream. */
  ollamaOptions: z.record(z.string(), z.unknown()).optional(),
  keepAlive: z.union([z.string(), z.number()]).optional(),
};

export const ChatRequest = z.object({
  messages: z.array(ChatMessage),
  tools: z.array(Tool).optional(),
  /** Anthropic's own tools, by type (`web_search_20250305`, `bash_20250124` ...), as the client wrote them. */
  nativeTools: z.array(Native).optional(),
  toolChoice: ToolChoice.optional(),
  parallelToolCalls: z.boolean().optional(),
  responseFormat: ResponseFormat.optional(),
  reasoning: Reasoning.optional(),
  logprobs: z.boolean().optional(),
  topLogprobs: z.number().int().optional(),
  ...samplingFields,
  /** Fields that only some upstreams know, by their wire names: service_tier, verbosity, modalities, prediction, store,
   * metadata, prompt_cache_key, safety_identifier, web_search_options, audio, models, provider, plugins, transforms, route, thinking, output_config, anthropic_beta ... Each is in the
   * allow-list of the dialect that parsed it and is written only by upstream dialects whose allow-list has it too. */
  extra: z.record(z.string(), z.unknown()).optional(),
});
export type ChatRequest = z.infer<typeof ChatRequest>;

/** Legacy completion: each prompt is answered by itself. */
export const CompletionRequest = z.object({
  prompts: z.array(z.union([z.string(), z.array(z.number().int())])).min(1),
  suffix: z.string().optional(),
  echo: z.boolean().optional(),
  logprobs: z.number().int().optional(),
  bestOf: z.number().int().optional(),
  ...samplingFields,
  extra: z.record(z.string(), z.unknown()).optional(),
});
export type CompletionRequest = z.infer<typeof CompletionRequest>;

export const EmbeddingRequest = z.object({
  inputs: z.array(z.union([z.string(), z.array(z.number().int())])).min(1),
  dimensions: z.number().int().positive().optional(),
  /** What the client wants back; upstreams are always asked for floats. */
  encodingFormat: z.enum(['float', 'base64']),
  user: z.string().optional(),
  extra: z.record(z.string(), z.unknown()).optional(),
});
export type EmbeddingRequest = z.infer<typeof EmbeddingRequest>;

/** One part of a form: a text, or a file. */
export const FormPart = z.union([
  z.object({ name: z.string(), value: z.string() }),
  z.object({ name: z.string(), filename: z.string(), contentType: z.string(), base64: z.string() }),
]);
export type FormPart = z.infer<typeof FormPart>;

/** Endpoints passed through to OpenAI-compatible upstreams: path below the base, and the body, without its model, as JSON or as a form. */
export const RawRequest = z.object({
  path: z.string(),
  json: z.record(z.string(), z.unknown()).nullable(),
  form: z.array(FormPart).nullable(),
});
export type RawRequest = z.infer<typeof RawRequest>;

/** What is billed beside tokens; absent = none, or not known. */
export interface BilledUnits {
  readonly images?: number;
  /** Of audio, heard or spoken. */
  readonly seconds?: number;
  readonly characters?: number;
  /** Reranks. */
  readonly searches?: number;
  /** Part of the input tokens. */
  readonly imageInputTokens?: number;
  /** Part of the tokens written to the provider's cache: kept for an hour. */
  readonly cacheWriteHourTokens?: number;
  /** Made by a tool of the provider's. */
  readonly webSearches?: number;
}

/** How the tokens of an answer are chosen, and how many: what every kind of text request has. */
export type Sampling = Pick<
  ChatRequest,
  | 'maxTokens'
  | 'temperature'
  | 'topP'
  | 'topK'
  | 'minP'
  | 'seed'
  | 'stop'
  | 'presencePenalty'
  | 'frequencyPenalty'
  | 'repeatPenalty'
  | 'n'
  | 'logitBias'
  | 'user'
>;
