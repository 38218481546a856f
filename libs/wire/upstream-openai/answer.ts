/**
 * Answers of OpenAI-compatible upstreams as events: SSE streams and whole answers, of chats and of legacy completions.
 * HTTP status 200 proves nothing: errors come inside, and streams end without a word.
 */
import type { StreamEvent, UpstreamFailure, UpstreamUsage } from '../neutral/stream-event.js';
import { SseDecoder, type SseEvent } from '../sse.js';
import type { DecoderOptions, UpstreamDecoder } from '../upstream/decoder.js';
import { invalidResponse, upstreamFailure } from '../upstream/failure.js';
import { isRecord, listOf, numberOf, parseJson, recordOf, textOf } from '../upstream/loose-json.js';
import { ChoiceReader, isFailureReason } from './choice-reader.js';
import { readOpenAiErrorBody } from './error.js';
import { flavourOf, type OpenAiFlavourName } from './flavour.js';
import { readUsage } from './usage.js';

export interface OpenAiDecoderOptions extends DecoderOptions {
  readonly flavour?: OpenAiFlavourName;
  /** The clock, for retry times in errors. */
  readonly nowMs?: number;
}

type JsonObject = Record<string, unknown>;
type Kind = 'chat' | 'completion';

/** Folds chunks, or one whole answer, into events. */
class AnswerReader {
  readonly #kind: Kind;
  readonly #options: OpenAiDecoderOptions;
  readonly #trustsStop: boolean;
  readonly #choices = new Map<number, ChoiceReader>();
  #started = false;
  #usage: UpstreamUsage | null = null;
  #ended = false;

