/** The `response` object of the Responses API, whole or as it stands while it streams. */
import type { UpstreamUsage } from '../neutral/stream-event.js';
import type { EncoderOptions } from '../openai/answer-encoder.js';
import type { CallForm } from '../openai/answer-settings.js';
import type { AnswerBlock, CollectedAnswer, CollectedChoice } from '../openai/collect-answer.js';
import type { ClientError } from '../openai/error.js';
import { urlCitations } from '../openai/text-sources.js';
import { recordOf } from '../upstream/loose-json.js';
import { sealReasoning } from './reasoning-item.js';
import { openInput } from './tools.js';

export type CallBlock = Extract<AnswerBlock, { kind: 'tool' }>;
export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

/** The end of a response: how it went and why not further. */
export interface Outcome {
  readonly status: 'in_progress' | 'completed' | 'incomplete' | 'failed';
  readonly usage: UpstreamUsage | null;
  readonly reason?: 'max_output_tokens' | 'content_filter';
  readonly error?: ClientError;
}

/** The body of a response that was not streamed. Only the first choice counts: this API has one. */
export function responsesAnswer(answer: CollectedAnswer, options: EncoderOptions): object {
  const choice = answer.choices[0];
  const outcome = outcomeOf(choice, answer.usage);
  const blocks = (choice?.blocks ?? []).filter(isShown);
  return responseObject(options, outcome, writeItems(blocks, options, outcome, choice?.annotations));
}

/** What a choice's end means here. */
export function outcomeOf(choice: CollectedChoice | undefined, usage: UpstreamUsage | null): Outcome {
  if (choice?.finish === 'length') return { status: 'incomplete', usage, reason: 'max_output_tokens' };
  const refused = choice?.blocks.some((block) => block.kind === 'refusal') ?? false;
  if (choice?.finish === 'content_filter' && !refused) {
    return { status: 'incomplete', usage, reason: 'content_filter' };
  }
  return { status: 'completed', usage };
}

/** Blocks that are items here; those of Anthropic's own tools have no counterpart. */
export type ItemBlock = Exclude<AnswerBlock, { kind: 'native' }>;

/** Whether a block has an item: thinking without text, signature or data (OpenRouter's details alone) has none. */
export function isShown(block: AnswerBlock): block is ItemBlock {
  if (block.kind === 'native') return false;
  return block.kind !== 'reasoning' || block.text !== '' || sealReasoning(block) !== null;
}

/** `annotations`: what the upstream says of the whole text, in the form of chat completions. */
export function writeItems(
  blocks: readonly ItemBlock[],
  options: EncoderOptions,
  outcome: Outcome,
  annotations: readonly unknown[] = [],
): object[] {
  // Only the last item can have been cut.
  const cut = outcome.status === 'completed' ? 'completed' : 'incomplete';
  return blocks.map((block, index) =>
    writeItem(
      block,
      options,
      index,
      index === blocks.length - 1 ? cut : 'completed',
      isLastText(blocks, index) ? annotations : [],
    ),
  );
}

/** The text that an upstream's annotations stand at: those of chat completions know of one text only. */
export function isLastText(blocks: readonly ItemBlock[], index: number): boolean {
  return blocks.findLastIndex((block) => block.kind === 'text') === index;
}

/** Made from the response's id and the item's place, so that it is the same in every event. */
export function itemId(block: ItemBlock, options: EncoderOptions, index: number): string {
  const unique = `${options.id.replace(/^resp_/, '')}_${index}`;
  if (block.kind === 'tool') return isCustom(block, options) ? `ctc_${unique}` : `fc_${unique}`;
  return block.kind === 'reasoning' ? `rs_${unique}` : `msg_${unique}`;
}

