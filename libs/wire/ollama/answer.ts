/**
 * Ollama's answers to /api/chat and /api/generate as events: streams of lines, and whole answers, which are one line.
 * The only proof that an answer is complete is `done: true`; Ollama breaks off in silence, with status 200, in several cases.
 */
import type { FinishReason, StreamEvent } from '../neutral/stream-event.js';
import { NdjsonDecoder } from '../ndjson.js';
import type { DecoderOptions, UpstreamDecoder } from '../upstream/decoder.js';
import { invalidResponse, upstreamFailure } from '../upstream/failure.js';
import {
  argumentsText,
  countOf,
  isRecord,
  listOf,
  numberOf,
  parseJson,
  recordOf,
  textOf,
} from '../upstream/loose-json.js';
import { readLogprobs } from '../upstream/logprobs.js';
import { readOllamaErrorLine } from './error.js';

export interface OllamaDecoderOptions extends DecoderOptions {
  /** Which choice the answer is: the number of the prompt for legacy completions. Default 0. */
  readonly choice?: number;
  /** The client forbade parallel tool calls (`parallel_tool_calls: false`), which Ollama does not know: only the first is given. */
  readonly singleToolCall?: boolean;
}

/** Ollama ends a stream without a word after more than 30 equal pieces in a row. */
const repeatGuard = 30;

type JsonObject = Record<string, unknown>;

/** What the two endpoints call the parts of an answer. */
interface LineForm {
  readonly text: (line: JsonObject) => string | null;
  readonly thinking: (line: JsonObject) => string | null;
  readonly toolCalls: (line: JsonObject) => readonly unknown[];
}

const chatForm: LineForm = {
  text: (line) => textOf(recordOf(line['message'])['content']),
  thinking: (line) => textOf(recordOf(line['message'])['thinking']),
  toolCalls: (line) => listOf(recordOf(line['message'])['tool_calls']),
};
const generateForm: LineForm = {
  text: (line) => textOf(line['response']),
  thinking: (line) => textOf(line['thinking']),
  toolCalls: () => [],
};

class OllamaDecoder implements UpstreamDecoder {
  readonly #form: LineForm;
  readonly #options: OllamaDecoderOptions;
  readonly #choice: number;
  readonly #lines: NdjsonDecoder;
  readonly #ids = new Set<string>();
  #started = false;
  #ended = false;
  #calls = 0;
  #lastPiece = '';
  #repeats = 0;

