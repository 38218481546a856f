/**
 * Rate limits on the bus. Each limit has one owner process, found by its shard; that owner counts, so that three
 * ingresses together never let more through than one would.
 */
import { z } from 'zod';
import { bucketContract, eventContract, requestContract } from './contract.js';

export const limitShards = 32;

/** The shard of a limit owner such as `key/k1` or `deployment/d1`: FNV-1a of its name. */
export function limitShardOf(owner: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < owner.length; i += 1) hash = Math.imul(hash ^ owner.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % limitShards;
}

export const LimitKind = z.enum(['requests', 'tokens', 'parallel']);
export type LimitKind = z.infer<typeof LimitKind>;

export const LimitTake = z.object({
  kind: LimitKind,
  /** Tells limits of one owner apart: '' or the model's name for limits per model. */
  name: z.string().max(256),
  limit: z.number().int().nonnegative(),
  /** The window; for `parallel` the longest time that one request may count. */
  windowMs: z.number().positive(),
  /** What the request takes: 1, or its estimated tokens. */
  amount: z.number().int().nonnegative(),
});
export type LimitTake = z.infer<typeof LimitTake>;

export const LimitState = z.object({
  kind: LimitKind,
  name: z.string(),
  limit: z.number().int(),
  remaining: z.number().int(),
  /** Until the limit is whole again. */
  resetMs: z.number(),
});
export type LimitState = z.infer<typeof LimitState>;

/** The longest are members: two ids of 128 characters, encoded. */
const owner = z.string().min(1).max(1_024);
const ticket = z.string().min(1).max(160);

/**
 * Everything that is asked of a shard's owner. `take`: all of the limits or none. `permits`: a batch of requests of a
 * large limit. `finish`: the request is over, with the tokens it really used (null: as estimated; `undo`: it never ran).
 */
export const LimitQuestion = z.discriminatedUnion('op', [
  z.object({ v: z.literal(1), op: z.literal('take'), owner, ticket, takes: z.array(LimitTake).min(1).max(16) }),
  z.object({ v: z.literal(1), op: z.literal('permits'), owner, ticket, take: LimitTake }),
  z.object({
    v: z.literal(1),
    op: z.literal('finish'),
    owner,
    ticket,
    tokens: z.number().int().nonnegative().nullable(),
    /** For a batch of permits: how many were used. */
    requests: z.number().int().nonnegative().nullable().default(null),
    undo: z.boolean(),
  }),
]);
export type LimitQuestion = z.infer<typeof LimitQuestion>;

export const LimitVerdict = z.object({
  v: z.literal(1),
  granted: z.boolean(),
  /** The limit that refused; null where none did. */
  refused: LimitState.nullable(),
  retryAfterMs: z.number().nonnegative(),
  states: z.array(LimitState),
  /** For `permits`: how many requests may start, and for how long. */
  permits: z.number().int().nonnegative(),
  validMs: z.number().nonnegative(),
});
export type LimitVerdict = z.infer<typeof LimitVerdict>;

/** Asked of the owner of a shard (served with the token `shard`). */
export const AskLimits = requestContract({
  subject: 'limits.{shard}',
  request: LimitQuestion,
  reply: LimitVerdict,
  deadlineMs: 250,
});

/** The owner of a shard tells the other ingresses what it let through, before it answers: whoever follows it knows. */
export const LimitsTaken = eventContract({
  subject: 'limits.taken.{shard}',
  payload: z.object({
    v: z.literal(1),
    holder: z.string(),
    owner,
    ticket,
    takes: z.array(LimitTake),
    /** Set when the request is over. */
    finished: z
      .object({
        tokens: z.number().int().nonnegative().nullable(),
        requests: z.number().int().nonnegative().nullable().default(null),
        undo: z.boolean(),
      })
      .nullable(),
  }),
});
export type LimitsTakenEvent = z.infer<typeof LimitsTaken.payload>;

const LimitLog = z.object({
  kind: LimitKind,
  name: z.string(),
  windowMs: z.number().positive(),
  /** What was taken, and for how much longer it counts. */
  entries: z.array(z.object({ ticket: z.string(), amount: z.number().int().nonnegative(), leftMs: z.number() })),
});

/** What the owner of a shard has counted, for an ingress that has just started and may own the shard one day. */
export const CopyLimits = requestContract({
  subject: 'limits.copy.{shard}',
  request: z.object({ v: z.literal(1) }),
  reply: z.object({ v: z.literal(1), books: z.array(z.object({ owner, logs: z.array(LimitLog) })) }),
  deadlineMs: 1_000,
});
export type LimitBookCopy = z.infer<typeof CopyLimits.reply>['books'][number];

/**
 * Bucket OWNERS. `limits.session.HOLDER` is written every beat by each ingress; `limits.shard.N` names the holder that
 * owns the shard. A session whose revision does not change for a while is dead: no clocks are compared.
 */
export const LimitOwners = bucketContract({
  bucket: 'OWNERS',
  value: z.object({ v: z.literal(1), holder: z.string(), beat: z.number().int().nonnegative() }),
  ttlMs: 0,
});
export type LimitOwner = z.infer<typeof LimitOwners.value>;
