/** What of a request decides the form of its answer, not its contents. Travels to whoever encodes the answer. */
import { z } from 'zod';

export const AnswerSettings = z.object({
  /** The client offered `functions`: it knows `function_call`, not `tool_calls`. */
  legacyFunctions: z.boolean().optional(),
  /** The settings that a `response` object repeats (Responses API), by their wire names. */
  response: z.record(z.string(), z.unknown()).optional(),
});
export type AnswerSettings = z.infer<typeof AnswerSettings>;
