/**
 * The configuration that is in force, as the router publishes it to the bucket CONFIG. Immutable, with a revision.
 * Secrets are references here; only the service that needs one resolves it.
 */
import { z } from 'zod';
import { bucketContract } from './contract.js';
import { DataPolicy } from './data-policy.js';
import { BackendId, DeploymentId } from './ids.js';

/** Where a secret is found: an environment variable, or a place in the config file (never its value). */
export const SecretRef = z.discriminatedUnion('from', [
  z.object({ from: z.literal('env'), name: z.string() }),
  z.object({ from: z.literal('file'), path: z.string() }),
]);
export type SecretRef = z.infer<typeof SecretRef>;

export const endpoints = [
  'chat',
  'completion',
  'embedding',
  'rerank',
  'speech',
  'transcription',
  'image',
  'moderation',
] as const;
/** What a deployment can be asked for. Responses and Anthropic messages are `chat`. */
export const Endpoint = z.enum(endpoints);
export type Endpoint = z.infer<typeof Endpoint>;

/** The upstream's wire format. */
export const UpstreamDialect = z.enum(['ollama', 'openai', 'anthropic']);
export type UpstreamDialect = z.infer<typeof UpstreamDialect>;

/** `local` backends are served by provider-ollama under `infer.local.*`, `cloud` ones by provider-cloud under `infer.cloud.*`. */
export const BackendKind = z.enum(['local', 'cloud']);
export type BackendKind = z.infer<typeof BackendKind>;

/** A host with its engine, or an account at a cloud provider. */
export const Backend = z.object({
  id: BackendId,
  kind: BackendKind,
  /** The provider's name as in the config's prefix: ollama, openai, openrouter, anthropic, groq, lm_studio ... */
  provider: z.string(),
  dialect: UpstreamDialect,
  /** Base URL without a trailing slash; for the openai dialect it ends before `/chat/completions`. */
  apiBase: z.string(),
  apiKey: SecretRef.nullable(),
  apiVersion: z.string().nullable(),
  organization: z.string().nullable(),
  /** Requests that may run at once on this host; null = the provider's default (Ollama: OLLAMA_NUM_PARALLEL, else 1). */
  maxParallelRequests: z.number().int().positive().nullable(),
});
export type Backend = z.infer<typeof Backend>;

/** Prices in USD per million tokens, as decimal strings; null where unknown. Local deployments are 0. */
export const Price = z.object({
  inputPerMillion: z.string(),
  outputPerMillion: z.string(),
  cacheReadPerMillion: z.string().nullable(),
  cacheWritePerMillion: z.string().nullable(),
  /** Since 0.3: for what the cache keeps for an hour; absent: as other writes. */
  cacheWriteHourPerMillion: z.string().nullable().optional(),
  perRequest: z.string().nullable(),
  /** Prices of the whole request once its input is longer than `aboveInputTokens`. */
  longContext: z
    .object({
      aboveInputTokens: z.number().int().positive(),
      inputPerMillion: z.string(),
      outputPerMillion: z.string(),
      cacheReadPerMillion: z.string().nullable(),
      cacheWritePerMillion: z.string().nullable(),
      cacheWriteHourPerMillion: z.string().nullable().optional(),
    })
    .optional(),
  /** USD for what is billed beside text tokens: images, seconds of audio, characters of speech, reranks, web searches. */
  units: z
    .object({
      perImage: z.string().nullable(),
      perSecond: z.string().nullable(),
      perCharacter: z.string().nullable(),
      perSearch: z.string().nullable(),
      imageInputPerMillion: z.string().nullable(),
      /** Since 0.3: of a search that the provider's own tool made. */
      perWebSearch: z.string().nullable().optional(),
    })
    .optional(),
  source: z.enum(['config', 'table', 'local', 'free']),
});
export type Price = z.infer<typeof Price>;

/** null = not known. */
export const Capabilities = z.object({
  tools: z.boolean().nullable(),
  vision: z.boolean().nullable(),
  jsonSchema: z.boolean().nullable(),
  reasoning: z.boolean().nullable(),
});
export type Capabilities = z.infer<typeof Capabilities>;

/** Sampling defaults of a deployment; the request's own value wins. Names as in the OpenAI API. */
export const DefaultParams = z.record(z.string(), z.unknown());
export type DefaultParams = z.infer<typeof DefaultParams>;

export const errorClasses = [
  'AuthenticationError',
  'BadRequestError',
  'ContentPolicyViolationError',
  'InternalServerError',
  'RateLimitError',
  'TimeoutError',
  'ServiceUnavailableError',
  'BadGatewayError',
  'NotFoundError',
] as const;
/** LiteLLM's classes of failures. */
export const ErrorClass = z.enum(errorClasses);
export type ErrorClass = z.infer<typeof ErrorClass>;

/** A number for each class that has one: retries, or failures before a cooldown. */
export const ByErrorClass = z.partialRecord(ErrorClass, z.number().int().nonnegative());
export type ByErrorClass = z.infer<typeof ByErrorClass>;

