/** What an attempt used, once per attempt id. Fields are only ever added. */
import { z } from 'zod';
import { DataPolicy } from './data-policy.js';
import { durableContract } from './contract.js';
import { AttemptId, BackendId, DeploymentId, RequestId } from './ids.js';
import { Payer, TokenUsage } from './inference.js';

const attemptFields = {
  v: z.literal(1),
  attemptId: AttemptId,
  requestId: RequestId,
  /** ISO times. */
  startedAt: z.string(),
  payer: Payer,
  /** The name the client asked for, the group that served it, and the upstream's name. */
  modelAsked: z.string(),
  modelGroup: z.string(),
  upstreamModel: z.string(),
  deploymentId: DeploymentId,
  backendId: BackendId,
  provider: z.string(),
  endpoint: z.string(),
  stream: z.boolean(),
  traceId: z.string().nullable(),
};

/** Sent when an attempt is taken on: without it an attempt whose services both died would be forgotten. */
export const UsageOpen = durableContract({
  subject: 'usage.open',
  stream: 'USAGE',
  payload: z.object({
    ...attemptFields,
    /** When the reaper may close it, ISO. */
    expiresAt: z.string(),
  }),
});
export type UsageOpenEvent = z.infer<typeof UsageOpen.payload>;

export const usageOutcomes = ['success', 'failure', 'client_disconnected'] as const;

export const UsageClose = durableContract({
  subject: 'usage.close',
  gatherMs: 20,
  stream: 'USAGE',
  payload: z.object({
    ...attemptFields,
    endedAt: z.string(),
    /** worker > ingress > reaper: a better source corrects a worse one. */
    source: z.enum(['worker', 'ingress', 'reaper']),
    outcome: z.enum(usageOutcomes),
    errorCode: z.string().nullable(),
    finishReason: z.string().nullable(),
    usage: TokenUsage,
    /** null = no price known. */
    costNanoUsd: z.number().int().nonnegative().nullable(),
    costSource: z.enum(['provider', 'config', 'table', 'local', 'free', 'cache', 'unknown']),
    /** What the same tokens would cost on the reference cloud model. */
    cloudEquivalentNanoUsd: z.number().int().nonnegative().nullable(),
    durationMs: z.number().nonnegative(),
    queuedMs: z.number().nonnegative().nullable(),
    firstTokenMs: z.number().nonnegative().nullable(),
    tokensPerSecond: z.number().nonnegative().nullable(),
    contextUsedPercent: z.number().nonnegative().nullable(),
    dataPolicy: DataPolicy.nullable(),
    cacheHit: z.boolean(),
  }),
});
export type UsageCloseEvent = z.infer<typeof UsageClose.payload>;
