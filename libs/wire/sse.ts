/** Server-sent events as LLM providers send them (WHATWG HTML, section 9.2), from bytes in any cut. */
import { defaultMaxLineLength, type LineOptions, LineReader, WireFormatError } from './line-reader.js';

export interface SseEvent {
  /** The `event:` field; empty where there is none. */
  readonly event: string;
  /** All `data:` lines, joined by LF. */
  readonly data: string;
}

/**
 * Comments (`: OPENROUTER PROCESSING`, keep-alives) are counted and otherwise ignored. `id` and `retry` are ignored: nobody
 * reconnects to a completion. Look at `failure` after each call: the events before it are still given out.
 */
export class SseDecoder {
  readonly #lines: LineReader;
  readonly #maxLength: number;
  #event = '';
  #data: string | null = null;
  #comments = 0;
  #failure: WireFormatError | null = null;

  constructor(options: LineOptions = {}) {
    this.#lines = new LineReader(options);
    this.#maxLength = options.maxLineLength ?? defaultMaxLineLength;
  }

  /** Why nothing more comes: a line, or the data of one event, is too long. */
  get failure(): WireFormatError | null {
    return this.#failure ?? this.#lines.failure;
  }

  /** Comment lines seen so far: signs of life that are no content. */
  get comments(): number {
    return this.#comments;
  }

  /** Events that are complete with these bytes. */
  push(bytes: Uint8Array): SseEvent[] {
    return this.#read(this.#lines.push(bytes));
  }

  /** The rest. An event whose blank line is missing is given out too: some servers close right after `data: [DONE]`. */
  end(): SseEvent[] {
    const events = this.#read(this.#lines.end());
    if (this.failure === null) this.#finish(events);
    return events;
  }

  #read(lines: readonly string[]): SseEvent[] {
    const events: SseEvent[] = [];
    for (const line of lines) {
      if (this.#failure !== null) break;
      if (line.length === 0) this.#finish(events);
      else this.#field(line);
    }
    return events;
  }

  #field(line: string): void {
    if (line.startsWith('data:')) this.#append(line.slice(line.charCodeAt(5) === 32 ? 6 : 5));
    else if (line.startsWith('event:')) this.#event = line.slice(line.charCodeAt(6) === 32 ? 7 : 6);
    else if (line.startsWith(':')) this.#comments += 1;
    else if (line === 'data') this.#append('');
  }

  #append(value: string): void {
    this.#data = this.#data === null ? value : `${this.#data}\n${value}`;
    if (this.#data.length > this.#maxLength) {
      this.#failure = new WireFormatError('line_too_long', `An event is longer than ${this.#maxLength} characters.`);
    }
  }

  #finish(events: SseEvent[]): void {
    if (this.#data !== null) events.push({ event: this.#event, data: this.#data });
    this.#data = null;
    this.#event = '';
  }
}