export const Deployment = z.object({
  id: DeploymentId,
  /** `model_name`: what clients ask for. May hold `*` for wildcard deployments. */
  modelName: z.string(),
  backendId: BackendId,
  provider: z.string(),
  /** The upstream's name of the model; for wildcards it holds `*` where the matched text goes. */
  upstreamModel: z.string(),
  mode: Endpoint,
  order: z.number().int().nullable(),
  weight: z.number().nonnegative().nullable(),
  rpm: z.number().int().positive().nullable(),
  tpm: z.number().int().positive().nullable(),
  maxParallelRequests: z.number().int().positive().nullable(),
  /** Wait for a whole answer or, in a stream, for its next bytes. */
  timeoutMs: z.number().positive(),
  /** Wait for the first token; on Ollama it counts from when the model is loaded. */
  streamTimeoutMs: z.number().positive().nullable(),
  /** Wait for a cold model to be loaded. */
  loadTimeoutMs: z.number().positive(),
  numRetries: z.number().int().nonnegative().nullable(),
  allowedFails: z.number().int().nonnegative().nullable(),
  allowedFailsPolicy: ByErrorClass.optional(),
  cooldownMs: z.number().nonnegative().nullable(),
  params: DefaultParams,
  extraBody: z.record(z.string(), z.unknown()),
  extraHeaders: z.record(z.string(), z.string()),
  dropParams: z.boolean(),
  additionalDropParams: z.array(z.string()),
  systemPrompt: z.object({ text: z.string(), mode: z.enum(['prepend', 'default', 'replace']) }).nullable(),
  price: Price.nullable(),
  capabilities: Capabilities,
  maxInputTokens: z.number().int().positive().nullable(),
  maxOutputTokens: z.number().int().positive().nullable(),
  dataPolicy: DataPolicy,
  tags: z.array(z.string()),
  accessGroups: z.array(z.string()),
  fallbackModels: z.array(z.string()),
  /** Environment variables that are not set: the deployment is out until they are. */
  missingVariables: z.array(z.string()),
  /** Where the entry stands, e.g. `model_list[2]`. */
  path: z.string(),
  /** `model_info` as written, for /v1/model/info; no secrets. */
  modelInfo: z.record(z.string(), z.unknown()),
});
export type Deployment = z.infer<typeof Deployment>;

export const strategyNames = [
  'simple-shuffle',
  'least-busy',
  'latency-based-routing',
  'usage-based-routing-v2',
  'cost-based-routing',
  'residency',
] as const;
export const StrategyName = z.enum(strategyNames);
export type StrategyName = z.infer<typeof StrategyName>;

const FallbackMap = z.record(z.string(), z.array(z.string()));

export const tierNames = ['SIMPLE', 'MEDIUM', 'COMPLEX', 'REASONING'] as const;
export const TierName = z.enum(tierNames);
export type TierName = z.infer<typeof TierName>;

/** `auto_router/complexity_router` under a model name. Everything that was not configured holds its default. */
export const ComplexityRouter = z.object({
  modelName: z.string(),
  tiers: z.partialRecord(TierName, z.array(z.string())),
  defaultModel: z.string().nullable(),
  boundaries: z.object({ simpleMedium: z.number(), mediumComplex: z.number(), complexReasoning: z.number() }),
  weights: z.record(z.string(), z.number()),
  tokenThresholds: z.object({ simple: z.number(), complex: z.number() }),
  keywords: z.object({
    code: z.array(z.string()),
    reasoning: z.array(z.string()),
    technical: z.array(z.string()),
    simple: z.array(z.string()),
  }),
  reasoningOverrideMinScore: z.number(),
  /** Characters of the last user text from which a tier is the least; empty = off. */
  lengthFloors: z.partialRecord(TierName, z.number()),
});
export type ComplexityRouter = z.infer<typeof ComplexityRouter>;

export const RoutingSettings = z.object({
  strategy: StrategyName.nullable(),
  strategyArgs: z.record(z.string(), z.unknown()),
  numRetries: z.number().int().nonnegative(),
  retryAfterMs: z.number().nonnegative(),
  retryPolicy: ByErrorClass,
  /** By the name that is asked for, or the group it leads to: stands instead of `retryPolicy`. */
  groupRetryPolicy: z.record(z.string(), ByErrorClass).optional(),
  allowedFails: z.number().int().nonnegative(),
  /** Failures before a cooldown, of the classes that have a number of their own. */
  allowedFailsPolicy: ByErrorClass.optional(),
  cooldownMs: z.number().nonnegative(),
  disableCooldowns: z.boolean(),
  maxFallbacks: z.number().int().nonnegative(),
  fallbacks: FallbackMap,
  defaultFallbacks: z.array(z.string()),
  contextWindowFallbacks: FallbackMap,
  contentPolicyFallbacks: FallbackMap,
  /** Alias -> model; `hidden` ones are usable but not listed. */
  aliases: z.record(z.string(), z.object({ model: z.string(), hidden: z.boolean() })),
  enableTagFiltering: z.boolean(),
  tagFilteringMatchAny: z.boolean(),
  /** `signalbox.first_token_timeout`: null = off. */
  firstTokenTimeoutMs: z.number().positive().nullable(),
  unknownModel: z.enum(['reject', 'default']),
  contextOverflow: z.enum(['reject', 'truncate']),
});
export type RoutingSettings = z.infer<typeof RoutingSettings>;

