/**
 * Answers of Anthropic's POST /v1/messages as events: its event stream, and whole messages. There is no [DONE]; the stream
 * is complete with `message_stop`, and an error event may come instead of it after HTTP 200.
 */
import type { StreamEvent, UpstreamFailure } from '../neutral/stream-event.js';
import { SseDecoder, type SseEvent } from '../sse.js';
import type { DecoderOptions, UpstreamDecoder } from '../upstream/decoder.js';
import { invalidResponse, upstreamFailure } from '../upstream/failure.js';
import { isRecord, listOf, numberOf, parseJson, recordOf, textOf } from '../upstream/loose-json.js';
import { readAnthropicErrorObject } from './error.js';
import { MessageReader } from './message-reader.js';

export interface AnthropicDecoderOptions extends DecoderOptions {
  /** The tool whose input is the text of the answer (see json-answer.ts). */
  readonly answerTool?: string;
}

type JsonObject = Record<string, unknown>;

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
        this.#message.usage.read(body['usage']);
        return this.#message.finish({ ...body, ...recordOf(body['delta']) }, events);
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