/** An output item with everything that its block has by now. */
export function writeItem(
  block: ItemBlock,
  options: EncoderOptions,
  index: number,
  status: ItemStatus,
  annotations: readonly unknown[] = [],
): object {
  const own = itemId(block, options, index);
  if (block.kind === 'tool') return writeCall(block, options, { id: own, status });
  if (block.kind === 'reasoning') {
    const summary = block.text === '' ? [] : [{ type: 'summary_text', text: block.text }];
    return { id: own, type: 'reasoning', status, summary, encrypted_content: sealReasoning(block) };
  }
  const begun = status !== 'in_progress' || block.text !== '';
  return { id: own, type: 'message', status, role: 'assistant', content: begun ? [writePart(block, annotations)] : [] };
}

/** A call as the client offered its tool: a function's arguments, or the text of a free-form tool. */
function writeCall(block: CallBlock, options: EncoderOptions, own: { id: string; status: ItemStatus }): object {
  const { name, namespace } = formOf(block, options) ?? { name: block.name };
  const called = { call_id: block.id, name, ...(namespace === undefined ? {} : { namespace }) };
  if (isCustom(block, options)) {
    const input = own.status === 'in_progress' ? '' : openInput(block.arguments);
    return { ...own, type: 'custom_tool_call', ...called, input };
  }
  const args = block.arguments === '' && own.status !== 'in_progress' ? '{}' : block.arguments;
  return { ...own, type: 'function_call', ...called, arguments: args };
}

/** How the client named the tool of a call; undefined for a plain function. */
export function formOf(block: CallBlock, options: EncoderOptions): CallForm | undefined {
  const forms = options.settings?.calls;
  return forms !== undefined && Object.hasOwn(forms, block.name) ? forms[block.name] : undefined;
}

/** Whether a call is one of a free-form tool. */
export function isCustom(block: CallBlock, options: EncoderOptions): boolean {
  return formOf(block, options)?.type === 'custom';
}

/** The one content part of a message item. */
export function writePart(
  block: Extract<AnswerBlock, { kind: 'text' | 'refusal' }>,
  annotations: readonly unknown[] = [],
): object {
  if (block.kind === 'refusal') return { type: 'refusal', refusal: block.text };
  const { text, logprobs } = block;
  return { type: 'output_text', text, annotations: annotationsOf(block, annotations), logprobs };
}

/** The sources of a text: its own, and `more` in the form of chat completions. Both are flat here. */
export function annotationsOf(block: Extract<AnswerBlock, { kind: 'text' }>, more: readonly unknown[]): object[] {
  const own = urlCitations(block.citations ?? [], 0, block.text.length);
  const others = more.map((annotation) => recordOf(recordOf(annotation)['url_citation']));
  return [...own, ...others.filter(({ url }) => url !== undefined)].map((source) => ({
    type: 'url_citation',
    ...source,
  }));
}

/** Settings that the request made are not repeated: the encoder knows the answer only. They stand at their defaults. */
export function responseObject(options: EncoderOptions, outcome: Outcome, output: readonly object[]): object {
  const done = outcome.status === 'completed' || outcome.status === 'incomplete';
  return {
    id: options.id,
    object: 'response',
    created_at: options.created,
    status: outcome.status,
    background: false,
    error: outcome.error === undefined ? null : writeError(outcome.error),
    incomplete_details: outcome.reason === undefined ? null : { reason: outcome.reason },
    instructions: null,
    max_output_tokens: null,
    metadata: {},
    model: options.model,
    output,
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    store: false,
    temperature: null,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_p: null,
    truncation: 'disabled',
    user: null,
    ...options.settings?.response,
    usage: done && outcome.usage !== null ? writeUsage(outcome.usage) : null,
  };
}

function writeError(error: ClientError): object {
  return { code: error.code ?? 'server_error', message: error.message };
}

function writeUsage(usage: UpstreamUsage): object {
  return {
    input_tokens: usage.inputTokens,
    input_tokens_details: { cached_tokens: usage.cachedInputTokens, cache_write_tokens: usage.cacheWriteTokens },
    output_tokens: usage.outputTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
    total_tokens: usage.inputTokens + usage.outputTokens,
  };
}
