/** What is known of a backend: probes, outcomes of attempts, load, and the judgement of the health service. */
import { z } from 'zod';
import { Backend } from './config-snapshot.js';
import { bucketContract, eventContract, requestContract } from './contract.js';
import { BackendId, DeploymentId, RequestId } from './ids.js';

export const LoadedModel = z.object({
  name: z.string(),
  sizeBytes: z.number(),
  vramBytes: z.number(),
  contextLength: z.number().nullable(),
  expiresAt: z.string().nullable(),
});
export type LoadedModel = z.infer<typeof LoadedModel>;

export const InstalledModel = z.object({
  name: z.string(),
  sizeBytes: z.number().nullable(),
  contextLength: z.number().nullable(),
  /** completion, tools, insert, vision, embedding, thinking. */
  capabilities: z.array(z.string()).nullable(),
});
export type InstalledModel = z.infer<typeof InstalledModel>;

/** A configured model that its provider no longer offers, and what could stand in for it. */
export const RetiredModel = z.object({
  deploymentId: DeploymentId,
  modelName: z.string(),
  upstreamModel: z.string(),
  /** null where nothing else is free. */
  replacement: z
    .object({
      upstreamModel: z.string(),
      contextLength: z.number().nullable(),
      /** tools, vision, thinking. */
      capabilities: z.array(z.string()),
    })
    .nullable()
    .default(null),
});
export type RetiredModel = z.infer<typeof RetiredModel>;

/** `probe.{backend}`: health asks, the worker that serves the backend looks (no token is ever spent). */
export const ProbeBackend = requestContract({
  subject: 'probe.{backend}',
  request: z.object({ v: z.literal(1), backend: Backend }),
  reply: z.object({
    v: z.literal(1),
    reachable: z.boolean(),
    /** Why not, in words an admin understands. */
    reason: z.string().nullable(),
    /** Since 0.2: the provider refuses the key. */
    credentialsRefused: z.boolean().optional(),
    /** It said nothing in time: it may be busy rather than dead. */
    timedOut: z.boolean().optional(),
    latencyMs: z.number(),
    version: z.string().nullable(),
    installed: z.array(InstalledModel).nullable(),
    loaded: z.array(LoadedModel).nullable(),
  }),
  deadlineMs: 12_000,
});
export type ProbeReply = z.infer<typeof ProbeBackend.reply>;

/** `health.look`: an admin asks for fresh judgements, where no schedule makes them. Answered once all were probed. */
export const LookNow = requestContract({
  subject: 'health.look',
  request: z.object({ v: z.literal(1) }),
  reply: z.object({ v: z.literal(1), probed: z.number() }),
  deadlineMs: 15_000,
});

/**
 * What a failure takes out of the rotation: this deployment, the whole host or account, or all of the account's models
 * that cost nothing (OpenRouter's daily quota). The worker sets it where the upstream's answer says it.
 */
export const FailureScope = z.enum(['deployment', 'backend', 'free-models']);
export type FailureScope = z.infer<typeof FailureScope>;

/** How one attempt ended, told by the ingress to routers. */
export const AttemptOutcome = eventContract({
  subject: 'outcome.{backend}',
  payload: z.object({
    v: z.literal(1),
    /** Pairs the outcome with the plan, so that a router counts what is in flight. */
    requestId: RequestId.optional(),
    backendId: BackendId,
    deploymentId: DeploymentId,
    modelGroup: z.string(),
    ok: z.boolean(),
    errorCode: z.string().nullable(),
    upstreamStatus: z.number().nullable(),
    /** Only failures that are the backend's own count against it. */
    blame: z.enum(['backend', 'request', 'gateway']),
    retryAfterMs: z.number().nullable(),
    /** Copied from the stream's failure; without it the router infers it from status and code. */
    scope: FailureScope.optional(),
    /** The plan was not needed: nothing was tried, so nothing is learnt of the backend. `ok` is false then. */
    unused: z.boolean().optional(),
    durationMs: z.number(),
    firstTokenMs: z.number().nullable(),
    inputTokens: z.number(),
    outputTokens: z.number(),
    stream: z.boolean(),
    at: z.string(),
  }),
});
export type AttemptOutcomeEvent = z.infer<typeof AttemptOutcome.payload>;

/** Those outcomes that say something new of the backend, told to health: each failure, of successes one a second. */
export const BackendNews = eventContract({ subject: 'outcome.news.{backend}', payload: AttemptOutcome.payload });

/** Starts of attempts and the queue of a host: ingress and workers to routers. */
export const BackendLoad = eventContract({
  subject: 'load.{backend}',
  payload: z.object({
    v: z.literal(1),
    backendId: BackendId,
    /** Which process counts; the router sums over them and forgets those that fall silent. */
    reporter: z.string(),
    running: z.number().int(),
    queued: z.number().int(),
    loaded: z.array(LoadedModel).nullable(),
    /** Expected wait of a new request for a model that is loaded, milliseconds. */
    expectedWaitMs: z.number().nullable(),
    draining: z.boolean(),
    /** Loads that pushed another model out, since this reporter has the host. */
    swaps: z.number().int().optional(),
    at: z.string(),
  }),
});
export type BackendLoadEvent = z.infer<typeof BackendLoad.payload>;

/** The health service's judgement, in bucket HEALTH under the backend's id. */
export const BackendHealth = z.object({
  v: z.literal(1),
  backendId: BackendId,
  state: z.enum(['healthy', 'degraded', 'unhealthy', 'unknown']),
  /** Why, in words; null where healthy. */
  reason: z.string().nullable(),
  since: z.string(),
  lastProbeAt: z.string().nullable(),
  probeLatencyMs: z.number().nullable(),
  version: z.string().nullable(),
  installed: z.array(InstalledModel).nullable(),
  loaded: z.array(LoadedModel).nullable(),
  /** Configured free models that the last list did not have. */
  retired: z.array(RetiredModel).optional(),
});
export type BackendHealth = z.infer<typeof BackendHealth>;

export const HealthBucket = bucketContract({ bucket: 'HEALTH', value: BackendHealth, ttlMs: 0 });
