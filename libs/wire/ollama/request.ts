/** Neutral requests as bodies of Ollama's native API: /api/chat, /api/generate, /api/embed. */
import type { ChatRequest, CompletionRequest, EmbeddingRequest, ResponseFormat } from '../neutral/chat-request.js';
import { withChatDefaults, withCompletionDefaults, withoutParams } from '../upstream/default-params.js';
import { pickExtra } from '../upstream/extra-fields.js';
import { upstreamFailure } from '../upstream/failure.js';
import { withoutNative } from '../upstream/native-content.js';
import { WriteNotes, type WriteOptions, type WrittenRequest } from '../upstream/written-request.js';
import { writeMessages, writeTools } from './messages.js';
import { type HostPolicy, normaliseKeepAlive, writeOptions } from './options.js';
import { isGptOss, writeThink } from './think.js';

export interface OllamaWriteOptions extends WriteOptions, HostPolicy {
  /** What /api/show or /api/tags says that the model can do; null or absent where it is not known. */
  readonly capabilities?: readonly string[] | null;
  /** false: a prompt that does not fit is refused instead of losing its oldest messages in silence. Absent: Ollama's default (true). */
  readonly truncate?: boolean;
}

type JsonObject = Record<string, unknown>;
const noExtra: ReadonlySet<string> = new Set();

/** Body of POST /api/chat. */
export function writeOllamaChat(chat: ChatRequest, options: OllamaWriteOptions): WrittenRequest {
  const notes = new WriteNotes();
  const filled = withChatDefaults(chat, options.params);
  const request = withoutNative(withoutParams(filled.request, options.omit), notes);
  const capabilities = options.capabilities ?? null;
  const think = writeThink(request.reasoning, options.model, capabilities, notes);
  pickExtra(request.extra, noExtra, notes);
  const body = {
    model: options.model,
    messages: writeMessages(request.messages, notes),
    stream: options.stream,
    ...writeTools(request.tools, request.toolChoice, notes),
    ...writeFormat(request.responseFormat),
    ...(think === undefined ? {} : { think }),
    ...writeLogprobs(request.logprobs === true ? (request.topLogprobs ?? 0) : null),
    ...commonFields(request, filled.rest, options, notes),
  };
  return notes.finish(body, withoutVainThink(options.extraBody, capabilities, notes));
}

/** `extra_body: {think: true}` is how LiteLLM's users switch thinking on; on a model without it every request would be a 400. */
function withoutVainThink(
  extraBody: WriteOptions['extraBody'],
  capabilities: readonly string[] | null,
  notes: WriteNotes,
): WriteOptions['extraBody'] & object {
  const { think, ...rest } = extraBody ?? {};
  if (think === undefined || think === false || capabilities === null || capabilities.includes('thinking')) {
    return extraBody ?? {};
  }
  notes.drop('think');
  return rest;
}

/** Body of POST /api/generate for one of the prompts of a legacy completion. */
export function writeOllamaGenerate(
  completion: CompletionRequest,
  prompt: CompletionRequest['prompts'][number],
  options: OllamaWriteOptions,
): WrittenRequest {
  const notes = new WriteNotes();
  const filled = withCompletionDefaults(completion, options.params);
  const request = withoutParams(filled.request, options.omit);
  if (typeof prompt !== 'string') refuseTokens(notes, 'prompt');
  if (request.echo === true) notes.unsupported('echo');
  if ((request.bestOf ?? 1) > 1) notes.unsupported('best_of');
  pickExtra(request.extra, noExtra, notes);
  // A legacy completion has no place for thinking: it would be paid for and thrown away.
  const canStopThinking = (options.capabilities?.includes('thinking') ?? false) && !isGptOss(options.model);
  const body = {
    model: options.model,
    prompt: typeof prompt === 'string' ? prompt : '',
    stream: options.stream,
    ...(request.suffix === undefined ? {} : { suffix: request.suffix }),
    ...(canStopThinking ? { think: false } : {}),
    ...writeLogprobs(request.logprobs ?? null),
    ...commonFields(request, filled.rest, options, notes),
  };
  return notes.finish(body, options.extraBody);
}

/** Body of POST /api/embed. The input is always a list: a single empty text would give no vector. */
export function writeOllamaEmbed(
  request: EmbeddingRequest,
  options: Omit<OllamaWriteOptions, 'stream' | 'capabilities'>,
): WrittenRequest {
  const notes = new WriteNotes();
  const omit = new Set(options.omit);
  const texts = request.inputs.map((input) => {
    if (typeof input === 'string') return input;
    refuseTokens(notes, 'input');
    return '';
  });
  pickExtra(request.extra, noExtra, notes);
  if (request.user !== undefined && !omit.has('user')) notes.drop('user');
  const { dimensions: ownDimensions, ...pinned } = options.params ?? {};
  const { options: engine, keepAlive } = writeOptions({}, pinned, options, notes);
  const dimensions = omit.has('dimensions') ? undefined : (request.dimensions ?? ownDimensions);
  const body = {
    model: options.model,
    input: texts,
    ...(dimensions === undefined ? {} : { dimensions }),
    ...(options.truncate === undefined ? {} : { truncate: options.truncate }),
    ...(keepAlive === null ? {} : { keep_alive: keepAlive }),
    ...(Object.keys(engine).length === 0 ? {} : { options: engine }),
  };
  return notes.finish(body, options.extraBody);
}

/** Body of a request that only loads a model (`keepAlive` absent: Ollama's own), or unloads it (0). */
export function writeOllamaLoad(
  model: string,
  params: Readonly<Record<string, unknown>> = {},
  keepAlive?: string | number,
): JsonObject {
  const { options, keepAlive: pinned } = writeOptions({}, params, {}, new WriteNotes());
  const wanted = normaliseKeepAlive(keepAlive) ?? pinned;
  return {
    model,
    messages: [],
    stream: false,
    ...(wanted === null ? {} : { keep_alive: wanted }),
    ...(Object.keys(options).length === 0 ? {} : { options }),
  };
}

function commonFields(
  request: ChatRequest | CompletionRequest,
  pinned: Readonly<Record<string, unknown>>,
  policy: OllamaWriteOptions,
  notes: WriteNotes,
): JsonObject {
  const { options, keepAlive } = writeOptions(request, pinned, policy, notes);
  const truncate = policy.truncate ?? pinned['truncate'];
  return {
    ...(typeof truncate === 'boolean' ? { truncate } : {}),
    ...(keepAlive === null ? {} : { keep_alive: keepAlive }),
    ...(Object.keys(options).length === 0 ? {} : { options }),
  };
}

function writeFormat(format: ResponseFormat | undefined): JsonObject {
  if (format === undefined) return {};
  return { format: format.type === 'json_object' ? 'json' : format.schema };
}

function writeLogprobs(top: number | null): JsonObject {
  if (top === null) return {};
  return top > 0 ? { logprobs: true, top_logprobs: top } : { logprobs: true };
}

function refuseTokens(notes: WriteNotes, param: string): void {
  const message = `Ollama takes text only: '${param}' must not hold token numbers.`;
  notes.refuse(upstreamFailure({ code: 'unsupported_parameter', status: null, message, param }));
}
