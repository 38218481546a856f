/** The console's sessions are signed, not stored; what has to be told is that one was ended before its time. */
import { z } from 'zod';
import { eventContract } from './contract.js';

/** An ingress to every other: this session is over. */
export const ConsoleSignedOut = eventContract({
  subject: 'console.signed_out',
  payload: z.object({ v: z.literal(1), id: z.string().min(8).max(64), expiresAtMs: z.number().int() }),
});
