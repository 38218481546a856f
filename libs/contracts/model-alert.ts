/** What is wrong with an account at a provider: models that are no longer offered (free ones come and go), credentials that are refused. */
import { z } from 'zod';
import { RetiredModel } from './backend-state.js';
import { durableContract } from './contract.js';
import { BackendId } from './ids.js';

/** Message id: `models:BACKEND:DAY:MODELS`, so that it is told once a day. */
export const AlertModels = durableContract({
  subject: 'alert.models',
  stream: 'EVENTS',
  payload: z.object({
    v: z.literal(1),
    at: z.string(),
    backendId: BackendId,
    provider: z.string(),
    gone: z.array(RetiredModel).min(1),
  }),
});
export type AlertModelsEvent = z.infer<typeof AlertModels.payload>;

/** A provider refuses the key of an account, or the account is out of credit. Message id: `credentials:BACKEND:PROBLEM:DAY`. */
export const AlertCredentials = durableContract({
  subject: 'alert.credentials',
  stream: 'EVENTS',
  payload: z.object({
    v: z.literal(1),
    at: z.string(),
    backendId: BackendId,
    provider: z.string(),
    problem: z.enum(['refused', 'no-credit']),
  }),
});
export type AlertCredentialsEvent = z.infer<typeof AlertCredentials.payload>;
