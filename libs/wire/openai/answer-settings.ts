/** What of a request decides the form of its answer, not its contents. Travels to whoever encodes the answer. */
import { z } from 'zod';

/** How calls of a tool are shown to the client, where they are no plain function calls (Responses API). */
export const CallForm = z.object({
  type: z.enum(['function', 'custom']),
  /** The client's own name of the tool, within its namespace if it has one. */
  name: z.string(),
  namespace: z.string().optional(),
});
export type CallForm = z.infer<typeof CallForm>;

export const AnswerSettings = z.object({
  /** The client offered `functions`: it knows `function_call`, not `tool_calls`. */
  legacyFunctions: z.boolean().optional(),
  /** The settings that a `response` object repeats (Responses API), by their wire names. */
  response: z.record(z.string(), z.unknown()).optional(),
  /** By the tool's name upstream. */
  calls: z.record(z.string(), CallForm).optional(),
});
export type AnswerSettings = z.infer<typeof AnswerSettings>;
