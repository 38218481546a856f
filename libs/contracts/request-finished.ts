/** A request and what became of it, told by its ingress once it is over: each ingress adds up what all of them served. */
import { z } from 'zod';
import { eventContract } from './contract.js';
import { BackendId, DeploymentId, KeyId, RequestId, TeamId, UserId } from './ids.js';

const count = z.number().int().nonnegative();
const ms = z.number().nonnegative();

/** Published only where the config has `callbacks: ["prometheus"]`. Holds no text of the request. */
export const RequestFinished = eventContract({
  subject: 'request.finished',
  payload: z.object({
    v: z.literal(1),
    requestId: RequestId,
    dialect: z.string(),
    modelAsked: z.string(),
    keyId: KeyId,
    keyAlias: z.string().nullable(),
    teamId: TeamId.nullable(),
    teamAlias: z.string().nullable(),
    userId: UserId.nullable(),
    /** The status the client saw, or would have seen where its stream had begun. */
    status: z.number().int(),
    errorCode: z.string().nullable(),
    durationMs: ms,
    /** What the gateway itself took of it; null where no attempt was made. */
    overheadMs: ms.nullable(),
    /** What the response cache said, where it was asked; absent = it was not. `tokens` are those of the kept answer. */
    cache: z.object({ hit: z.boolean(), model: z.string(), tokens: count }).optional(),
    /** What the limits of the caller left after it; absent = it has none of that kind. */
    remaining: z.object({ requests: count.optional(), tokens: count.optional() }).optional(),
    attempts: z.array(
      z.object({
        deploymentId: DeploymentId,
        backendId: BackendId,
        provider: z.string(),
        upstreamModel: z.string(),
        modelGroup: z.string(),
        errorCode: z.string().nullable(),
        durationMs: ms,
        firstTokenMs: ms.nullable(),
        inputTokens: count,
        cachedInputTokens: count,
        outputTokens: count,
        reasoningTokens: count,
        costNanoUsd: count.nullable(),
      }),
    ),
  }),
});
export type RequestFinishedEvent = z.infer<typeof RequestFinished.payload>;
