/**
 * Answers of Anthropic's POST /v1/messages as events: its event stream, and whole messages. There is no [DONE]; the stream
 * is complete with `message_stop`, and an error event may come instead of it after HTTP 200.
 */
import type { FinishReason, StreamEvent, UpstreamFailure } from '../neutral/stream-event.js';
import { SseDecoder, type SseEvent } from '../sse.js';
import type { DecoderOptions, UpstreamDecoder } from '../upstream/decoder.js';
import { invalidResponse, upstreamFailure } from '../upstream/failure.js';
import { countOf, isRecord, listOf, numberOf, parseJson, recordOf, textOf } from '../upstream/loose-json.js';
import { readAnthropicErrorObject } from './error.js';

export type AnthropicDecoderOptions = DecoderOptions;

type JsonObject = Record<string, unknown>;

const finishReasons: ReadonlyMap<string, FinishReason> = new Map([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['pause_turn', 'stop'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['tool_use', 'tool_calls'],
  ['refusal', 'content_filter'],
]);

interface ToolUse {
  /** Counts tool_use blocks: text and thinking blocks shift Anthropic's own index. */
  readonly index: number;
  readonly input: unknown;
  hasInput: boolean;
}

/** Folds the parts of a message, streamed or whole, into events of choice 0. */
class MessageReader {
  readonly #makeId: () => string;
  readonly #open = new Map<number, ToolUse>();
  readonly #usage = new Map<string, number>();
  #calls = 0;
  #thinkingTokens = 0;
  #isFinished = false;
  #ended = false;

  constructor(options: AnthropicDecoderOptions) {
    this.#makeId = options.makeId;
  }

  get ended(): boolean {
    return this.#ended;
  }

  get isFinished(): boolean {
    return this.#isFinished;
  }

  start(message: JsonObject, events: StreamEvent[]): void {
    events.push({ type: 'start', id: textOf(message['id']), model: textOf(message['model']), created: null });
    this.usage(message['usage']);
  }

  /** Counts are cumulative and come in parts: the last one seen of each holds. */
  usage(value: unknown): void {
    const usage = recordOf(value);
    for (const name of ['input_tokens', 'output_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens']) {
      if (numberOf(usage[name]) !== null) this.#usage.set(name, countOf(usage[name]));
    }
    const thinking = numberOf(recordOf(usage['output_tokens_details'])['thinking_tokens']);
    if (thinking !== null) this.#thinkingTokens = countOf(thinking);
  }

  blockStart(index: number, block: JsonObject, events: StreamEvent[]): void {
    switch (block['type']) {
      case 'text':
        return this.#text(block['text'], events);
      case 'thinking':
        this.#thinking(block['thinking'], events);
        return this.#signature(block['signature'], events);
      case 'redacted_thinking': {
        const redacted = textOf(block['data']);
        if (redacted !== null) events.push({ type: 'reasoning-signature', choice: 0, redacted });
        return undefined;
      }
      case 'tool_use':
        return this.#toolUse(index, block, events);
      default:
        // Blocks of Anthropic's own tools (web search and the like) and of tomorrow.
        return undefined;
    }
  }

  blockDelta(index: number, delta: JsonObject, events: StreamEvent[]): void {
    const tool = this.#open.get(index);
    const json = textOf(delta['partial_json']);
    if (delta['type'] === 'text_delta') this.#text(delta['text'], events);
    else if (delta['type'] === 'thinking_delta') this.#thinking(delta['thinking'], events);
    else if (delta['type'] === 'signature_delta') this.#signature(delta['signature'], events);
    else if (delta['type'] === 'input_json_delta' && tool !== undefined && json !== null) {
      tool.hasInput = true;
      events.push({ type: 'tool-call-delta', choice: 0, index: tool.index, arguments: json });
    }
  }

  /** `input: {}` of the start is a placeholder; it counts only where no fragment came. */
  blockStop(index: number, events: StreamEvent[]): void {
    const tool = this.#open.get(index);
    if (tool === undefined) return;
    this.#open.delete(index);
    if (tool.hasInput) return;
    const text = isRecord(tool.input) ? JSON.stringify(tool.input) : '{}';
    events.push({ type: 'tool-call-delta', choice: 0, index: tool.index, arguments: text });
  }

  finish(delta: JsonObject, events: StreamEvent[]): void {
    const native = textOf(delta['stop_reason']);
    if (native === null || this.#isFinished) return;
    this.#isFinished = true;
    for (const index of this.#open.keys()) this.blockStop(index, events);
    const stopSequence = textOf(delta['stop_sequence']);
    events.push({
      type: 'finish',
      choice: 0,
      reason: finishReasons.get(native) ?? 'stop',
      native,
      ...(stopSequence === null ? {} : { stopSequence }),
    });
  }

  end(events: StreamEvent[]): void {
    this.#pushUsage(events);
    events.push({ type: 'end' });
    this.#ended = true;
  }

  /** What was used before the failure is billed. */
  fail(events: StreamEvent[], failure: UpstreamFailure): void {
    this.#pushUsage(events);
    events.push({ type: 'failure', failure });
    this.#ended = true;
  }

  #text(value: unknown, events: StreamEvent[]): void {
    const text = textOf(value);
    if (text !== null) events.push({ type: 'text-delta', choice: 0, text });
  }

  #thinking(value: unknown, events: StreamEvent[]): void {
    const text = textOf(value);
    if (text !== null) events.push({ type: 'reasoning-delta', choice: 0, text });
  }

  #signature(value: unknown, events: StreamEvent[]): void {
    const signature = textOf(value);
    if (signature !== null) events.push({ type: 'reasoning-signature', choice: 0, signature });
  }

  #toolUse(index: number, block: JsonObject, events: StreamEvent[]): void {
    const tool = { index: this.#calls, input: block['input'], hasInput: false };
    this.#calls += 1;
    this.#open.set(index, tool);
    const id = textOf(block['id']) ?? this.#makeId();
    events.push({ type: 'tool-call-start', choice: 0, index: tool.index, id, name: textOf(block['name']) ?? '' });
  }

  /** Anthropic's input_tokens leave out what was read from and written to the cache; ours include both. */
  #pushUsage(events: StreamEvent[]): void {
    if (this.#usage.size === 0) return;
    const count = (name: string) => this.#usage.get(name) ?? 0;
    const cacheWriteTokens = count('cache_creation_input_tokens');
    const cachedInputTokens = count('cache_read_input_tokens');
    events.push({
      type: 'usage',
      usage: {
        inputTokens: count('input_tokens') + cacheWriteTokens + cachedInputTokens,
        outputTokens: count('output_tokens'),
        cachedInputTokens,
        cacheWriteTokens,
        reasoningTokens: this.#thinkingTokens,
        costUsd: null,
      },
    });
  }
}

