/** A finished answer as plain data: what a worker hands to the ingress for the response cache, and what the cache keeps. */
import { z } from 'zod';
import type { AnswerBlock, CollectedAnswer } from './collect-answer.js';

const Native = z.record(z.string(), z.unknown());
const TopLogprob = z.object({ token: z.string(), logprob: z.number(), bytes: z.array(z.number()).nullable() });
const Logprob = TopLogprob.extend({ top_logprobs: z.array(TopLogprob) });

const Block = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('text'),
    text: z.string(),
    logprobs: z.array(Logprob),
    citations: z.array(z.unknown()).optional(),
  }),
  z.object({ kind: z.literal('native'), block: Native }),
  z.object({ kind: z.literal('refusal'), text: z.string() }),
  z.object({
    kind: z.literal('reasoning'),
    text: z.string(),
    signature: z.string().nullable(),
    redacted: z.string().nullable(),
    details: z.array(z.unknown()),
    closed: z.boolean(),
  }),
  z.object({
    kind: z.literal('tool'),
    index: z.number().int(),
    id: z.string(),
    name: z.string(),
    arguments: z.string(),
    native: Native.optional(),
  }),
]) satisfies z.ZodType<AnswerBlock>;

const Choice = z.object({
  blocks: z.array(Block),
  finish: z.enum(['stop', 'length', 'tool_calls', 'content_filter']).nullable(),
  native: z.string().nullable(),
  stopSequence: z.string().nullable(),
  nativeEnd: Native.optional(),
  annotations: z.array(z.unknown()),
});

const count = z.number().int().nonnegative();

export const StoredAnswer = z.object({
  choices: z.array(Choice).min(1),
  usage: z
    .object({
      inputTokens: count,
      outputTokens: count,
      cachedInputTokens: count,
      cacheWriteTokens: count,
      reasoningTokens: count,
      costUsd: z.number().nullable(),
      serverTools: z.record(z.string(), z.number()).optional(),
    })
    .nullable(),
  upstreamModel: z.string().nullable(),
});
export type StoredAnswer = z.infer<typeof StoredAnswer>;

/** The answer as data; null for one that failed or never ended. */
export function storedAnswer(answer: CollectedAnswer): StoredAnswer | null {
  if (answer.failure !== null || !answer.ended) return null;
  const choices = answer.choices.map(({ blocks, finish, native, stopSequence, nativeEnd, annotations }) => ({
    blocks: [...blocks],
    finish,
    native,
    stopSequence,
    ...(nativeEnd === undefined ? {} : { nativeEnd }),
    annotations: [...annotations],
  }));
  return StoredAnswer.parse({ choices, usage: answer.usage, upstreamModel: answer.upstreamModel });
}

/** The answer as it was collected. */
export function collectedAnswer(stored: StoredAnswer): CollectedAnswer {
  return { ...stored, failure: null, ended: true };
}
