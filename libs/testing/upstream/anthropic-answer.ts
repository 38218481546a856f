/** Anthropic's Messages answers, whole and as events. Pure. */
import type { StreamPlan } from './answer.js';
import { piecesOf, type Behaviour } from './behaviour.js';

export interface MessageContext {
  readonly id: string;
  readonly model: string;
  readonly behaviour: Behaviour;
  readonly promptTokens: number;
  readonly maxTokens: number;
}

type Json = Record<string, unknown>;
interface Block {
  readonly start: Json;
  readonly deltas: readonly Json[];
  readonly whole: Json;
}

const named = (data: Json) => `event: ${String(data['type'])}\ndata: ${JSON.stringify(data)}\n\n`;

/** The blocks of the answer in order: thoughts, text, tools. */
function blocks({ behaviour, id, maxTokens }: MessageContext): Block[] {
  const { thinking, text } = piecesOf(behaviour);
  const list: Block[] = [];
  if (thinking.length > 0) {
    const signature = 'EqQBCkYIfake';
    list.push({
      start: { type: 'thinking', thinking: '', signature: '' },
      deltas: [
        ...thinking.map((piece) => ({ type: 'thinking_delta', thinking: piece })),
        { type: 'signature_delta', signature },
      ],
      whole: { type: 'thinking', thinking: thinking.join(''), signature },
    });
  }
  const shown = text.slice(0, maxTokens);
  if (shown.length > 0) {
    list.push({
      start: { type: 'text', text: '' },
      deltas: shown.map((piece) => ({ type: 'text_delta', text: piece })),
      whole: { type: 'text', text: shown.join('') },
    });
  }
  for (const [index, call] of (behaviour.toolCalls ?? []).entries()) {
    const input = JSON.stringify(call.arguments);
    const fragments = ['', input.slice(0, 6), input.slice(6)];
    const head = { type: 'tool_use', id: `toolu_${id.slice(-6)}${index}`, name: call.name };
    list.push({
      start: { ...head, input: {} },
      // A call without arguments has no fragments at all.
      deltas: input === '{}' ? [] : fragments.map((partial) => ({ type: 'input_json_delta', partial_json: partial })),
      whole: { ...head, input: call.arguments },
    });
  }
  return list;
}

function stopReason(context: MessageContext): string {
  const { behaviour, maxTokens } = context;
  if (behaviour.finish !== undefined) return behaviour.finish;
  if (behaviour.toolCalls !== undefined) return 'tool_use';
  return piecesOf(behaviour).text.length > maxTokens ? 'max_tokens' : 'end_turn';
}

/** Tokens of an answer that is sent to its end: its deltas. */
export function messageOutputTokens(context: MessageContext): number {
  return context.behaviour.outputTokens ?? blocks(context).reduce((sum, block) => sum + block.deltas.length, 0);
}

/** The usage object: `input_tokens` leaves out what came from the cache. */
function usage(context: MessageContext, outputTokens: number): Json {
  const cached = context.behaviour.cachedTokens ?? 0;
  return {
    input_tokens: context.promptTokens - cached,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: cached,
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
    output_tokens: outputTokens,
    service_tier: 'standard',
  };
}

function message(context: MessageContext, content: readonly Json[], reason: string | null, outputTokens: number): Json {
  const { id, model } = context;
  return {
    id,
    type: 'message',
    role: 'assistant',
    model,
    content,
    stop_reason: reason,
    stop_sequence: null,
    usage: usage(context, outputTokens),
  };
}

/** The whole answer. */
export function messageWhole(context: MessageContext): Json {
  const content = blocks(context).map((block) => block.whole);
  return message(context, content, stopReason(context), messageOutputTokens(context));
}

/** The stream. Starts and stops of blocks travel with the delta beside them, so that a piece is a piece of content. */
export function messagePlan(context: MessageContext): StreamPlan {
  const pieces: string[] = [];
  let pending = '';
  for (const [index, { start, deltas }] of blocks(context).entries()) {
    pending += named({ type: 'content_block_start', index, content_block: start });
    for (const delta of deltas) {
      pieces.push(pending + named({ type: 'content_block_delta', index, delta }));
      pending = '';
    }
    pending += named({ type: 'content_block_stop', index });
  }
  const delta = { stop_reason: stopReason(context), stop_sequence: null };
  return {
    contentType: 'text/event-stream; charset=utf-8',
    opening: [named({ type: 'message_start', message: message(context, [], null, 1) }), named({ type: 'ping' })],
    pieces,
    closing: [
      ...(pending === '' ? [] : [pending]),
      named({ type: 'message_delta', delta, usage: { output_tokens: messageOutputTokens(context) } }),
      named({ type: 'message_stop' }),
    ],
    failure: (text) =>
      named({ type: 'error', error: { type: 'overloaded_error', message: text }, request_id: `req_${context.id}` }),
  };
}
