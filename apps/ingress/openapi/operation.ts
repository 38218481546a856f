/** What the description of the API says about one route. */
import type { z } from 'zod';

export const tags = {
  inference: 'Models at work, in the shapes of OpenAI and Anthropic. The paths work without /v1 too.',
  models: 'What the key that asks may use.',
  keys: 'Virtual keys, for the master key and for admin keys.',
  teams: 'Teams: limits and budgets that several keys share.',
  users: 'Users, who may have several keys.',
  spend: 'What was spent. A key sees its own.',
  operation: 'The state of the gateway.',
} as const;

export interface Operation {
  readonly tag: keyof typeof tags;
  readonly summary: string;
  readonly description?: string;
  /** Parameters in the query, with what they mean. */
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: z.ZodType;
  readonly answer?: z.ZodType;
  /** Answers as server-sent events where the body asks for it. */
  readonly streams?: boolean;
  /** Anyone may call it, without a key. */
  readonly open?: boolean;
}