  constructor(kind: Kind, options: OpenAiDecoderOptions) {
    this.#kind = kind;
    this.#options = options;
    this.#trustsStop = flavourOf(options.flavour ?? 'generic').trustsStop;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** A chunk of a stream or a whole answer; both have their errors inside. */
  read(body: unknown, events: StreamEvent[]): void {
    if (!isRecord(body)) return this.fail(events, invalidResponse('The answer of the provider is no object.'));
    // Usually on a last chunk of its own; on the finish chunk or on every one at some: the last one seen counts.
    const usage = body['usage'] ?? recordOf(body['x_groq'])['usage'] ?? recordOf(listOf(body['choices'])[0])['usage'];
    this.#usage = readUsage(usage) ?? this.#usage;
    const failure = failureIn(body, this.#options.nowMs ?? 0);
    if (failure !== null) return this.fail(events, failure);
    if (!this.#started && (textOf(body['id']) !== null || listOf(body['choices']).length > 0)) {
      this.#start(body, events);
    }
    for (const choice of listOf(body['choices'])) {
      if (isRecord(choice)) this.#choice(choice, events);
    }
  }

  /** The upstream said that it is done (`isSaid`), or only closed the stream. */
  finish(events: StreamEvent[], isSaid: boolean): void {
    if (this.#ended) return;
    const open = [...this.#choices.values()].filter((choice) => !choice.isFinished);
    const isCut = this.#choices.size === 0 || open.some((choice) => !isSaid || !choice.hasContent);
    if (isCut) return this.fail(events, brokenOff(this.#choices.size === 0));
    for (const choice of open) choice.finish(null, events);
    if (this.#usage !== null) events.push({ type: 'usage', usage: this.#usage });
    events.push({ type: 'end' });
    this.#ended = true;
  }

  fail(events: StreamEvent[], failure: UpstreamFailure): void {
    // What was used up to a failure is still billed.
    if (this.#usage !== null) events.push({ type: 'usage', usage: this.#usage });
    events.push({ type: 'failure', failure });
    this.#ended = true;
  }

  #start(body: JsonObject, events: StreamEvent[]): void {
    this.#started = true;
    const provider = textOf(body['provider']);
    events.push({
      type: 'start',
      id: textOf(body['id']),
      model: textOf(body['model']),
      created: numberOf(body['created']),
      ...(provider === null ? {} : { provider }),
    });
  }

  #choice(choice: JsonObject, events: StreamEvent[]): void {
    const index = numberOf(choice['index']) ?? 0;
    let reader = this.#choices.get(index);
    if (reader === undefined) {
      reader = new ChoiceReader(index, { makeId: this.#options.makeId, trustsStop: this.#trustsStop });
      this.#choices.set(index, reader);
    }
    if (this.#kind === 'completion') reader.completion(choice['text'], choice['logprobs'], events);
    else reader.delta(recordOf(choice['delta'] ?? choice['message']), choice['logprobs'], events);
    const reason = textOf(choice['finish_reason']);
    if (reason !== null) reader.finish(reason, events);
  }
}

/** An error inside an answer with status 200: OpenAI's and OpenRouter's `error`, old vLLM's object, a failed choice. */
function failureIn(body: JsonObject, nowMs: number): UpstreamFailure | null {
  if (body['error'] !== undefined && body['error'] !== null && body['error'] !== false) {
    return readOpenAiErrorBody(body, 200, {}, nowMs);
  }
  if (body['object'] === 'error') return readOpenAiErrorBody({ error: body }, 200, {}, nowMs);
  for (const choice of listOf(body['choices']).filter(isRecord)) {
    if (isRecord(choice['error'])) return readOpenAiErrorBody({ error: choice['error'] }, 200, {}, nowMs);
    const reason = textOf(choice['finish_reason']);
    if (reason !== null && isFailureReason(reason)) {
      const code = reason === 'insufficient_system_resource' ? 'backend_overloaded' : 'upstream_error';
      return upstreamFailure({ code, status: 200, message: `The provider ended the answer with '${reason}'.` });
    }
  }
  return null;
}

function brokenOff(isEmpty: boolean): UpstreamFailure {
  const message = isEmpty
    ? 'The provider ended the answer before it began.'
    : 'The provider ended the answer without saying that it is finished.';
  return upstreamFailure({ code: 'upstream_error', status: 200, message });
}

class StreamDecoder implements UpstreamDecoder {
  readonly #sse: SseDecoder;
  readonly #answer: AnswerReader;

  constructor(kind: Kind, options: OpenAiDecoderOptions) {
    this.#sse = new SseDecoder(options.maxLineLength === undefined ? {} : { maxLineLength: options.maxLineLength });
    this.#answer = new AnswerReader(kind, options);
  }

  push(bytes: Uint8Array): StreamEvent[] {
    return this.#read(this.#sse.push(bytes));
  }

  end(): StreamEvent[] {
    const events = this.#read(this.#sse.end());
    this.#answer.finish(events, false);
    return events;
  }

  #read(items: readonly SseEvent[]): StreamEvent[] {
    const events: StreamEvent[] = [];
    for (const item of items) {
      if (this.#answer.ended) break;
      this.#item(item, events);
    }
    const failure = this.#sse.failure;
    if (failure !== null && !this.#answer.ended) this.#answer.fail(events, invalidResponse(failure.message));
    return events;
  }

  #item(item: SseEvent, events: StreamEvent[]): void {
    const data = item.data.trim();
    if (data === '') return;
    if (data === '[DONE]') return this.#answer.finish(events, true);
    const body = parseJson(data);
    if (body === undefined) {
      return this.#answer.fail(events, invalidResponse('The provider sent an event that is not JSON.'));
    }
    this.#answer.read(item.event === 'error' && isRecord(body) && !('error' in body) ? { error: body } : body, events);
  }
}

/** Events of the SSE stream of POST /chat/completions. */
export class OpenAiChatDecoder extends StreamDecoder {
  constructor(options: OpenAiDecoderOptions) {
    super('chat', options);
  }
}

/** Events of the SSE stream of POST /completions. */
export class OpenAiCompletionDecoder extends StreamDecoder {
  constructor(options: OpenAiDecoderOptions) {
    super('completion', options);
  }
}

/** Events of a whole answer of POST /chat/completions. */
export function readOpenAiChatAnswer(bodyText: string, options: OpenAiDecoderOptions): StreamEvent[] {
  return wholeAnswer('chat', bodyText, options);
}

/** Events of a whole answer of POST /completions. */
export function readOpenAiCompletionAnswer(bodyText: string, options: OpenAiDecoderOptions): StreamEvent[] {
  return wholeAnswer('completion', bodyText, options);
}

function wholeAnswer(kind: Kind, bodyText: string, options: OpenAiDecoderOptions): StreamEvent[] {
  const events: StreamEvent[] = [];
  const answer = new AnswerReader(kind, options);
  // Azure and OpenRouter put white space in front while they wait; JSON.parse does not mind.
  const body = parseJson(bodyText);
  if (body === undefined) answer.fail(events, invalidResponse('The answer of the provider is not JSON.'));
  else answer.read(body, events);
  // A finish_reason of null is how Ollama's layer breaks off; no choice at all is no answer.
  if (!answer.ended) answer.finish(events, false);
  return events;
}
