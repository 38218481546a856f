/**
 * Tool calls of one choice, from fragments as upstreams really send them: without an index, all with index 0, without ids,
 * with the name repeated, with arguments as an object. What comes out is strict: id and name once, indexes from 0.
 */
import type { StreamEvent } from '../neutral/stream-event.js';
import { argumentsText, numberOf, parseJson, recordOf, textOf } from '../upstream/loose-json.js';

interface Call {
  /** As the upstream said it. */
  id: string | null;
  name: string | null;
  /** Everything so far; what came before the name waits here. */
  arguments: string;
  /** Our index, once it was announced. */
  index: number | null;
}

export class ToolCallReader {
  readonly #choice: number;
  readonly #makeId: () => string;
  readonly #byIndex = new Map<number, Call>();
  readonly #calls: Call[] = [];
  #announced = 0;

  constructor(choice: number, makeId: () => string) {
    this.#choice = choice;
    this.#makeId = makeId;
  }

  /** Calls that were announced so far. */
  get count(): number {
    return this.#announced;
  }

  push(fragments: readonly unknown[], events: StreamEvent[]): void {
    for (const fragment of fragments) this.#fragment(recordOf(fragment), events);
  }

  /** A call without arguments gets an empty object, which is what clients can parse. */
  finish(events: StreamEvent[]): void {
    for (const call of this.#calls) {
      if (call.index === null || call.arguments !== '') continue;
      call.arguments = '{}';
      events.push({ type: 'tool-call-delta', choice: this.#choice, index: call.index, arguments: '{}' });
    }
  }

  #fragment(fragment: Record<string, unknown>, events: StreamEvent[]): void {
    const called = recordOf(fragment['function']);
    const id = textOf(fragment['id']);
    const name = textOf(called['name']);
    const text = argumentsText(called['arguments']) ?? '';
    const call = this.#find(numberOf(fragment['index']), id, name, text);
    call.id ??= id;
    call.name ??= name;
    const waiting = call.index === null ? call.arguments : '';
    call.arguments += text;
    if (call.index === null && call.name !== null) this.#announce(call, call.name, events);
    if (call.index !== null && waiting + text !== '') {
      events.push({ type: 'tool-call-delta', choice: this.#choice, index: call.index, arguments: waiting + text });
    }
  }

  #announce(call: Call, name: string, events: StreamEvent[]): void {
    call.index = this.#announced;
    this.#announced += 1;
    const id = call.id ?? this.#makeId();
    events.push({ type: 'tool-call-start', choice: this.#choice, index: call.index, id, name });
  }

  #find(index: number | null, id: string | null, name: string | null, text: string): Call {
    const known = index === null ? this.#withoutIndex(id) : this.#byIndex.get(index);
    if (known !== undefined && !isOther(known, id, name, text)) return known;
    const call: Call = { id: null, name: null, arguments: '', index: null };
    this.#calls.push(call);
    if (index !== null) this.#byIndex.set(index, call);
    return call;
  }

  #withoutIndex(id: string | null): Call | undefined {
    const same = id === null ? undefined : this.#calls.find((call) => call.id === id);
    return same ?? this.#calls.at(-1);
  }
}

/** Whether a fragment that claims the place of a call begins another one. */
function isOther(call: Call, id: string | null, name: string | null, text: string): boolean {
  if (name === null || call.name === null) return false;
  if (id !== null && call.id !== null) return id !== call.id;
  // No ids: the same name again is a repetition, unless a finished call is followed by new arguments.
  return text.trimStart().startsWith('{') && parseJson(call.arguments) !== undefined;
}
