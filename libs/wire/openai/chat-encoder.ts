/** Streamed chat completions: `data: {chunk}` events, a usage chunk where it was asked for, `[DONE]`. */
import type { FinishReason, StreamEvent, UpstreamUsage } from '../neutral/stream-event.js';
import { sseComment, toBytes, type AnswerEncoder, type EncoderOptions } from './answer-encoder.js';
import { finishWord, isLegacy } from './chat-answer.js';
import { shownFinish, type ChoiceEvent } from './collect-answer.js';
import { openAiErrorBody, type ClientError } from './error.js';
import { TextSources } from './text-sources.js';
import { openAiUsage } from './usage.js';

/** What has been sent of one choice. The heads are the constant text before a delta's value, made once. */
interface ChoiceState {
  readonly deltaHead: string;
  readonly textHead: string;
  readonly sources: TextSources;
  /** By index: whether arguments have been sent. */
  readonly calls: Map<number, boolean>;
  /** Thinking since the last signature: it is repeated beside the signature, as a block that can be sent back. */
  thinking: string;
  finished: boolean;
}

export class ChatEncoder implements AnswerEncoder {
  private readonly choices = new Map<number, ChoiceState>();
  private readonly chunkHead: string;
  private readonly chunkTail: string;
  private readonly openTail: string;
  private readonly legacy: boolean;
  private usage: UpstreamUsage | null = null;

  constructor(private readonly options: EncoderOptions) {
    this.legacy = isLegacy(options);
    const { id, created, model } = options;
    const envelope = JSON.stringify({ id, object: 'chat.completion.chunk', created, model });
    this.chunkHead = `data: ${envelope.slice(0, -1)},"choices":[`;
    this.chunkTail = options.includeUsage ? '],"usage":null}\n\n' : ']}\n\n';
    this.openTail = `},"logprobs":null,"finish_reason":null}${this.chunkTail}`;
  }

  push(event: StreamEvent): Uint8Array | null {
    if (event.type === 'usage') this.usage = event.usage;
    return 'choice' in event ? this.pushToChoice(event) : null;
  }

  comment(text: string): Uint8Array {
    return sseComment(text);
  }

  fail(error: ClientError): Uint8Array {
    return toBytes(`data: ${JSON.stringify(openAiErrorBody(error))}\n\n`);
  }

  finish(): Uint8Array {
    const opened = this.choices.size === 0 ? this.openChoice(0) : '';
    const closed = [...this.choices].map(([index, state]) => (state.finished ? '' : this.close(index, state, null)));
    return toBytes(`${opened}${closed.join('')}${this.usageChunk()}data: [DONE]\n\n`);
  }

  private pushToChoice(event: ChoiceEvent): Uint8Array | null {
    const known = this.choices.get(event.choice);
    const role = known === undefined ? this.openChoice(event.choice) : '';
    const state = known ?? this.choices.get(event.choice);
    if (state === undefined || state.finished) return null;
    if (event.type === 'text-delta') state.sources.push(event.text.length, event.citations, event.apart);
    // The hot path: one concatenation and one encoding per token.
    if (event.type === 'text-delta' && event.logprobs === undefined) {
      if (event.text !== '') return toBytes(role + state.textHead + JSON.stringify(event.text) + this.openTail);
    }
    const text = role + this.encode(event, state);
    return text === '' ? null : toBytes(text);
  }

  private encode(event: ChoiceEvent, state: ChoiceState): string {
    switch (event.type) {
      case 'text-delta':
        return event.text === '' && event.logprobs === undefined
          ? ''
          : this.delta(state, { content: event.text }, { content: event.logprobs ?? [], refusal: null });
      case 'reasoning-delta':
        return this.encodeReasoning(event, state);
      case 'reasoning-signature':
        return this.encodeSignature(event, state);
      case 'refusal-delta':
        return event.text === '' ? '' : this.delta(state, { refusal: event.text });
      case 'tool-call-start':
        return this.startCall(event, state);
      case 'tool-call-delta':
        return this.encodeArguments(event.index, event.arguments, state);
      case 'native-block':
        return '';
      case 'annotations':
        return this.delta(state, { annotations: event.annotations });
      case 'finish':
        return this.close(event.choice, state, event.reason);
    }
  }

