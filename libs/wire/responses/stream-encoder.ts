/**
 * Streamed responses: named events with a running number, one output item per block of the answer, no `[DONE]`. Text and
 * thinking end where the next item begins; calls stay open until the end, since upstreams may interleave them.
 */
import type { StreamEvent, UpstreamUsage } from '../neutral/stream-event.js';
import { sseComment, toBytes, type AnswerEncoder, type EncoderOptions } from '../openai/answer-encoder.js';
import { ChoiceCollector, type BlockChange, type ChoiceEvent } from '../openai/collect-answer.js';
import { openAiErrorBody, type ClientError } from '../openai/error.js';
import {
  annotationsOf,
  formOf,
  isCustom,
  isLastText,
  itemId,
  outcomeOf,
  responseObject,
  writeItem,
  writeItems,
  writePart,
  type CallBlock,
  type ItemBlock,
  type ItemStatus,
  type Outcome,
} from './response-object.js';
import { openInput } from './tools.js';

type ItemChange = BlockChange & { readonly block: ItemBlock };
type TextBlock = Extract<ItemBlock, { kind: 'text' | 'refusal' }>;

export class ResponsesEncoder implements AnswerEncoder {
  private readonly collector = new ChoiceCollector();
  private usage: UpstreamUsage | null = null;
  private sequence = 0;
  private begun = false;
  /** Places of the items that are not done yet. */
  private readonly open = new Set<number>();

  constructor(private readonly options: EncoderOptions) {}

  push(event: StreamEvent): Uint8Array | null {
    if (event.type === 'usage') this.usage = event.usage;
    if (!('choice' in event) || event.choice !== 0 || isEmpty(event)) return null;
    const change = itemChange(this.collector.push(event));
    if (change === null) return null;
    const begin = this.begin();
    const opening = change.opened ? this.closeBefore(change.position) + this.openItem(change) : '';
    const text = begin + opening + this.delta(change, event);
    return text === '' ? null : toBytes(text);
  }

  comment(text: string): Uint8Array {
    return sseComment(text);
  }

  /**
   * `response.failed` for those who follow the response, and an `error` event on which the SDKs throw: flat as the API
   * has it, and nested as SDKs before openai-node 7 look for it.
   */
  fail(error: ClientError): Uint8Array {
    const outcome: Outcome = { status: 'failed', usage: this.usage, error };
    const response = responseObject(this.options, outcome, this.output(outcome));
    const { code, message, param } = error;
    const failed = this.begun ? this.event('response.failed', { response }) : '';
    return toBytes(failed + this.event('error', { code, message, param, ...openAiErrorBody(error) }));
  }

  finish(): Uint8Array {
    const begin = this.begin();
    const outcome = outcomeOf(this.collector, this.usage);
    const closed = this.closeBefore(this.collector.blocks.length, outcome);
    const response = responseObject(this.options, outcome, this.output(outcome));
    return toBytes(begin + closed + this.event(`response.${outcome.status}`, { response }));
  }

  /** The blocks in their places: those that are no items are kept out of the collector. */
  private items(): ItemBlock[] {
    return this.collector.blocks.filter((block) => block.kind !== 'native');
  }

  private output(outcome: Outcome): object[] {
    return writeItems(this.items(), this.options, outcome, this.collector.annotations);
  }

  private begin(): string {
    if (this.begun) return '';
    this.begun = true;
    const response = responseObject(this.options, { status: 'in_progress', usage: null }, []);
    return this.event('response.created', { response }) + this.event('response.in_progress', { response });
  }

