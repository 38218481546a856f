/**
 * What the questions about keys, teams and users share. Bodies and answers have the shapes of LiteLLM's admin API (`fields` is the body as
 * the client sent it, answers are what it gets back), so that nothing is translated twice. A key itself is never on the
 * bus: the ingress makes it, and sends its digest and its last four characters.
 */
import { z } from 'zod';
import { DataPolicy } from './data-policy.js';
import { KeyDigest, KeyId, TeamId, UserId } from './ids.js';
import { Priority } from './inference.js';

/** Who asks: for `created_by` and for the audit trail. */
export const Actor = z.object({
  kind: z.enum(['master', 'key', 'config']),
  keyId: KeyId.nullable(),
  alias: z.string().nullable(),
});
export type Actor = z.infer<typeof Actor>;

/** How a key is named: by the digest of the key itself, by its id (LiteLLM's `token`), or by its alias. */
export const KeyRef = z.discriminatedUnion('by', [
  z.object({ by: z.literal('digest'), digest: KeyDigest }),
  z.object({ by: z.literal('id'), id: KeyId }),
  z.object({ by: z.literal('alias'), alias: z.string().min(1).max(256) }),
]);
export type KeyRef = z.infer<typeof KeyRef>;

/** What is known of a new key: never the key. */
export const NewSecret = z.object({ digest: KeyDigest, last4: z.string().length(4) });
export type NewSecret = z.infer<typeof NewSecret>;

const secretFields = ['key', 'new_key', 'token'];

/** A body in LiteLLM's shape. The ingress takes the key out of it; one that is left in is refused before it is stored. */
export const AdminFields = z
  .record(z.string(), z.unknown())
  .refine((fields) => secretFields.every((name) => !(name in fields)), 'a key must not be sent over the bus');
export type AdminFields = z.infer<typeof AdminFields>;

const usd = z.number();
const time = z.string();
const count = z.number().int();
const byModel = z.record(z.string(), count);

/** What the answers about keys, teams and users have in common. Money in USD, times ISO. */
const limitedAnswer = {
  models: z.array(z.string()),
  spend: usd.describe('in the current window of the budget; of all time where it is never renewed'),
  total_spend: usd,
  max_budget: usd.nullable(),
  soft_budget: usd.nullable(),
  budget_duration: z.string().nullable(),
  budget_reset_at: time.nullable(),
  max_tokens_budget: count.nullable(),
  max_requests_budget: count.nullable(),
  tokens_used: count.nullable().default(null).describe('of max_tokens_budget, in its current window'),
  requests_used: count.nullable().default(null).describe('of max_requests_budget, in its current window'),
  rpm_limit: count.nullable(),
  rps_limit: count.nullable(),
  tpm_limit: count.nullable(),
  max_parallel_requests: count.nullable(),
  model_max_budget: z.record(z.string(), z.object({ budget_limit: usd, time_period: z.string().nullable() })),
  model_spend: z.record(z.string(), usd).default({}).describe('of the budgets for single models, in their windows'),
  model_rpm_limit: byModel,
  model_tpm_limit: byModel,
  data_policy: DataPolicy.nullable(),
  metadata: z.record(z.string(), z.unknown()),
  blocked: z.boolean(),
  created_at: time,
  created_by: z.string(),
  updated_at: time,
  updated_by: z.string(),
};

/** A key as /key/info and /key/list show it. `token` is its id, good as `key` in later calls; it opens nothing. */
export const KeyAnswer = z.object({
  ...limitedAnswer,
  token: KeyId,
  key_name: z.string(),
  key_alias: z.string().nullable(),
  role: z.enum(['admin', 'user']),
  status: z.enum(['active', 'blocked', 'expired', 'deleted']),
  expires: time.nullable(),
  user_id: UserId.nullable(),
  team_id: TeamId.nullable(),
  organization_id: z.null(),
  aliases: z.record(z.string(), z.string()),
  config: z.record(z.string(), z.unknown()),
  permissions: z.record(z.string(), z.unknown()),
  tags: z.array(z.string()),
  priority: Priority,
  max_wait: z.number().nullable().describe('seconds'),
  logging: z.enum(['full', 'none']),
  last_active: time.nullable(),
  origin: z.enum(['api', 'config']),
  litellm_budget_table: z.null(),
  temp_budget_increase: usd.nullable().default(null).describe('on top of max_budget until temp_budget_expiry'),
  temp_budget_expiry: time.nullable().default(null),
});
export type KeyAnswer = z.infer<typeof KeyAnswer>;

export const MemberAnswer = z.object({
  user_id: UserId,
  user_email: z.string().nullable(),
  role: z.enum(['admin', 'user']),
  max_budget_in_team: usd.nullable(),
  rpm_limit: count.nullable().default(null),
  tpm_limit: count.nullable().default(null),
  spend: usd.nullable().default(null).describe('of this budget, in its current window; null without one'),
});
export type MemberAnswer = z.infer<typeof MemberAnswer>;

export const TeamAnswer = z.object({
  ...limitedAnswer,
  team_id: TeamId,
  team_alias: z.string().nullable(),
  organization_id: z.null(),
  admins: z.array(UserId),
  members: z.array(UserId),
  members_with_roles: z.array(MemberAnswer),
  team_member_budget: usd.nullable().default(null).describe('of each member without a max_budget_in_team'),
  team_member_rpm_limit: count.nullable().default(null).describe('of each member without one'),
  team_member_tpm_limit: count.nullable().default(null).describe('of each member without one'),
});
export type TeamAnswer = z.infer<typeof TeamAnswer>;

export const UserAnswer = z.object({
  ...limitedAnswer,
  user_id: UserId,
  user_alias: z.string().nullable(),
  user_email: z.string().nullable(),
  user_role: z.string(),
  teams: z.array(TeamId),
});
export type UserAnswer = z.infer<typeof UserAnswer>;

export const v = z.literal(1);
/** How long an admin waits for accounting, milliseconds. */
export const deadlineMs = 5_000;
/** What every change says. */
export const changed = { v, actor: Actor };
/** Fields that were understood but do nothing here, and fields that nobody knows: told, never silently dropped. */
export const warnings = z.array(z.string());
/** One page of a list, as LiteLLM's clients ask for it. */
export const page = { page: count.min(1).default(1), size: count.min(1).max(100).default(10) };
export const pageAnswer = { total_count: count, current_page: count, total_pages: count };

/** Ids that admins choose name rows, never files or subjects, and stand in URLs. */
export const OwnerName = z
  .string('must be a text')
  .regex(/^[A-Za-z0-9._:/@+=-]{1,128}$/, 'must be 1 to 128 letters, digits or any of . _ : / @ + = -');

/** Where a JavaScript number of nano-dollars stops being exact. */
export const mostUsd = 9_000_000;
