/** One choice of an OpenAI-compatible answer: deltas of a stream, or a whole message, which is one delta with everything. */
import type { FinishReason, StreamEvent } from '../neutral/stream-event.js';
import { isRecord, listOf, recordOf, textOf } from '../upstream/loose-json.js';
import { readLogprobs } from '../upstream/logprobs.js';
import { readLegacyLogprobs } from './legacy-logprobs.js';
import { ToolCallReader } from './tool-call-reader.js';

const reasons: ReadonlyMap<string, FinishReason> = new Map([
  ['stop', 'stop'],
  ['eos', 'stop'],
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['length', 'length'],
  ['max_tokens', 'length'],
  ['max_output_tokens', 'length'],
  ['model_length', 'length'],
  ['tool_calls', 'tool_calls'],
  ['tool_use', 'tool_calls'],
  ['function_call', 'tool_calls'],
  ['content_filter', 'content_filter'],
  ['safety', 'content_filter'],
  ['recitation', 'content_filter'],
  ['prohibited_content', 'content_filter'],
]);

/** Reasons that are failures: OpenRouter's `error`, DeepSeek's and Gemini's own words. */
const failures: ReadonlySet<string> = new Set([
  'error',
  'abort',
  'insufficient_system_resource',
  'malformed_function_call',
]);

export function isFailureReason(reason: string): boolean {
  return failures.has(reason.toLowerCase());
}

export class ChoiceReader {
  readonly #choice: number;
  readonly #trustsStop: boolean;
  readonly #calls: ToolCallReader;
  #hasContent = false;
  #isFinished = false;

  constructor(choice: number, options: { makeId: () => string; trustsStop: boolean }) {
    this.#choice = choice;
    this.#trustsStop = options.trustsStop;
    this.#calls = new ToolCallReader(choice, options.makeId);
  }

  get isFinished(): boolean {
    return this.#isFinished;
  }

  get hasContent(): boolean {
    return this.#hasContent || this.#calls.count > 0;
  }

  /** `delta` or `message` of a chat. */
  delta(delta: Record<string, unknown>, logprobs: unknown, events: StreamEvent[]): void {
    this.#reasoning(delta, events);
    const tokens = readLogprobs(recordOf(logprobs)['content']);
    const content = delta['content'];
    if (typeof content === 'string') this.#text(content, tokens, events);
    else if (Array.isArray(content)) this.#parts(content, events);
    const choice = this.#choice;
    const refusal = textOf(delta['refusal']);
    if (refusal !== null) events.push({ type: 'refusal-delta', choice, text: refusal });
    const annotations = listOf(delta['annotations']);
    if (annotations.length > 0) events.push({ type: 'annotations', choice, annotations });
    this.#calls.push(listOf(delta['tool_calls']), events);
    if (isRecord(delta['function_call'])) this.#calls.push([{ index: 0, function: delta['function_call'] }], events);
    this.#hasContent ||= refusal !== null;
  }

  /** `text` of a legacy completion. */
  completion(text: unknown, logprobs: unknown, events: StreamEvent[]): void {
    const tokens = readLegacyLogprobs(logprobs);
    this.#text(typeof text === 'string' ? text : '', tokens, events);
  }

  /** Only the first reason counts: some upstreams repeat it on their usage chunk. */
  finish(native: string | null, events: StreamEvent[]): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#calls.finish(events);
    const known = native === null ? 'stop' : (reasons.get(native.toLowerCase()) ?? 'stop');
    const reason = known === 'stop' && this.#calls.count > 0 && !this.#trustsStop ? 'tool_calls' : known;
    events.push({ type: 'finish', choice: this.#choice, reason, ...(native === null ? {} : { native }) });
  }

  #text(text: string, logprobs: ReturnType<typeof readLogprobs>, events: StreamEvent[]): void {
    const choice = this.#choice;
    if (logprobs.length > 0) events.push({ type: 'text-delta', choice, text, logprobs });
    else if (text.length > 0) events.push({ type: 'text-delta', choice, text });
    this.#hasContent ||= text.length > 0;
  }

  /** DeepSeek, vLLM and others say `reasoning_content`, OpenRouter, Groq and Ollama `reasoning`; some say both at once. */
  #reasoning(delta: Record<string, unknown>, events: StreamEvent[]): void {
    const text = textOf(delta['reasoning_content']) ?? textOf(delta['reasoning']) ?? '';
    const details = listOf(delta['reasoning_details']);
    if (text === '' && details.length === 0) return;
    this.#hasContent ||= text.length > 0;
    const event = { type: 'reasoning-delta', choice: this.#choice, text } as const;
    events.push(details.length === 0 ? event : { ...event, details });
  }

  /** Mistral's reasoning models send lists of `thinking` and `text` parts. */
  #parts(parts: readonly unknown[], events: StreamEvent[]): void {
    for (const part of parts.filter(isRecord)) {
      if (part['type'] === 'text') this.#text(textOf(part['text']) ?? '', [], events);
      if (part['type'] !== 'thinking') continue;
      const thinking = part['thinking'];
      const text =
        typeof thinking === 'string'
          ? thinking
          : listOf(thinking)
              .map((item) => textOf(recordOf(item)['text']) ?? '')
              .join('');
      this.#reasoning({ reasoning: text }, events);
    }
  }
}
