/** Sampling, length and engine options of chat and legacy completions, and the pass-through fields of other engines. */
import { BodyProblem, bodyLimits, present, wrongType, type Fields, type JsonObject } from './fields.js';

/** What every generating request may carry, by the names of the neutral request. Neutral values are left out. */
export interface Sampling {
  readonly maxTokens?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly minP?: number;
  readonly seed?: number;
  readonly stop?: string[];
  readonly presencePenalty?: number;
  readonly frequencyPenalty?: number;
  readonly repeatPenalty?: number;
  readonly n?: number;
  readonly logitBias?: Record<string, number>;
  readonly user?: string;
  readonly ollamaOptions?: JsonObject;
  readonly keepAlive?: string | number;
}

/** OpenAI's sampling fields, and those that Ollama's, OpenRouter's and vLLM's users add to them. */
export function readSampling(fields: Fields): Sampling {
  const { numPredict, options } = readOllamaOptions(fields);
  return present({
    maxTokens: readTokenLimit(fields, 'max_completion_tokens') ?? readTokenLimit(fields, 'max_tokens') ?? numPredict,
    temperature: fields.number('temperature', 0, 2),
    topP: fields.number('top_p', 0, 1),
    topK: unless(-1, fields.integer('top_k', -1)),
    minP: fields.number('min_p', 0, 1),
    seed: fields.integer('seed'),
    stop: readStop(fields, 'stop'),
    presencePenalty: unless(0, fields.number('presence_penalty', -2, 2)),
    frequencyPenalty: unless(0, fields.number('frequency_penalty', -2, 2)),
    repeatPenalty: unless(1, fields.number('repetition_penalty', 0) ?? fields.number('repeat_penalty', 0)),
    n: unless(1, fields.integer('n', 1, bodyLimits.choices)),
    logitBias: readLogitBias(fields),
    user: unless('', fields.string('user')),
    ollamaOptions: options,
    keepAlive: readKeepAlive(fields),
  });
}

/** A neutral value is as absent: only a value that changes something can be unsupported somewhere. */
export function unless<T>(neutral: T, value: T | undefined): T | undefined {
  return value === neutral ? undefined : value;
}

/** A token limit; -1 is how users of llama.cpp and LM Studio spell "no limit". */
export function readTokenLimit(fields: Fields, name: string): number | undefined {
  return fields.raw(name) === -1 ? undefined : fields.integer(name, 1);
}

/** One stop sequence or several. Empty ones would stop before the first token: left out. */
export function readStop(fields: Fields, name: string): string[] | undefined {
  const value = fields.raw(name);
  if (value === undefined) return undefined;
  if (typeof value !== 'string' && !Array.isArray(value)) {
    throw wrongType(fields.pathOf(name), 'one of a string or array of strings', value);
  }
  const list = typeof value === 'string' ? [value] : (fields.strings(name, bodyLimits.stop) ?? []);
  const stops = list.filter((stop) => stop !== '');
  return stops.length === 0 ? undefined : stops;
}

function readLogitBias(fields: Fields): Record<string, number> | undefined {
  const biases = fields.object('logit_bias');
  const names = Object.keys(fields.record('logit_bias') ?? {});
  if (biases === undefined || names.length === 0) return undefined;
  return Object.fromEntries(names.map((name) => [name, biases.number(name, -100, 100) ?? 0]));
}

/** Ollama's `options`, also `num_ctx` beside the other fields. `num_predict` is a token limit and counts as one. */
function readOllamaOptions(fields: Fields): { numPredict: number | undefined; options: JsonObject | undefined } {
  const numCtx = fields.integer('num_ctx', 1);
  const { num_predict: numPredict, ...rest } = fields.record('options') ?? {};
  const options = { ...rest, ...(numCtx === undefined ? {} : { num_ctx: numCtx }) };
  const limit = typeof numPredict === 'number' && Number.isSafeInteger(numPredict) && numPredict > 0;
  return {
    numPredict: limit ? numPredict : undefined,
    options: Object.keys(options).length === 0 ? undefined : options,
  };
}

function readKeepAlive(fields: Fields): string | number | undefined {
  const value = fields.raw('keep_alive');
  if (value === undefined || typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw wrongType(fields.pathOf('keep_alive'), 'one of a string or a number', value);
}

/** The named fields as they are: for `extra`, which only upstreams that list them write. Undefined where there is none. */
export function readExtra(fields: Fields, names: readonly string[]): JsonObject | undefined {
  const found = names.flatMap((name) => {
    const value = fields.raw(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

/** Whether the stream shall end with usage. OpenAI refuses `stream_options` on requests that don't stream. */
export function readStreaming(fields: Fields): { stream: boolean; includeUsage: boolean } {
  const stream = fields.boolean('stream') ?? false;
  const includeUsage = fields.object('stream_options')?.boolean('include_usage') ?? false;
  if (includeUsage && !stream) {
    throw new BodyProblem(
      "Invalid value for 'stream_options': the 'stream_options' parameter is only allowed when 'stream' is enabled.",
      'stream_options',
    );
  }
  return { stream, includeUsage };
}