  private openChoice(index: number): string {
    const deltaHead = `${this.chunkHead}{"index":${index},"delta":`;
    const textHead = `${deltaHead}{"content":`;
    this.choices.set(index, {
      deltaHead,
      textHead,
      calls: new Map(),
      sources: new TextSources(),
      thinking: '',
      finished: false,
    });
    return `${deltaHead}{"role":"assistant","content":"","refusal":null${this.openTail}`;
  }

  private delta(state: ChoiceState, delta: object, logprobs: object | null = null): string {
    const rest = `,"logprobs":${JSON.stringify(logprobs)},"finish_reason":null}`;
    return state.deltaHead + JSON.stringify(delta) + rest + this.chunkTail;
  }

  private encodeReasoning(event: Extract<StreamEvent, { type: 'reasoning-delta' }>, state: ChoiceState): string {
    if (event.text === '' && event.details === undefined) return '';
    state.thinking += event.text;
    if (event.details === undefined) return this.delta(state, { reasoning_content: event.text });
    const details: unknown = Array.isArray(event.details) ? event.details : [event.details];
    return this.delta(state, { reasoning_content: event.text, reasoning_details: details });
  }

  /** LiteLLM's `thinking_blocks`: what a client has to send back with tool results when Anthropic is thinking. */
  private encodeSignature(event: Extract<StreamEvent, { type: 'reasoning-signature' }>, state: ChoiceState): string {
    const block =
      event.redacted === undefined
        ? { type: 'thinking', thinking: state.thinking, signature: event.signature ?? '' }
        : { type: 'redacted_thinking', data: event.redacted };
    state.thinking = '';
    return this.delta(state, { thinking_blocks: [block] });
  }

  private startCall(event: Extract<StreamEvent, { type: 'tool-call-start' }>, state: ChoiceState): string {
    const { index, id, name } = event;
    // Id, type and name once per index: clients that accumulate would build `ff` from a repeated `f`.
    if (state.calls.has(index)) return '';
    state.calls.set(index, false);
    if (this.legacy) return index === 0 ? this.delta(state, { function_call: { name, arguments: '' } }) : '';
    return this.delta(state, { tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] });
  }

  private encodeArguments(index: number, text: string, state: ChoiceState): string {
    if (text === '' || !state.calls.has(index)) return '';
    state.calls.set(index, true);
    if (this.legacy) return index === 0 ? this.delta(state, { function_call: { arguments: text } }) : '';
    return this.delta(state, { tool_calls: [{ index, function: { arguments: text } }] });
  }

  private close(index: number, state: ChoiceState, reason: FinishReason | null): string {
    // No arguments are an empty object: many clients parse them without looking.
    const empty = [...state.calls].filter(([, sent]) => !sent).map(([call]) => this.encodeArguments(call, '{}', state));
    const annotations = state.sources.annotations();
    const sources = annotations.length === 0 ? '' : this.delta(state, { annotations });
    state.finished = true;
    const shown = finishWord(shownFinish(reason, state.calls.size > 0), this.legacy);
    const head = `${this.chunkHead}{"index":${index},"delta":{},"logprobs":null`;
    return `${empty.join('')}${sources}${head},"finish_reason":"${shown}"}${this.chunkTail}`;
  }

  /** `choices` is empty: an extra choice makes accumulators lose the finish reason. */
  private usageChunk(): string {
    if (!this.options.includeUsage || this.usage === null) return '';
    return `${this.chunkHead}],"usage":${JSON.stringify(openAiUsage(this.usage))}}\n\n`;
  }
}
