/** "This model, this request, this key" becomes an ordered list of attempts with their reasons. */
import { z } from 'zod';
import { Backend, BackendKind, Capabilities, Endpoint, Price, TierName, UpstreamDialect } from './config-snapshot.js';
import { requestContract } from './contract.js';
import { DataPolicy } from './data-policy.js';
import { BackendId, DeploymentId, KeyId, RequestId, TeamId } from './ids.js';
import { RetryPolicy } from './retry-policy.js';

/** What the request cannot do without. */
export const RequestNeeds = z.object({
  tools: z.boolean(),
  vision: z.boolean(),
  jsonSchema: z.boolean(),
  reasoning: z.boolean(),
  /** A tool of Anthropic's own, by type, that must not be left out. */
  nativeTool: z.string().optional(),
});
export type RequestNeeds = z.infer<typeof RequestNeeds>;

/** LiteLLM's per-request overrides, within what the key may do. */
export const PlanOverrides = z.object({
  fallbacks: z.array(z.string()).nullable(),
  /** The same for prompts that are too long, and for refused contents; absent where the client named none. */
  contextWindowFallbacks: z.array(z.string()).optional(),
  contentPolicyFallbacks: z.array(z.string()).optional(),
  disableFallbacks: z.boolean(),
  numRetries: z.number().int().nonnegative().max(10).nullable(),
  timeoutMs: z.number().positive().nullable(),
  streamTimeoutMs: z.number().positive().nullable(),
  tags: z.array(z.string()),
});
export type PlanOverrides = z.infer<typeof PlanOverrides>;

export const PlanQuery = z.object({
  v: z.literal(1),
  requestId: RequestId,
  model: z.string(),
  endpoint: Endpoint,
  stream: z.boolean(),
  needs: RequestNeeds,
  /** Estimated tokens of the prompt. */
  inputTokens: z.number().int().nonnegative(),
  /** What the client asked for at most; null where it did not say. */
  maxOutputTokens: z.number().int().positive().nullable(),
  key: z.object({
    id: KeyId.nullable(),
    teamId: TeamId.nullable(),
    isAdmin: z.boolean(),
    /** Models that the key may use (names, access groups, wildcards); empty = all. */
    models: z.array(z.string()),
    /** The same for its team. */
    teamModels: z.array(z.string()),
    /** The same for its user, where it has no team. */
    userModels: z.array(z.string()).optional(),
  }),
  /** The name that the client wrote, where it is an alias of the key's own: the key may also be allowed that. */
  keyAlias: z.string().optional(),
  /** The strictest demand of key, team and request; null = none. */
  dataPolicy: DataPolicy.nullable(),
  overrides: PlanOverrides,
  /** Equal values prefer the same backend (prompt caches). */
  affinity: z.string().nullable(),
  /** Only where the model is a complexity router: the text of the last user message, cut to 32 KiB. */
  lastUserText: z.string().nullable(),
  /** Deployments that this request has tried and that must not come again (a plan asked for a second time). */
  exclude: z.array(DeploymentId),
});
export type PlanQuery = z.infer<typeof PlanQuery>;

/** One try: everything a worker needs beside the request itself. */
export const Attempt = z.object({
  deploymentId: DeploymentId,
  /** The model group it was found under (the name a fallback list uses). */
  modelGroup: z.string(),
  backend: Backend,
  upstreamModel: z.string(),
  dialect: UpstreamDialect,
  kind: BackendKind,
  dataPolicy: DataPolicy,
  price: Price.nullable(),
  capabilities: Capabilities,
  params: z.record(z.string(), z.unknown()),
  extraBody: z.record(z.string(), z.unknown()),
  extraHeaders: z.record(z.string(), z.string()),
  dropParams: z.boolean(),
  additionalDropParams: z.array(z.string()),
  systemPrompt: z.object({ text: z.string(), mode: z.enum(['prepend', 'default', 'replace']) }).nullable(),
  maxInputTokens: z.number().int().positive().nullable(),
  maxOutputTokens: z.number().int().positive().nullable(),
  timeoutMs: z.number().positive(),
  /** Wait for the first content, counted from when the model is loaded; null = only timeoutMs. */
  firstTokenTimeoutMs: z.number().positive().nullable(),
  loadTimeoutMs: z.number().positive(),
  /** Wait before this try, milliseconds (backoff of a retry). */
  delayMs: z.number().nonnegative(),
  /** 0 for the first try on this deployment. */
  retry: z.number().int().nonnegative(),
  /** The group whose failure led here; null while still in the group that was asked for. */
  fallbackFrom: z.string().nullable(),
  /**
   * Which failures this try answers: `any`, or only a context or a content-policy failure. A deployment may stand in
   * the list once for each; the ingress leaves out a try (deployment and retry number) that it has made already.
   */
  onlyAfter: z.enum(['any', 'context_length_exceeded', 'content_policy_violation']),
  /** Tokens to cut the prompt to before this try; null = do not cut. */
  truncateToTokens: z.number().int().positive().nullable(),
  /** Why it stands at this place. */
  why: z.string(),
});
export type Attempt = z.infer<typeof Attempt>;

export const Plan = z.object({
  v: z.literal(1),
  revision: z.string(),
  /** The name that was asked for, and the group it led to. */
  model: z.string(),
  modelGroup: z.string(),
  attempts: z.array(Attempt).min(1).max(64),
  /** How many of the retries in `attempts` a failure may use: see `retriesAllowed`. */
  retry: RetryPolicy.optional(),
  /** What happened to every candidate, in words, for admins. */
  reasons: z.array(z.string()),
  complexity: z.object({ tier: TierName, score: z.number(), cause: z.string() }).nullable(),
});
export type Plan = z.infer<typeof Plan>;

/** Models that a key may use, with what is known of each. */
export const ModelCard = z.object({
  id: z.string(),
  mode: Endpoint,
  provider: z.string(),
  maxInputTokens: z.number().nullable(),
  maxOutputTokens: z.number().nullable(),
  capabilities: Capabilities,
  price: Price.nullable(),
  dataPolicy: DataPolicy,
  deploymentIds: z.array(DeploymentId),
});
export type ModelCard = z.infer<typeof ModelCard>;

export const RouterModels = requestContract({
  subject: 'router.models',
  request: z.object({
    v: z.literal(1),
    models: z.array(z.string()),
    teamModels: z.array(z.string()),
    userModels: z.array(z.string()).optional(),
    /** The key's own aliases, which are names of models for it. */
    aliases: z.record(z.string(), z.string()).optional(),
  }),
  reply: z.object({ v: z.literal(1), models: z.array(ModelCard) }),
  deadlineMs: 2_000,
});

/** What the router knows of each backend and deployment, for /health and the console. */
export const RouterFleet = requestContract({
  subject: 'router.fleet',
  request: z.object({ v: z.literal(1) }),
  reply: z.object({
    v: z.literal(1),
    deployments: z.array(
      z.object({
        deploymentId: DeploymentId,
        modelName: z.string(),
        backendId: BackendId,
        coolingUntil: z.string().nullable(),
        coolingReason: z.string().nullable(),
        inFlight: z.number(),
        latencyMs: z.number().nullable(),
      }),
    ),
    /** The queues of local hosts whose worker was heard lately. */
    queues: z
      .array(
        z.object({
          backendId: BackendId,
          running: z.number(),
          waiting: z.number(),
          /** Of one more request for a model that is loaded, milliseconds. */
          expectedWaitMs: z.number().nullable(),
          swaps: z.number(),
          draining: z.boolean(),
        }),
      )
      .default([]),
  }),
  deadlineMs: 2_000,
});
