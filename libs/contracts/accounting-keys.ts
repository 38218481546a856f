/** Keys over the bus: made, changed, shown and listed. See admin-record.ts for what the fields are. */
import { z } from 'zod';
import {
  AdminFields,
  changed,
  deadlineMs,
  KeyAnswer,
  KeyRef,
  NewSecret,
  page,
  pageAnswer,
  v,
  warnings,
} from './admin-record.js';
import { requestContract } from './contract.js';
import { KeyId, TeamId, UserId } from './ids.js';

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
  reply: z.object({ v, key: KeyAnswer, old_valid_until: z.string().nullable(), warnings }),
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