/** Limits and identity of a key that the file declares under `key_management.keys`. */
export const DeclaredKey = z.object({
  alias: z.string(),
  secret: SecretRef,
  path: z.string(),
  /** The rest, in the shape of /key/generate. */
  fields: z.record(z.string(), z.unknown()),
});
export type DeclaredKey = z.infer<typeof DeclaredKey>;

/** How a span shows what was written: as it is, or as its SHA-256. */
export const TraceContent = z.enum(['span', 'hash']);
export type TraceContent = z.infer<typeof TraceContent>;

export const GeneralSettings = z.object({
  masterKey: SecretRef.nullable(),
  corsOrigins: z.array(z.string()).nullable(),
  timezone: z.string(),
  /** USD, decimal string; the budget of the whole gateway. */
  maxBudget: z.string().nullable(),
  budgetDuration: z.string().nullable(),
  budgetExceededStatus: z.number().int(),
  alerting: z.array(z.string()),
  alertThresholds: z.array(z.number()),
  successCallbacks: z.array(z.string()),
  failureCallbacks: z.array(z.string()),
  healthCheckIntervalMs: z.number().positive(),
  backgroundHealthChecks: z.boolean(),
  cache: z.object({
    enabled: z.boolean(),
    type: z.enum(['local', 'redis', 'nats']),
    ttlMs: z.number().positive(),
    scope: z.enum(['key', 'team', 'all']),
    mode: z.enum(['default_on', 'default_off']),
    namespace: z.string().nullable(),
    /** Kinds of requests that are cached; null or absent = all of them. */
    callTypes: z
      .array(z.enum(['chat', 'completion', 'embedding']))
      .nullable()
      .optional(),
    /** Where Redis is, for type redis. */
    redis: z
      .object({
        url: SecretRef.nullable(),
        host: z.string().nullable(),
        port: z.number().int().nullable(),
        username: z.string().nullable(),
        password: SecretRef.nullable(),
        tls: z.boolean(),
      })
      .nullable()
      .optional(),
  }),
  prometheusOnMainPort: z.boolean(),
  requireAuthForMetrics: z.boolean(),
  maxRequestBytes: z.number().int().positive(),
  /** Since 0.2: headers that name the end user, in small letters; absent = none beside LiteLLM's own. */
  userHeaders: z.array(z.string()).optional(),
  spendRetentionDays: z.number().positive().nullable(),
  savingsReference: z.string(),
  queueComments: z.boolean(),
  maxModelWaitMs: z.number().positive(),
  maxQueueLength: z.number().int().positive(),
  keepWarm: z.array(z.string()),
  autoPull: z.boolean(),
  usageSpan: z.enum(['link', 'child']),
  /** Prompts and answers in traces, of requests whose key asks for it; absent = none. */
  traceContent: TraceContent.optional(),
  /** Metrics of the GenAI conventions too; absent = only the gateway's own. */
  conventionalMetrics: z.boolean().optional(),
  /** `general_settings.database_url`; null or absent = DATABASE_URL, else the embedded database. */
  databaseUrl: SecretRef.nullable().optional(),
  /** `litellm_settings.set_verbose`: debug logs. */
  verbose: z.boolean().optional(),
  /** `environment_variables`: where each one's value stands. They win over the environment of the process. */
  variables: z.record(z.string(), SecretRef).optional(),
  /** What `signalbox:` holds beyond this, as written; unknown keys were refused before. */
  extras: z.record(z.string(), z.unknown()),
});
export type GeneralSettings = z.infer<typeof GeneralSettings>;

export const ConfigProblem = z.object({
  severity: z.enum(['error', 'warning', 'note']),
  file: z.string(),
  line: z.number().int().nullable(),
  path: z.string(),
  message: z.string(),
});
export type ConfigProblem = z.infer<typeof ConfigProblem>;

export const ConfigSnapshot = z.object({
  v: z.literal(1),
  /** Hash of the contents: equal configs have equal revisions. */
  revision: z.string(),
  backends: z.array(Backend),
  deployments: z.array(Deployment),
  complexityRouters: z.array(ComplexityRouter),
  routing: RoutingSettings,
  general: GeneralSettings,
  declaredKeys: z.array(DeclaredKey),
  /** Ollama hosts whose models are offered under their own names (no config file). */
  discoverBackends: z.array(BackendId),
  /** Warnings and notes of this revision, and the errors of a refused newer one. */
  problems: z.array(ConfigProblem),
  refused: z.object({ at: z.string(), problems: z.array(ConfigProblem) }).nullable(),
});
export type ConfigSnapshot = z.infer<typeof ConfigSnapshot>;

/** Bucket CONFIG, one key `snapshot`. */
export const ConfigBucket = bucketContract({ bucket: 'CONFIG', value: ConfigSnapshot, ttlMs: 0 });
