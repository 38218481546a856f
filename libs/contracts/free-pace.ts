/**
 * What an OpenRouter account has asked of its free models. Bucket FREE_PACE, one entry per backend, so that all workers
 * together keep the account's limits and a worker that is started anew knows what the day has left.
 */
import { z } from 'zod';
import { bucketContract } from './contract.js';

const count = z.number().int().nonnegative();

export const FreeAccount = z.object({
  v: z.literal(1),
  /** Requests of the last minute, by the sender's wall clock, Unix milliseconds. */
  sentAtMs: z.array(z.number()),
  /** Days since 1970 (UTC), and what was sent on that day. */
  day: count,
  sentToday: count,
  /** The account never bought credits. */
  isFreeTier: z.boolean(),
});
export type FreeAccount = z.infer<typeof FreeAccount>;

export const FreePaceBucket = bucketContract({ bucket: 'FREE_PACE', value: FreeAccount, ttlMs: 2 * 86_400_000 });
