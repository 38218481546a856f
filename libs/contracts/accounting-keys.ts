/**
 * Keys, teams and users over the bus. Bodies and answers have the shapes of LiteLLM's admin API (`fields` is the body as
 * the client sent it, answers are what it gets back), so that nothing is translated twice. A key itself is never on the
 * bus: the ingress makes it, and sends its digest and its last four characters.
 */
import { z } from 'zod';
import { requestContract } from './contract.js';
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

const v = z.literal(1);
const deadlineMs = 5_000;
const changed = { v, actor: Actor };
/** Fields that were understood but do nothing here, and fields that nobody knows: told, never silently dropped. */
const warnings = z.array(z.string());
const page = { page: count.min(1).default(1), size: count.min(1).max(100).default(10) };
const pageAnswer = { total_count: count, current_page: count, total_pages: count };

/** Fails with invalid_request (naming the field) and conflict (the alias is taken). */
export const GenerateKey = requestContract({
  subject: 'accounting.key.generate',
  request: z.object({ ...changed, secret: NewSecret, fields: AdminFields }),
  reply: z.object({
    v,
    key: KeyAnswer,
    /** The team or user that was named and did not exist, and so was made, without limits. */
    created_team: TeamId.nullable(),
    created_user: UserId.nullable(),
    warnings,
  }),
  deadlineMs,
});

/** All of these fail with not_found where there is no such key. */
export const UpdateKey = requestContract({
  subject: 'accounting.key.update',
  request: z.object({ ...changed, key: KeyRef, fields: AdminFields }),
  reply: z.object({ v, key: KeyAnswer, warnings }),
  deadlineMs,
});

/** Deletes all of them or, where one is unknown, none. */
export const DeleteKeys = requestContract({
  subject: 'accounting.key.delete',
  request: z.object({ ...changed, keys: z.array(KeyRef).min(1).max(500) }),
  reply: z.object({ v, deleted: z.array(z.object({ token: KeyId, key_alias: z.string().nullable() })) }),
  deadlineMs,
});

export const BlockKey = requestContract({
  subject: 'accounting.key.block',
  request: z.object({ ...changed, key: KeyRef }),
  reply: z.object({ v, key: KeyAnswer }),
  deadlineMs,
});

export const UnblockKey = requestContract({
  subject: 'accounting.key.unblock',
  request: z.object({ ...changed, key: KeyRef }),
  reply: z.object({ v, key: KeyAnswer }),
  deadlineMs,
});

/** A new secret for the same key: id, spend and limits stay. The old secret works on for `gracePeriod` (`30m`; null = not at all). */
export const RegenerateKey = requestContract({
  subject: 'accounting.key.regenerate',
  request: z.object({
    ...changed,
    key: KeyRef,
    secret: NewSecret,
    gracePeriod: z.string().nullable(),
    fields: AdminFields,
  }),
  reply: z.object({ v, key: KeyAnswer, old_valid_until: time.nullable(), warnings }),
  deadlineMs,
});

/** Also answers for deleted keys, by id. */
export const GetKeyInfo = requestContract({
  subject: 'accounting.key.info',
  request: z.object({ v, key: KeyRef }),
  reply: z.object({ v, key: KeyAnswer }),
  deadlineMs,
});

export const ListKeys = requestContract({
  subject: 'accounting.key.list',
  request: z.object({
    v,
    ...page,
    key_alias: z.string().nullable().default(null),
    team_id: z.string().nullable().default(null),
    user_id: z.string().nullable().default(null),
    sort_by: z.enum(['created_at', 'updated_at', 'key_alias', 'spend', 'max_budget', 'expires']).default('created_at'),
    sort_order: z.enum(['asc', 'desc']).default('desc'),
  }),
  reply: z.object({ v, keys: z.array(KeyAnswer), ...pageAnswer }),
  deadlineMs,
});

/** `team_id` among the fields names the team; without it one is made up. Fails with conflict where it exists. */
export const CreateTeam = requestContract({
  subject: 'accounting.team.create',
  request: z.object({ ...changed, fields: AdminFields }),
  reply: z.object({ v, team: TeamAnswer, warnings }),
  deadlineMs,
});

export const UpdateTeam = requestContract({
  subject: 'accounting.team.update',
  request: z.object({ ...changed, teamId: TeamId, fields: AdminFields }),
  reply: z.object({ v, team: TeamAnswer, warnings }),
  deadlineMs,
});

/** Deletes their keys too. */
export const DeleteTeams = requestContract({
  subject: 'accounting.team.delete',
  request: z.object({ ...changed, teamIds: z.array(TeamId).min(1).max(500) }),
  reply: z.object({ v, deleted: z.array(TeamId) }),
  deadlineMs,
});

export const BlockTeam = requestContract({
  subject: 'accounting.team.block',
  request: z.object({ ...changed, teamId: TeamId, blocked: z.boolean() }),
  reply: z.object({ v, team: TeamAnswer }),
  deadlineMs,
});

export const GetTeamInfo = requestContract({
  subject: 'accounting.team.info',
  request: z.object({ v, teamId: TeamId }),
  reply: z.object({ v, team: TeamAnswer, keys: z.array(KeyAnswer) }),
  deadlineMs,
});

export const ListTeams = requestContract({
  subject: 'accounting.team.list',
  request: z.object({ v, ...page, user_id: z.string().nullable().default(null) }),
  reply: z.object({ v, teams: z.array(TeamAnswer), ...pageAnswer }),
  deadlineMs,
});