  private event(type: string, fields: object): string {
    const data = { type, sequence_number: this.sequence, ...fields };
    this.sequence += 1;
    return `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
  }

  private openItem({ block, position }: ItemChange): string {
    this.open.add(position);
    const item = writeItem(emptied(block), this.options, position, 'in_progress');
    const added = this.event('response.output_item.added', { output_index: position, item });
    const place = this.place(block, position);
    if (block.kind === 'text' || block.kind === 'refusal') {
      return added + this.event('response.content_part.added', { ...place, content_index: 0, part: emptyPart(block) });
    }
    if (block.kind === 'tool' || block.text === '') return added;
    const part = { type: 'summary_text', text: '' };
    return added + this.event('response.reasoning_summary_part.added', { ...place, summary_index: 0, part });
  }

  private place(block: ItemBlock, position: number): { item_id: string; output_index: number } {
    return { item_id: itemId(block, this.options, position), output_index: position };
  }

  private delta({ block, position }: ItemChange, event: ChoiceEvent): string {
    const place = this.place(block, position);
    if (event.type === 'text-delta') return isSilent(event) ? '' : this.textDelta(place, event);
    if (event.type === 'refusal-delta') {
      return this.event('response.refusal.delta', { ...place, content_index: 0, delta: event.text });
    }
    if (event.type === 'reasoning-delta') {
      return this.event('response.reasoning_summary_text.delta', { ...place, summary_index: 0, delta: event.text });
    }
    // The text of a free-form call stands inside JSON here: it is known when that is whole.
    if (event.type !== 'tool-call-delta' || block.kind !== 'tool' || isCustom(block, this.options)) return '';
    return this.event('response.function_call_arguments.delta', { ...place, delta: event.arguments });
  }

  private textDelta(place: object, event: Extract<StreamEvent, { type: 'text-delta' }>): string {
    const logprobs = event.logprobs ?? [];
    return this.event('response.output_text.delta', { ...place, content_index: 0, delta: event.text, logprobs });
  }

  /** Ends what a new item at `position` ends: everything but calls; at the end of the answer (`outcome`) those too. */
  private closeBefore(position: number, outcome?: Outcome): string {
    const ended = [...this.open].filter((place) => outcome !== undefined || !this.isCall(place));
    return ended
      .map((place) => {
        this.open.delete(place);
        const isLast = place === position - 1;
        const status = isLast && outcome?.status === 'incomplete' ? 'incomplete' : 'completed';
        return this.closeItem(place, status);
      })
      .join('');
  }

  private isCall(position: number): boolean {
    return this.collector.blocks[position]?.kind === 'tool';
  }

  private closeItem(position: number, status: ItemStatus): string {
    const block = this.items()[position];
    if (block === undefined) return '';
    const annotations = isLastText(this.items(), position) ? this.collector.annotations : [];
    const item = writeItem(block, this.options, position, status, annotations);
    const done = this.closeContent(block, this.place(block, position), annotations);
    return done + this.event('response.output_item.done', { output_index: position, item });
  }

  private closeContent(
    block: ItemBlock,
    place: { item_id: string; output_index: number },
    annotations: readonly unknown[],
  ): string {
    if (block.kind === 'tool') return this.closeCall(block, place);
    if (block.kind === 'reasoning') return block.text === '' ? '' : this.closeSummary(block.text, place);
    const at = { ...place, content_index: 0 };
    const done =
      block.kind === 'text'
        ? this.closeText(block, at, annotations)
        : this.event('response.refusal.done', { ...at, refusal: block.text });
    return done + this.event('response.content_part.done', { ...at, part: writePart(block, annotations) });
  }

  private closeText(block: Extract<ItemBlock, { kind: 'text' }>, at: object, annotations: readonly unknown[]): string {
    const sources = annotationsOf(block, annotations).map((annotation, index) =>
      this.event('response.output_text.annotation.added', { ...at, annotation_index: index, annotation }),
    );
    const done = this.event('response.output_text.done', { ...at, text: block.text, logprobs: block.logprobs });
    return sources.join('') + done;
  }

  /** A call without arguments gets an empty object, as a delta too: some clients read only those. */
  private closeCall(block: CallBlock, place: object): string {
    if (isCustom(block, this.options)) return this.closeInput(openInput(block.arguments), place);
    const args = block.arguments === '' ? '{}' : block.arguments;
    const filled =
      block.arguments === '' ? this.event('response.function_call_arguments.delta', { ...place, delta: args }) : '';
    const done = { ...place, name: formOf(block, this.options)?.name ?? block.name, arguments: args };
    return filled + this.event('response.function_call_arguments.done', done);
  }

  private closeInput(input: string, place: object): string {
    return (
      this.event('response.custom_tool_call_input.delta', { ...place, delta: input }) +
      this.event('response.custom_tool_call_input.done', { ...place, input })
    );
  }

  private closeSummary(text: string, place: object): string {
    const at = { ...place, summary_index: 0 };
    const part = { type: 'summary_text', text };
    return (
      this.event('response.reasoning_summary_text.done', { ...at, text }) +
      this.event('response.reasoning_summary_part.done', { ...at, part })
    );
  }
}

function itemChange(change: BlockChange | null): ItemChange | null {
  if (change === null || change.block.kind === 'native') return null;
  return { ...change, block: change.block };
}

function isSilent(event: Extract<ChoiceEvent, { type: 'text-delta' }>): boolean {
  return event.text === '' && event.logprobs === undefined;
}

/** Thinking of which only OpenRouter's details came: it has no item. */
function isEmpty(event: ChoiceEvent): boolean {
  // Blocks of Anthropic's own tools have no item either.
  if (event.type === 'native-block') return true;
  if (event.type === 'text-delta') return isSilent(event) && event.citations === undefined;
  if (event.type === 'reasoning-delta') return event.text === '';
  return event.type === 'reasoning-signature' && event.signature === undefined && event.redacted === undefined;
}

/** A block as it was before its first delta. */
function emptied(block: ItemBlock): ItemBlock {
  if (block.kind === 'tool') return { ...block, arguments: '' };
  return block.kind === 'text' ? { ...block, text: '', logprobs: [] } : { ...block, text: '' };
}

function emptyPart(block: TextBlock): object {
  return writePart(block.kind === 'text' ? { kind: 'text', text: '', logprobs: [] } : { kind: 'refusal', text: '' });
}
