/** Ollama's `options`, `keep_alive` and the fields that the deployment pins (wire reference: api/types.go, `Options` and `Runner`). */
import type { ChatRequest, Sampling } from '../neutral/chat-request.js';
import type { WriteNotes } from '../upstream/written-request.js';

/** Options that make a host reload the model when they change between requests: one client's value slows everybody down. */
const loadOptions = ['num_ctx', 'num_batch', 'num_gpu', 'main_gpu', 'use_mmap', 'num_thread'] as const;
const otherOptions = [
  'num_predict',
  'num_keep',
  'seed',
  'top_k',
  'top_p',
  'min_p',
  'typical_p',
  'temperature',
  'repeat_last_n',
  'repeat_penalty',
  'presence_penalty',
  'frequency_penalty',
  'draft_num_predict',
  'stop',
] as const;

const isLoadOption: ReadonlySet<string> = new Set(loadOptions);
const isOption: ReadonlySet<string> = new Set([...loadOptions, ...otherOptions]);

/** Reloading the model for this one request is the price of these; a client may ask for them only where the operator says so. */
export interface HostPolicy {
  /** Lets clients set `num_ctx`, `keep_alive` and the like where the deployment does not pin them. Default: no. */
  readonly clientMayTuneHost?: boolean;
}

type Generation = Sampling & Pick<ChatRequest, 'ollamaOptions' | 'keepAlive'>;

/**
 * `options` of the body, and `keep_alive`: the request's values over the client's raw options, and over both what the
 * deployment pins (`pinned`: its parameters that are no field of a request, such as num_ctx).
 */
export function writeOptions(
  request: Generation,
  pinned: Readonly<Record<string, unknown>>,
  policy: HostPolicy,
  notes: WriteNotes,
): { options: Record<string, unknown>; keepAlive: string | number | null } {
  const options: Record<string, unknown> = {};
  const isFree = policy.clientMayTuneHost === true;
  for (const [name, value] of Object.entries(request.ollamaOptions ?? {})) {
    if (value === null || value === undefined) continue;
    if (!isOption.has(name) || (isLoadOption.has(name) && !isFree)) notes.drop(name);
    else options[name] = name === 'stop' && typeof value === 'string' ? [value] : value;
  }
  Object.assign(options, samplingOptions(request));
  for (const [name, value] of Object.entries(pinned)) {
    if (isOption.has(name)) {
      if (request.ollamaOptions?.[name] !== undefined && request.ollamaOptions[name] !== value) notes.drop(name);
      options[name] = value;
    } else if (name !== 'keep_alive' && name !== 'truncate') notes.drop(name);
  }
  noteUnsupported(request, notes);
  return { options, keepAlive: keepAliveOf(request, pinned, isFree, notes) };
}

function samplingOptions(request: Generation): Record<string, unknown> {
  const named: Record<string, unknown> = {
    num_predict: request.maxTokens,
    temperature: request.temperature,
    top_p: request.topP,
    top_k: request.topK,
    min_p: request.minP,
    seed: request.seed,
    presence_penalty: request.presencePenalty,
    frequency_penalty: request.frequencyPenalty,
    repeat_penalty: request.repeatPenalty,
    // A bare string is refused with a 500.
    stop: request.stop === undefined || request.stop.length === 0 ? undefined : request.stop,
  };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
}

function noteUnsupported(request: Generation, notes: WriteNotes): void {
  if ((request.n ?? 1) > 1) notes.unsupported('n');
  if (Object.keys(request.logitBias ?? {}).length > 0) notes.unsupported('logit_bias');
  if (request.user !== undefined) notes.drop('user');
}

/** Each request's keep_alive moves the timer of the model for everybody, so the deployment's wins. */
function keepAliveOf(
  request: Generation,
  pinned: Readonly<Record<string, unknown>>,
  isFree: boolean,
  notes: WriteNotes,
): string | number | null {
  const own = normaliseKeepAlive(pinned['keep_alive']);
  const asked = normaliseKeepAlive(request.keepAlive);
  if (asked !== null && (own !== null || !isFree)) notes.drop('keep_alive');
  return own ?? (isFree ? asked : null);
}

/** Seconds as a number, or a Go duration; numbers in a string ("300", "-1") are 400 at Ollama and become numbers. */
export function normaliseKeepAlive(value: unknown): string | number | null {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value.trim().length === 0) return null;
  const text = value.trim();
  return /^[+-]?\d+(?:\.\d+)?$/u.test(text) ? Number(text) : text;
}
