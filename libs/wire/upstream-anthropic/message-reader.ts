/** Folds the parts of an Anthropic message, streamed or whole, into events of choice 0. */
import type { FinishReason, StreamEvent, UpstreamFailure } from '../neutral/stream-event.js';
import { argumentsObject, isRecord, listOf, textOf } from '../upstream/loose-json.js';
import { AnswerTool } from './answer-tool.js';
import { MessageUsage } from './message-usage.js';

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

const endFields: ReadonlySet<string> = new Set(['container', 'context_management', 'stop_details']);

/** A block of Anthropic's own tools, whole when it stops. */
interface NativeBlock {
  readonly block: JsonObject;
  input: string;
}

interface ToolUse {
  /** Counts tool_use blocks: text and thinking blocks shift Anthropic's own index. */
  readonly index: number;
  readonly input: unknown;
  hasInput: boolean;
}

export class MessageReader {
  /** Counts are cumulative and come in parts. */
  readonly usage = new MessageUsage();
  readonly #makeId: () => string;
  readonly #answer: AnswerTool | null;
  readonly #open = new Map<number, ToolUse>();
  readonly #natives = new Map<number, NativeBlock>();
  #isAfterText = false;
  #isApart = false;
  #calls = 0;
  #isFinished = false;
  #ended = false;

  constructor(options: { readonly makeId: () => string; readonly answerTool?: string }) {
    this.#makeId = options.makeId;
    this.#answer = options.answerTool === undefined ? null : new AnswerTool(options.answerTool);
  }

  get ended(): boolean {
    return this.#ended;
  }

  get isFinished(): boolean {
    return this.#isFinished;
  }

  start(message: JsonObject, events: StreamEvent[]): void {
    events.push({ type: 'start', id: textOf(message['id']), model: textOf(message['model']), created: null });
    this.usage.read(message['usage']);
  }

  blockStart(index: number, block: JsonObject, events: StreamEvent[]): void {
    this.#isApart = this.#isAfterText && block['type'] === 'text';
    this.#isAfterText = block['type'] === 'text';
    switch (block['type']) {
      case 'text':
        for (const citation of listOf(block['citations'])) this.#citation(citation, events);
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
        if (this.#answer?.takes(index, block) !== true) this.#toolUse(index, block, events);
        return undefined;
      default:
        // Blocks of Anthropic's own tools (web search and the like) and of tomorrow.
        if (textOf(block['type']) !== null) this.#natives.set(index, { block: { ...block }, input: '' });
        return undefined;
    }
  }

  blockDelta(index: number, delta: JsonObject, events: StreamEvent[]): void {
    const tool = this.#open.get(index);
    const json = textOf(delta['partial_json']);
    const native = this.#natives.get(index);
    if (native !== undefined) return addToNative(native, delta);
    if (this.#answer?.isOpen(index) === true) return this.#answer.add(json ?? '', index, events);
    if (delta['type'] === 'text_delta') this.#text(delta['text'], events);
    else if (delta['type'] === 'thinking_delta') this.#thinking(delta['thinking'], events);
    else if (delta['type'] === 'citations_delta') this.#citation(delta['citation'], events);
    else if (delta['type'] === 'signature_delta') this.#signature(delta['signature'], events);
    else if (delta['type'] === 'input_json_delta' && tool !== undefined && json !== null) {
      tool.hasInput = true;
      events.push({ type: 'tool-call-delta', choice: 0, index: tool.index, arguments: json });
    }
  }

  /** `input: {}` of the start is a placeholder; it counts only where no fragment came. */
  blockStop(index: number, events: StreamEvent[]): void {
    this.#nativeStop(index, events);
    this.#answer?.stop(index, events);
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
    for (const index of [...this.#open.keys(), ...this.#natives.keys()]) this.blockStop(index, events);
    this.#answer?.finish(events);
    const isAnswer = native === 'tool_use' && this.#calls === 0 && this.#answer?.hasCome === true;
    const stopSequence = textOf(delta['stop_sequence']);
    events.push({
      type: 'finish',
      choice: 0,
      reason: isAnswer ? 'stop' : (finishReasons.get(native) ?? 'stop'),
      native: isAnswer ? 'end_turn' : native,
      ...nativeEndOf(delta),
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
    if (text === null) return;
    const piece = { type: 'text-delta', choice: 0, text, ...this.#apart(text) } as const;
    if (this.#answer === null) events.push(piece);
    else this.#answer.withhold(piece);
  }

  #citation(citation: unknown, events: StreamEvent[]): void {
    if (!isRecord(citation)) return;
    events.push({ type: 'text-delta', choice: 0, text: '', citations: [citation], ...this.#apart('cited') });
  }

  /** The first piece of a text block after another one says so: sources belong to their own block. */
  #apart(piece: string): { apart?: true } {
    if (!this.#isApart || piece === '') return {};
    this.#isApart = false;
    return { apart: true };
  }

  #nativeStop(index: number, events: StreamEvent[]): void {
    const native = this.#natives.get(index);
    if (native === undefined) return;
    this.#natives.delete(index);
    const input = native.input === '' ? {} : { input: argumentsObject(native.input) };
    events.push({ type: 'native-block', choice: 0, block: { ...native.block, ...input } });
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
    const name = textOf(block['name']) ?? '';
    const native = isRecord(block['caller']) ? { native: { caller: block['caller'] } } : {};
    events.push({ type: 'tool-call-start', choice: 0, index: tool.index, id, name, ...native });
  }

  #pushUsage(events: StreamEvent[]): void {
    const usage = this.usage.report();
    if (usage !== null) events.push({ type: 'usage', usage });
  }
}

/** What a message, or the delta at its end, says beside why it stopped. */
function nativeEndOf(delta: JsonObject): { nativeEnd?: JsonObject } {
  const said = Object.entries(delta).filter(([name, value]) => endFields.has(name) && isRecord(value));
  return said.length === 0 ? {} : { nativeEnd: Object.fromEntries(said) };
}

/** The input of a call comes in fragments, a summary of what was compacted as text. */
function addToNative(native: NativeBlock, delta: JsonObject): void {
  native.input += textOf(delta['partial_json']) ?? '';
  const more = textOf(delta['content']);
  if (more !== null) native.block['content'] = (textOf(native.block['content']) ?? '') + more;
}
