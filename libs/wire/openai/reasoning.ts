/** How much to think, in the five spellings that clients use; and the thinking that they send back. */
import type { Reasoning, ReasoningBlock } from '../neutral/chat-request.js';
import { Fields, isJsonObject, present, wrongType, type JsonObject } from './fields.js';

export const efforts = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max', 'ultra'] as const;

/**
 * `output_config` without its format, which is the neutral request's `responseFormat`. Effort stays in it too: beside a
 * client's own `thinking` an Anthropic upstream takes both as they came.
 */
export function restOfOutputConfig(fields: Fields): JsonObject | undefined {
  const { format: _format, ...rest } = fields.record('output_config') ?? {};
  return Object.keys(rest).length === 0 ? undefined : rest;
}

interface Wish {
  readonly effort?: string | undefined;
  readonly budgetTokens?: number | undefined;
  readonly enabled?: boolean | undefined;
}

/**
 * `reasoning_effort` (OpenAI), `reasoning` (OpenRouter, Responses), `thinking` (Anthropic), `output_config.effort`
 * (Anthropic) and `think` (Ollama), the first that speaks of a thing wins. Effort 'none' also says `enabled: false`.
 */
export function readReasoning(fields: Fields): Reasoning | undefined {
  const wishes: readonly Wish[] = [
    { effort: fields.choice('reasoning_effort', efforts) },
    readReasoningObject(fields.object('reasoning')),
    readThinking(fields.object('thinking')),
    { effort: fields.object('output_config')?.choice('effort', efforts) },
    readThink(fields),
  ];
  const effort = wishes.find((wish) => wish.effort !== undefined)?.effort;
  const enabled = effort === 'none' ? false : wishes.find((wish) => wish.enabled !== undefined)?.enabled;
  const budgetTokens = wishes.find((wish) => wish.budgetTokens !== undefined)?.budgetTokens;
  const reasoning = present({ effort, budgetTokens, enabled });
  return Object.keys(reasoning).length === 0 ? undefined : reasoning;
}

function readReasoningObject(fields: Fields | undefined): Wish {
  if (fields === undefined) return {};
  return {
    effort: fields.choice('effort', efforts),
    budgetTokens: fields.integer('max_tokens', 0),
    enabled: fields.boolean('enabled'),
  };
}

function readThinking(fields: Fields | undefined): Wish {
  const type = fields?.choice('type', ['enabled', 'disabled', 'adaptive']);
  if (fields === undefined || type === undefined) return {};
  return {
    enabled: type !== 'disabled',
    budgetTokens: type === 'enabled' ? fields.integer('budget_tokens', 0) : undefined,
  };
}

function readThink(fields: Fields): Wish {
  const think = fields.raw('think');
  if (think === undefined) return {};
  if (typeof think === 'boolean') return { enabled: think };
  if (typeof think === 'string') return { effort: fields.choice('think', efforts) };
  throw wrongType(fields.pathOf('think'), 'one of a boolean or a string', think);
}

/**
 * The thinking of a past assistant message: LiteLLM's `thinking_blocks`, OpenRouter's `reasoning_details`, or plain text
 * in `reasoning_content`, `reasoning` or `thinking`. The richest form wins; what it does not understand it leaves out.
 */
export function readPastReasoning(message: Fields): ReasoningBlock[] {
  const blocks = asObjects(message.raw('thinking_blocks')).flatMap(fromThinkingBlock);
  if (blocks.length > 0) return blocks;
  const details = asObjects(message.raw('reasoning_details')).map(fromReasoningDetail);
  if (details.length > 0) return details;
  const plain = ['reasoning_content', 'reasoning', 'thinking'].map((name) => text(message, name));
  const found = plain.find((value) => value !== undefined && value !== '');
  return found === undefined ? [] : [{ text: found }];
}

function asObjects(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isJsonObject).map((item) => new Fields(item)) : [];
}

/** A `thinking` or `redacted_thinking` block as Anthropic writes it; nothing for other types. */
export function fromThinkingBlock(block: Fields): ReasoningBlock[] {
  const type = text(block, 'type');
  if (type === 'redacted_thinking') return [{ text: '', redacted: text(block, 'data') ?? '' }];
  if (type !== 'thinking') return [];
  const signature = text(block, 'signature');
  return [present({ text: text(block, 'thinking') ?? '', signature: signature === '' ? undefined : signature })];
}

/** One item of OpenRouter's `reasoning_details`; the item itself is kept, since it must go back unchanged. */
function fromReasoningDetail(detail: Fields): ReasoningBlock {
  return present({
    text: text(detail, 'text') ?? text(detail, 'summary') ?? '',
    signature: text(detail, 'signature'),
    redacted: text(detail, 'data'),
    details: detail.source,
  });
}

function text(fields: Fields, name: string): string | undefined {
  const value = fields.raw(name);
  return typeof value === 'string' ? value : undefined;
}