/** Events of the SSE stream of POST /v1/messages. */
export class AnthropicDecoder implements UpstreamDecoder {
  readonly #sse: SseDecoder;
  readonly #message: MessageReader;
  #started = false;

  constructor(options: AnthropicDecoderOptions) {
    this.#sse = new SseDecoder(options.maxLineLength === undefined ? {} : { maxLineLength: options.maxLineLength });
    this.#message = new MessageReader(options);
  }

  push(bytes: Uint8Array): StreamEvent[] {
    return this.#read(this.#sse.push(bytes));
  }

  end(): StreamEvent[] {
    const events = this.#read(this.#sse.end());
    if (this.#message.ended) return events;
    // Some compatible servers leave out message_stop; the stop reason says as much.
    if (this.#message.isFinished) this.#message.end(events);
    else this.#message.fail(events, brokenOff(this.#started));
    return events;
  }

  #read(items: readonly SseEvent[]): StreamEvent[] {
    const events: StreamEvent[] = [];
    for (const item of items) {
      if (this.#message.ended) break;
      const body = parseJson(item.data);
      if (isRecord(body)) this.#event(body, item.event, events);
      else if (item.data.trim() !== '' && item.data.trim() !== '[DONE]') {
        this.#message.fail(events, invalidResponse('The provider sent an event that is not JSON.'));
      }
    }
    const failure = this.#sse.failure;
    if (failure !== null && !this.#message.ended) this.#message.fail(events, invalidResponse(failure.message));
    return events;
  }

  #event(body: JsonObject, name: string, events: StreamEvent[]): void {
    const index = numberOf(body['index']) ?? 0;
    switch (textOf(body['type']) ?? name) {
      case 'message_start':
        this.#started = true;
        return this.#message.start(recordOf(body['message']), events);
      case 'content_block_start':
        return this.#message.blockStart(index, recordOf(body['content_block']), events);
      case 'content_block_delta':
        return this.#message.blockDelta(index, recordOf(body['delta']), events);
      case 'content_block_stop':
        return this.#message.blockStop(index, events);
      case 'message_delta':
        this.#message.usage(body['usage']);
        return this.#message.finish(recordOf(body['delta']), events);
      case 'message_stop':
        return this.#message.isFinished
          ? this.#message.end(events)
          : this.#message.fail(events, brokenOff(this.#started));
      case 'error':
        return this.#message.fail(events, readAnthropicErrorObject(body['error'], 200));
      default:
        // `ping`, and event types to come.
        return undefined;
    }
  }
}

/** Events of a whole answer (`stream: false`) of POST /v1/messages. */
export function readAnthropicAnswer(bodyText: string, options: AnthropicDecoderOptions): StreamEvent[] {
  const events: StreamEvent[] = [];
  const message = new MessageReader(options);
  const body = parseJson(bodyText);
  if (!isRecord(body)) {
    message.fail(events, invalidResponse('The answer of the provider is not JSON.'));
  } else if (body['type'] === 'error' || isRecord(body['error'])) {
    message.fail(events, readAnthropicErrorObject(body['error'], 200));
  } else {
    message.start(body, events);
    for (const [index, block] of listOf(body['content']).entries()) {
      message.blockStart(index, recordOf(block), events);
      message.blockStop(index, events);
    }
    message.finish(body, events);
    if (message.isFinished) message.end(events);
    else message.fail(events, brokenOff(true));
  }
  return events;
}

function brokenOff(hasStarted: boolean): UpstreamFailure {
  const message = hasStarted
    ? 'The provider ended the answer without saying that it is finished.'
    : 'The provider ended the answer before it began.';
  return upstreamFailure({ code: 'upstream_error', status: 200, message });
}
