/** Keys as the ingress needs them: who, what they may use, and their limits. */
import { z } from 'zod';
import { bucketContract, requestContract } from './contract.js';
import { DataPolicy } from './data-policy.js';
import { KeyDigest, KeyId, TeamId, UserId } from './ids.js';
import { Priority } from './inference.js';

/** Limits per minute (rps: per second); null = none. */
export const RateLimits = z.object({
  rpm: z.number().int().nonnegative().nullable(),
  rps: z.number().int().nonnegative().nullable(),
  tpm: z.number().int().nonnegative().nullable(),
  maxParallelRequests: z.number().int().nonnegative().nullable(),
});
export type RateLimits = z.infer<typeof RateLimits>;

export const KeyRole = z.enum(['master', 'admin', 'user']);
export type KeyRole = z.infer<typeof KeyRole>;

const perModel = z.record(z.string(), z.number().int()).default({});

/** What the ingress caches of a key. Holds no secret. */
export const KeyRecord = z.object({
  v: z.literal(1),
  id: KeyId,
  alias: z.string().nullable(),
  role: KeyRole,
  /** Since 0.2: may read what admins read, and change nothing. */
  readsAll: z.boolean().default(false),
  teamId: TeamId.nullable(),
  teamAlias: z.string().nullable(),
  userId: UserId.nullable(),
  blocked: z.boolean(),
  blockedBy: z.enum(['key', 'team', 'user']).nullable(),
  expiresAt: z.string().nullable(),
  /** Empty = all models. */
  models: z.array(z.string()),
  teamModels: z.array(z.string()),
  userModels: z.array(z.string()),
  /** Names the key maps to others, before routing. */
  aliases: z.record(z.string(), z.string()),
  limits: RateLimits,
  modelRpm: z.record(z.string(), z.number().int()),
  modelTpm: z.record(z.string(), z.number().int()),
  teamLimits: RateLimits.nullable(),
  userLimits: RateLimits.nullable(),
  /** Since 0.2: of the user within the team. */
  memberLimits: RateLimits.nullable().default(null),
  /** Since 0.2: limits of the team and the user for single models. */
  teamModelRpm: perModel,
  teamModelTpm: perModel,
  userModelRpm: perModel,
  userModelTpm: perModel,
  /** Scopes with a budget that a request of this key is charged to. */
  budgetScopes: z.array(z.string()),
  modelBudgetScopes: z.record(z.string(), z.string()),
  /** Since 0.2. */
  teamModelBudgetScopes: z.record(z.string(), z.string()).default({}),
  userModelBudgetScopes: z.record(z.string(), z.string()).default({}),
  dataPolicy: DataPolicy.nullable(),
  priority: Priority,
  maxWaitMs: z.number().nullable(),
  tags: z.array(z.string()),
  /** `logging: full`: prompts and answers are kept. */
  fullLogging: z.boolean(),
  metadata: z.record(z.string(), z.unknown()),
});
export type KeyRecord = z.infer<typeof KeyRecord>;

/** A digest becomes a record; null = no such key. */
export const LookUpKey = requestContract({
  subject: 'accounting.key.lookup',
  request: z.object({ v: z.literal(1), digest: KeyDigest }),
  reply: z.object({ v: z.literal(1), key: KeyRecord.nullable() }),
  deadlineMs: 2_000,
});

/**
 * Bucket KEYS: `changed.ID` is written when a key, team or user changes, so that every ingress drops what it cached;
 * `pepper` holds the id of the pepper in force (never the pepper itself).
 */
export const KeysBucket = bucketContract({
  bucket: 'KEYS',
  value: z.object({ v: z.literal(1), kind: z.enum(['key', 'team', 'user', 'all']), id: z.string(), at: z.string() }),
  ttlMs: 0,
});
