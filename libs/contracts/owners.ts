/**
 * Who owns what can have only one owner: the queue of a host, the judging of backends. Bucket OWNERS, keys
 * `backend.BACKEND` and `service.NAME`. An owner writes its entry anew every beat; an entry whose revision stands still
 * belongs to nobody. No clocks are compared. (The owners of rate limits stand in the same bucket, see limits.ts.)
 */
import { z } from 'zod';
import { bucketContract } from './contract.js';

export const OwnersBucket = bucketContract({
  bucket: 'OWNERS',
  value: z.object({
    v: z.literal(1),
    /** The owning process. */
    holder: z.string(),
    /** Counts up, so that every write is another revision. */
    beat: z.number().int().nonnegative(),
    /** Started for this one thing (a worker beside its host); goes before those that would do it too. */
    preferred: z.boolean().default(false),
    /** The host takes nothing new; a new owner goes on with that. */
    draining: z.boolean().default(false),
  }),
  ttlMs: 0,
});
export type OwnerEntry = z.infer<typeof OwnersBucket.value>;

export const ownershipTiming = {
  /** An owner writes this often. */
  beatMs: 1_000,
  /** An owner that could not write for so long stops by itself. */
  fenceMs: 2_500,
  /** A standby looks this often. */
  lookMs: 500,
  /** An entry that stood still for so long is taken over. Longer than fenceMs: never two owners. */
  staleMs: 3_200,
} as const;
