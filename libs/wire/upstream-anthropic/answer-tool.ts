/** Reads the answer out of the calls of the tool that stands for it (see json-answer.ts). */
import type { StreamEvent } from '../neutral/stream-event.js';
import { isRecord, textOf } from '../upstream/loose-json.js';

type JsonObject = Record<string, unknown>;

export class AnswerTool {
  readonly #name: string;
  readonly #withheld: StreamEvent[] = [];
  #open: { readonly index: number; readonly input: unknown; hasInput: boolean } | null = null;
  readonly #repeated = new Set<number>();
  #hasCome = false;

  constructor(name: string) {
    this.#name = name;
  }

  /** The answer began. */
  get hasCome(): boolean {
    return this.#hasCome;
  }

  /** Whether this block is the answer, or another one of it: the first counts. */
  takes(index: number, block: JsonObject): boolean {
    if (textOf(block['name']) !== this.#name) return false;
    if (this.#hasCome) this.#repeated.add(index);
    else this.#open = { index, input: block['input'], hasInput: false };
    this.#hasCome = true;
    return true;
  }

  isOpen(index: number): boolean {
    return this.#open?.index === index || this.#repeated.has(index);
  }

  add(json: string, index: number, events: StreamEvent[]): void {
    if (this.#open?.index !== index || json === '') return;
    this.#open.hasInput = true;
    events.push({ type: 'text-delta', choice: 0, text: json });
  }

  /** `input` of the start is the answer where no fragment came. */
  stop(index: number, events: StreamEvent[]): void {
    this.#repeated.delete(index);
    if (this.#open?.index !== index) return;
    const { input, hasInput } = this.#open;
    this.#open = null;
    if (!hasInput) events.push({ type: 'text-delta', choice: 0, text: isRecord(input) ? JSON.stringify(input) : '{}' });
  }

  /** Text is kept until it is known whether it is the answer: said before the JSON, it would spoil it. */
  withhold(event: StreamEvent): void {
    this.#withheld.push(event);
  }

  /** The message is complete: without a call, the text was the answer. */
  finish(events: StreamEvent[]): void {
    if (this.#open !== null) this.stop(this.#open.index, events);
    if (!this.#hasCome) events.push(...this.#withheld);
  }
}
