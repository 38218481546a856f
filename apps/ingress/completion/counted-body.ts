/** How much a body holds that is only to be counted or priced, in the forms that LiteLLM's utilities take. Pure. */
import { z } from 'zod';
import { GatewayError } from '#contracts';
import { estimateChatTokens, estimateTokens, parseChatBody } from '#wire';
import { readInput } from '../admin/admin-input.js';
import { invalidBody } from './completion-entry.client.js';

const text = z.string('must be a text');
const model = text.min(1, 'must not be empty').max(256, 'must be at most 256 characters');
const Prompt = z.union([text, z.array(text)], 'must be a text or a list of texts');
/** Gemini's form of a conversation. */
const Contents = z.array(z.looseObject({ parts: z.array(z.looseObject({ text: text.optional() })) }), 'must be a list');
const tokens = z.int('must be a whole number').nonnegative('must not be negative').default(0);
const Usage = z.looseObject({
  prompt_tokens: tokens,
  completion_tokens: tokens,
  prompt_tokens_details: z.looseObject({ cached_tokens: tokens.nullish() }).nullish(),
});
const Priced = z.looseObject({
  completion_response: z.looseObject({ model, usage: Usage }, 'must be an answer with model and usage').nullish(),
});

export interface Counted {
  readonly model: string;
  readonly inputTokens: number;
}

/** The tokens of `messages`, `prompt` or `contents`; throws invalid_request. */
export function countedBody(body: Record<string, unknown>): Counted {
  const { model: asked } = readInput(z.looseObject({ model }), body);
  if (body['messages'] != null) {
    const parsed = parseChatBody(body);
    if (parsed.kind === 'invalid') throw invalidBody(parsed);
    return { model: asked, inputTokens: estimateChatTokens(parsed.value.request) };
  }
  const texts = textsOf(body);
  return { model: asked, inputTokens: texts.reduce((sum, one) => sum + estimateTokens(one), 0) };
}

export interface PricedUsage extends Counted {
  readonly cachedInputTokens: number;
  readonly outputTokens: number;
}

/** What an answer used, or else what the prompt alone would; throws invalid_request. */
export function pricedBody(body: Record<string, unknown>): PricedUsage {
  const { completion_response: answer } = readInput(Priced, body);
  if (answer == null) return { ...countedBody(body), cachedInputTokens: 0, outputTokens: 0 };
  const { prompt_tokens: inputTokens, completion_tokens: outputTokens, prompt_tokens_details: details } = answer.usage;
  return { model: answer.model, inputTokens, outputTokens, cachedInputTokens: details?.cached_tokens ?? 0 };
}

function textsOf({ prompt, contents }: Record<string, unknown>): string[] {
  if (prompt != null) return [readInput(z.object({ prompt: Prompt }), { prompt }).prompt].flat();
  if (contents != null) {
    const read = readInput(z.object({ contents: Contents }), { contents });
    return read.contents.flatMap(({ parts }) => parts.flatMap((part) => part.text ?? []));
  }
  throw new GatewayError('invalid_request', { message: "Give 'messages', 'prompt' or 'contents'.", param: 'messages' });
}