  constructor(form: LineForm, options: OllamaDecoderOptions) {
    this.#form = form;
    this.#options = options;
    this.#choice = options.choice ?? 0;
    this.#lines = new NdjsonDecoder(
      options.maxLineLength === undefined ? {} : { maxLineLength: options.maxLineLength },
    );
  }

  push(bytes: Uint8Array): StreamEvent[] {
    return this.#read(this.#lines.push(bytes));
  }

  /** One parsed line, for callers that have it already. */
  line(value: unknown): StreamEvent[] {
    const events: StreamEvent[] = [];
    if (!this.#ended) this.#line(value, events);
    return events;
  }

  end(): StreamEvent[] {
    const events = this.#read(this.#lines.end());
    if (!this.#ended) this.#fail(events, this.#brokenOff());
    return events;
  }

  #read(values: readonly unknown[]): StreamEvent[] {
    const events: StreamEvent[] = [];
    for (const value of values) {
      if (this.#ended) break;
      this.#line(value, events);
    }
    const failure = this.#lines.failure;
    if (failure !== null && !this.#ended) this.#fail(events, invalidResponse(`Ollama: ${failure.message}`));
    return events;
  }

  #line(line: unknown, events: StreamEvent[]): void {
    if (!isRecord(line)) return this.#fail(events, invalidResponse('Ollama sent a line that is no object.'));
    if (line['error'] !== undefined) return this.#fail(events, readOllamaErrorLine(line['error']));
    if (!this.#started) this.#start(line, events);
    const choice = this.#choice;
    const thinking = this.#form.thinking(line);
    if (thinking !== null) events.push({ type: 'reasoning-delta', choice, text: thinking });
    const text = this.#form.text(line);
    this.#countRepeats(text ?? thinking);
    // While a model thinks, its logprobs belong to text that OpenAI's shape has no place for.
    const logprobs = thinking !== null && text === null ? [] : readLogprobs(line['logprobs']);
    if (logprobs.length > 0) events.push({ type: 'text-delta', choice, text: text ?? '', logprobs });
    else if (text !== null) events.push({ type: 'text-delta', choice, text });
    for (const call of this.#form.toolCalls(line)) this.#toolCall(call, events);
    if (line['done'] === true) this.#done(line, events);
  }

  #start(line: JsonObject, events: StreamEvent[]): void {
    this.#started = true;
    const created = Date.parse(textOf(line['created_at']) ?? '');
    events.push({
      type: 'start',
      id: null,
      model: textOf(line['model']),
      // A broken answer says year 1.
      created: created > 0 ? Math.floor(created / 1000) : null,
    });
  }

  #countRepeats(piece: string | null): void {
    if (piece === null) return;
    this.#repeats = piece === this.#lastPiece ? this.#repeats + 1 : 1;
    this.#lastPiece = piece;
  }

  /** Calls are numbered here: releases until 0.20 give every parallel call index 0, and old ones no id. */
  #toolCall(value: unknown, events: StreamEvent[]): void {
    if (this.#options.singleToolCall === true && this.#calls > 0) return;
    const call = recordOf(value);
    const called = recordOf(call['function']);
    const name = textOf(called['name']);
    if (name === null) return;
    let id = textOf(call['id']);
    if (id === null || this.#ids.has(id)) id = this.#options.makeId();
    this.#ids.add(id);
    const index = this.#calls;
    this.#calls += 1;
    const choice = this.#choice;
    events.push({ type: 'tool-call-start', choice, index, id, name });
    events.push({ type: 'tool-call-delta', choice, index, arguments: argumentsText(called['arguments']) || '{}' });
  }

  #done(line: JsonObject, events: StreamEvent[]): void {
    const native = textOf(line['done_reason']);
    const reason: FinishReason = native === 'length' ? 'length' : this.#calls > 0 ? 'tool_calls' : 'stop';
    events.push({ type: 'finish', choice: this.#choice, reason, ...(native === null ? {} : { native }) });
    events.push({
      type: 'usage',
      usage: {
        inputTokens: countOf(line['prompt_eval_count']),
        outputTokens: countOf(line['eval_count']),
        cachedInputTokens: 0,
        cacheWriteTokens: 0,
        reasoningTokens: 0,
        costUsd: null,
      },
    });
    events.push({
      type: 'timing',
      loadMs: milliseconds(line['load_duration']),
      promptMs: milliseconds(line['prompt_eval_duration']),
      generateMs: milliseconds(line['eval_duration']),
    });
    events.push({ type: 'end' });
    this.#ended = true;
  }

  #brokenOff(): ReturnType<typeof upstreamFailure> {
    const isRepeating = this.#repeats > repeatGuard || endsInRepetition(this.#lastPiece);
    return upstreamFailure({
      code: 'upstream_error',
      status: 200,
      message: isRepeating
        ? 'The model repeated itself without end, and Ollama stopped it.'
        : 'Ollama ended the answer without saying that it is finished.',
      // A model that goes round in circles says nothing about the health of its host.
      blame: isRepeating ? 'request' : 'backend',
    });
  }

  #fail(events: StreamEvent[], failure: ReturnType<typeof upstreamFailure>): void {
    events.push({ type: 'failure', failure });
    this.#ended = true;
  }
}

/** Events of the NDJSON stream of POST /api/chat. */
export class OllamaChatDecoder extends OllamaDecoder {
  constructor(options: OllamaDecoderOptions) {
    super(chatForm, options);
  }
}

/** Events of the NDJSON stream of POST /api/generate. */
export class OllamaGenerateDecoder extends OllamaDecoder {
  constructor(options: OllamaDecoderOptions) {
    super(generateForm, options);
  }
}

/** Events of a whole answer (`stream: false`) of /api/chat: the same as of a stream with one line. */
export function readOllamaChatAnswer(bodyText: string, options: OllamaDecoderOptions): StreamEvent[] {
  return wholeAnswer(new OllamaChatDecoder(options), bodyText);
}

/** Events of a whole answer of /api/generate. */
export function readOllamaGenerateAnswer(bodyText: string, options: OllamaDecoderOptions): StreamEvent[] {
  return wholeAnswer(new OllamaGenerateDecoder(options), bodyText);
}

function wholeAnswer(decoder: OllamaDecoder, bodyText: string): StreamEvent[] {
  const body = parseJson(bodyText);
  if (body === undefined) return [{ type: 'failure', failure: invalidResponse('The answer of Ollama is not JSON.') }];
  return [...decoder.line(body), ...decoder.end()];
}

/** Whole answers that the guard cut: the text ends in one piece of at most 40 characters, over and over. */
function endsInRepetition(text: string): boolean {
  const tail = text.slice(-41 * repeatGuard);
  for (let size = 1; size <= 40; size += 1) {
    const length = size * repeatGuard;
    if (tail.length < length) return false;
    if (tail.slice(-length) === tail.slice(-size).repeat(repeatGuard)) return true;
  }
  return false;
}

function milliseconds(nanoseconds: unknown): number | null {
  const number = numberOf(nanoseconds);
  return number === null ? null : number / 1e6;
}