/** Ids that admins choose name rows, never files or subjects, and stand in URLs. */
export const OwnerName = z
  .string('must be a text')
  .regex(/^[A-Za-z0-9._:/@+=-]{1,128}$/, 'must be 1 to 128 letters, digits or any of . _ : / @ + = -');

/** Where a JavaScript number of nano-dollars stops being exact. */
export const mostUsd = 9_000_000;

const usdAmount = z
  .number('must be an amount in USD')
  .nonnegative('must not be negative')
  .max(mostUsd, `must be at most ${mostUsd} USD`);
const memberId = OwnerName.pipe(UserId);
const memberEmail = z.string('must be a text').min(1, 'must not be empty').max(320, 'must be at most 320 characters');

/** What is changed of a member: what is not given stays. */
export const TeamMemberChange = z.object(
  {
    user_id: memberId,
    user_email: memberEmail.nullable().optional(),
    role: z.enum(['admin', 'user'], 'must be admin or user').optional(),
    max_budget_in_team: usdAmount.nullable().optional(),
  },
  'must be {user_id, role}',
);

/** A new member. One who is named by the e-mail address only is the user who has it, or a new one. */
export const TeamMember = z
  .object(
    {
      ...TeamMemberChange.shape,
      user_id: memberId.optional(),
      role: z.enum(['admin', 'user'], 'must be admin or user').default('user'),
    },
    'must be {user_id, role}',
  )
  .refine((member) => member.user_id !== undefined || member.user_email != null, {
    message: 'needs a user_id or a user_email',
    path: ['user_id'],
  });
export type TeamMember = z.infer<typeof TeamMember>;

/** Users that do not exist are made. A member who is one already gets the new role. */
export const AddTeamMembers = requestContract({
  subject: 'accounting.team.member_add',
  request: z.object({ ...changed, teamId: TeamId, members: z.array(TeamMember).min(1).max(500) }),
  reply: z.object({ v, team: TeamAnswer }),
  deadlineMs,
});

/** What is not given stays. */
export const UpdateTeamMember = requestContract({
  subject: 'accounting.team.member_update',
  request: z.object({
    ...changed,
    teamId: TeamId,
    member: TeamMemberChange,
  }),
  reply: z.object({ v, team: TeamAnswer }),
  deadlineMs,
});

export const RemoveTeamMembers = requestContract({
  subject: 'accounting.team.member_delete',
  request: z.object({
    ...changed,
    teamId: TeamId,
    userIds: z.array(UserId).max(500),
    /** Since 0.2: members by their e-mail addresses. */
    userEmails: z.array(z.string()).max(500).default([]),
  }),
  reply: z.object({ v, team: TeamAnswer }),
  deadlineMs,
});

/** `secret`: a key is made for the user too (LiteLLM's `auto_create_key`). */
export const CreateUser = requestContract({
  subject: 'accounting.user.create',
  request: z.object({ ...changed, secret: NewSecret.nullable(), fields: AdminFields }),
  reply: z.object({ v, user: UserAnswer, key: KeyAnswer.nullable(), warnings }),
  deadlineMs,
});

export const UpdateUser = requestContract({
  subject: 'accounting.user.update',
  request: z.object({ ...changed, userId: UserId, fields: AdminFields }),
  reply: z.object({ v, user: UserAnswer, warnings }),
  deadlineMs,
});

/** Deletes their keys too. */
export const DeleteUsers = requestContract({
  subject: 'accounting.user.delete',
  request: z.object({ ...changed, userIds: z.array(UserId).min(1).max(500) }),
  reply: z.object({ v, deleted: z.array(UserId) }),
  deadlineMs,
});

export const BlockUser = requestContract({
  subject: 'accounting.user.block',
  request: z.object({ ...changed, userId: UserId, blocked: z.boolean() }),
  reply: z.object({ v, user: UserAnswer }),
  deadlineMs,
});

export const GetUserInfo = requestContract({
  subject: 'accounting.user.info',
  request: z.object({ v, userId: UserId }),
  reply: z.object({ v, user: UserAnswer, keys: z.array(KeyAnswer), teams: z.array(TeamAnswer) }),
  deadlineMs,
});

export const ListUsers = requestContract({
  subject: 'accounting.user.list',
  request: z.object({ v, ...page, role: z.string().nullable().default(null) }),
  reply: z.object({ v, users: z.array(UserAnswer), ...pageAnswer }),
  deadlineMs,
});

export const AuditEntry = z.object({
  id: count,
  at: time,
  actor: z.object({ kind: z.string(), keyId: z.string().nullable(), alias: z.string().nullable() }),
  action: z.string(),
  targetKind: z.enum(['key', 'team', 'user']),
  targetId: z.string(),
  before: z.record(z.string(), z.unknown()).nullable(),
  after: z.record(z.string(), z.unknown()).nullable(),
});
export type AuditEntry = z.infer<typeof AuditEntry>;

/** Newest first; `before` is the id of the last entry of the page before. */
export const ListAudit = requestContract({
  subject: 'accounting.audit.list',
  request: z.object({
    v,
    targetKind: z.enum(['key', 'team', 'user']).nullable().default(null),
    targetId: z.string().nullable().default(null),
    before: count.nullable().default(null),
    limit: count.min(1).max(500).default(100),
  }),
  reply: z.object({ v, entries: z.array(AuditEntry), next: count.nullable() }),
  deadlineMs,
});
