/** Configured models that their provider no longer offers: free ones come and go. */
import { z } from 'zod';
import { durableContract } from './contract.js';
import { BackendId, DeploymentId } from './ids.js';

/** Message id: `models:BACKEND:DAY:MODELS`, so that it is told once a day. */
export const AlertModels = durableContract({
  subject: 'alert.models',
  stream: 'EVENTS',
  payload: z.object({
    v: z.literal(1),
    at: z.string(),
    backendId: BackendId,
    provider: z.string(),
    gone: z.array(z.object({ deploymentId: DeploymentId, modelName: z.string(), upstreamModel: z.string() })).min(1),
  }),
});
export type AlertModelsEvent = z.infer<typeof AlertModels.payload>;
