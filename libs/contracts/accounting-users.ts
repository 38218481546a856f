/** Users over the bus, and the audit trail of what admins changed. See admin-record.ts for what the fields are. */
import { z } from 'zod';
import {
  AdminFields,
  changed,
  deadlineMs,
  KeyAnswer,
  NewSecret,
  page,
  pageAnswer,
  TeamAnswer,
  UserAnswer,
  v,
  warnings,
} from './admin-record.js';
import { requestContract } from './contract.js';
import { UserId } from './ids.js';

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
  id: z.number().int(),
  at: z.string(),
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
    before: z.number().int().nullable().default(null),
    limit: z.number().int().min(1).max(500).default(100),
  }),
  reply: z.object({ v, entries: z.array(AuditEntry), next: z.number().int().nullable() }),
  deadlineMs,
});
