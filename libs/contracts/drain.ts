/** Drain a host: it finishes what runs and takes nothing new. */
import { z } from 'zod';
import { requestContract } from './contract.js';

export const DrainBackend = requestContract({
  subject: 'worker.drain.{backend}',
  request: z.object({ v: z.literal(1), draining: z.boolean() }),
  reply: z.object({ v: z.literal(1), draining: z.boolean(), running: z.number(), queued: z.number() }),
  deadlineMs: 2_000,
});
