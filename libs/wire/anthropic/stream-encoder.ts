/**
 * Streamed messages: named events, one content block after the other, no `[DONE]`. Blocks may not overlap here, but the
 * calls of other upstreams may: what belongs to a later block waits until the block before it is complete.
 */
import type { Native } from '../neutral/chat-request.js';
import type { StreamEvent, UpstreamUsage } from '../neutral/stream-event.js';
import { sseComment, sseEvent, toBytes, type AnswerEncoder, type EncoderOptions } from '../openai/answer-encoder.js';
import { ChoiceCollector, type AnswerBlock, type BlockChange } from '../openai/collect-answer.js';
import type { ClientError } from '../openai/error.js';
import { anthropicErrorBody } from './error.js';
import { messageHead, stopOf, writeUsage } from './message-object.js';

export class MessagesEncoder implements AnswerEncoder {
  private readonly collector = new ChoiceCollector();
  private usage: UpstreamUsage | null = null;
  private begun = false;
  /** Place of the block that is open; -1 before the first. */
  private live = -1;

  constructor(private readonly options: EncoderOptions) {}

  push(event: StreamEvent): Uint8Array | null {
    if (event.type === 'usage') this.usage = event.usage;
    if (!('choice' in event) || event.choice !== 0) return null;
    if (event.type === 'reasoning-delta' && event.text === '') return null;
    const change = this.collector.push(event);
    if (change === null) return null;
    const text = this.begin() + (change.position === this.live ? this.delta(change, event) : '') + this.advance(false);
    return text === '' ? null : toBytes(text);
  }

  comment(text: string): Uint8Array {
    return sseComment(text);
  }

  fail(error: ClientError): Uint8Array {
    const { anthropicType, message, requestId } = error;
    return toBytes(sseEvent('error', anthropicErrorBody({ type: anthropicType, message, requestId })));
  }

  finish(): Uint8Array {
    const blocks = this.begin() + this.advance(true) + this.stopLive();
    const usage = writeUsage(this.usage, this.options.inputTokens ?? 0);
    const { context_management: edits, ...stop } = stopOf(this.collector);
    const delta = sseEvent('message_delta', {
      delta: stop,
      usage,
      ...(edits === undefined ? {} : { context_management: edits }),
    });
    return toBytes(`${blocks}${delta}${sseEvent('message_stop', {})}`);
  }

  private begin(): string {
    if (this.begun) return '';
    this.begun = true;
    const usage = writeUsage(this.usage, this.options.inputTokens ?? 0);
    const message = { ...messageHead(this.options), content: [], stop_reason: null, stop_sequence: null, usage };
    return sseEvent('message_start', { message }) + sseEvent('ping', {});
  }

  /** More of the open block. */
  private delta({ block, position }: BlockChange, event: StreamEvent): string {
    if (event.type === 'text-delta') {
      return citationDeltas(position, event.citations) + (event.text === '' ? '' : textDelta(position, event.text));
    }
    if (event.type === 'refusal-delta') return textDelta(position, event.text);
    if (event.type === 'reasoning-delta') return thinkingDelta(position, event.text);
    return event.type === 'tool-call-delta' ? inputDelta(position, event.arguments) : signatureDelta(block, position);
  }

  /** Goes on to the next block for as long as the open one is complete; at the end of the answer all are. */
  private advance(atEnd: boolean): string {
    let text = '';
    while (this.live + 1 < this.collector.blocks.length) {
      if (!atEnd && !this.isLiveComplete()) break;
      text += this.stopLive();
      this.live += 1;
      const block = this.collector.blocks[this.live];
      if (block !== undefined) text += startBlock(block, this.live);
    }
    return text;
  }

  private isLiveComplete(): boolean {
    const block = this.collector.blocks[this.live];
    return block === undefined || block.kind !== 'tool' || isJsonObjectText(block.arguments);
  }

  private stopLive(): string {
    const block = this.collector.blocks[this.live];
    if (block === undefined) return '';
    // A call without arguments: an empty object, for clients that parse what they have gathered.
    const empty = block.kind === 'tool' && block.arguments === '';
    const filled = empty ? inputDelta(this.live, '{}') : '';
    return filled + sseEvent('content_block_stop', { index: this.live });
  }
}

/** The hot path: the constant text around a token, put together without building an object. */
function deltaEvent(index: number, type: string, field: string, value: string): string {
  const delta = `{"type":"${type}","${field}":${JSON.stringify(value)}}`;
  return `event: content_block_delta\ndata: {"type":"content_block_delta","index":${index},"delta":${delta}}\n\n`;
}

const textDelta = (index: number, text: string) => deltaEvent(index, 'text_delta', 'text', text);
const thinkingDelta = (index: number, text: string) => deltaEvent(index, 'thinking_delta', 'thinking', text);
const inputDelta = (index: number, json: string) => deltaEvent(index, 'input_json_delta', 'partial_json', json);

function signatureDelta(block: AnswerBlock, index: number): string {
  if (block.kind !== 'reasoning' || block.signature === null) return '';
  return deltaEvent(index, 'signature_delta', 'signature', block.signature);
}

function startEvent(index: number, contentBlock: object): string {
  return sseEvent('content_block_start', { index, content_block: contentBlock });
}

/** Begins a block and writes what it has by now. */
function startBlock(block: AnswerBlock, index: number): string {
  if (block.kind === 'tool') {
    const start = startEvent(index, { type: 'tool_use', id: block.id, name: block.name, input: {}, ...block.native });
    return block.arguments === '' ? start : start + inputDelta(index, block.arguments);
  }
  if (block.kind === 'native') return startNative(block.block, index);
  if (block.kind !== 'reasoning') return startText(block, index);
  if (block.redacted !== null) return startEvent(index, { type: 'redacted_thinking', data: block.redacted });
  const start = startEvent(index, { type: 'thinking', thinking: '', signature: '' });
  return start + (block.text === '' ? '' : thinkingDelta(index, block.text)) + signatureDelta(block, index);
}

function startText(block: Extract<AnswerBlock, { kind: 'text' | 'refusal' }>, index: number): string {
  const citations = block.kind === 'text' ? block.citations : undefined;
  const empty = citations === undefined ? {} : { citations: [] };
  const start = startEvent(index, { type: 'text', text: '', ...empty }) + citationDeltas(index, citations);
  return block.text === '' ? start : start + textDelta(index, block.text);
}

function citationDeltas(index: number, citations: readonly unknown[] = []): string {
  const deltas = citations.map((citation) => ({ index, delta: { type: 'citations_delta', citation } }));
  return deltas.map((delta) => sseEvent('content_block_delta', delta)).join('');
}

/** A call's input comes as a delta, as that of the client's own tools; results come whole. */
function startNative(block: Native, index: number): string {
  if (!('input' in block)) return startEvent(index, block);
  return startEvent(index, { ...block, input: {} }) + inputDelta(index, JSON.stringify(block['input']));
}

/** Whether a call's arguments are all there. Tried only when another block waits behind it. */
function isJsonObjectText(text: string): boolean {
  if (!text.trimEnd().endsWith('}')) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
