/** Parts of a config and messages of the bus, with everything filled in that a test does not care about. */
import { Attempt, Backend, ConfigSnapshot, Deployment, InferOpen, type Payer, type RoutingSettings } from '#contracts';

const nobodyKnows = { tools: null, vision: null, jsonSchema: null, reasoning: null };

/** An Ollama host that nobody serves; fields of `more` win. */
export function sampleBackend(more: Record<string, unknown> = {}): Backend {
  return Backend.parse({
    id: 'b-1',
    kind: 'local',
    provider: 'ollama',
    dialect: 'ollama',
    apiBase: 'http://127.0.0.1:1',
    apiKey: null,
    apiVersion: null,
    organization: null,
    maxParallelRequests: null,
    ...more,
  });
}

/** What a deployment and an attempt on it say of how the model is asked. */
const asked = {
  params: {},
  extraBody: {},
  extraHeaders: {},
  dropParams: false,
  additionalDropParams: [],
  systemPrompt: null,
  price: null,
  capabilities: nobodyKnows,
  maxInputTokens: null,
  maxOutputTokens: null,
  dataPolicy: 'local',
};

/** A chat model on the host of `sampleBackend`, without limits; fields of `more` win. */
export function sampleDeployment(more: Record<string, unknown> = {}): Deployment {
  return Deployment.parse({
    ...asked,
    id: 'd-1',
    modelName: 'm',
    backendId: 'b-1',
    provider: 'ollama',
    upstreamModel: 'm',
    mode: 'chat',
    order: null,
    weight: null,
    rpm: null,
    tpm: null,
    maxParallelRequests: null,
    timeoutMs: 10_000,
    streamTimeoutMs: null,
    loadTimeoutMs: 10_000,
    numRetries: null,
    allowedFails: null,
    cooldownMs: null,
    tags: [],
    accessGroups: [],
    fallbackModels: [],
    missingVariables: [],
    path: 'model_list[0]',
    modelInfo: {},
    ...more,
  });
}

/** LiteLLM's defaults, without retries. */
export const sampleRouting: RoutingSettings = {
  strategy: null,
  strategyArgs: {},
  numRetries: 0,
  retryAfterMs: 0,
  retryPolicy: {},
  allowedFails: 3,
  cooldownMs: 5_000,
  disableCooldowns: false,
  maxFallbacks: 5,
  fallbacks: {},
  defaultFallbacks: [],
  contextWindowFallbacks: {},
  contentPolicyFallbacks: {},
  aliases: {},
  enableTagFiltering: false,
  tagFilteringMatchAny: true,
  firstTokenTimeoutMs: null,
  unknownModel: 'reject',
  contextOverflow: 'reject',
};

const general = {
  masterKey: null,
  corsOrigins: null,
  timezone: 'UTC',
  maxBudget: null,
  budgetDuration: null,
  budgetExceededStatus: 429,
  alerting: [],
  alertThresholds: [],
  successCallbacks: [],
  failureCallbacks: [],
  healthCheckIntervalMs: 15_000,
  backgroundHealthChecks: true,
  cache: { enabled: false, type: 'local', ttlMs: 1_000, scope: 'team', mode: 'default_on', namespace: null },
  prometheusOnMainPort: false,
  requireAuthForMetrics: true,
  maxRequestBytes: 1_000_000,
  spendRetentionDays: null,
  savingsReference: 'gpt-4o',
  queueComments: true,
  maxModelWaitMs: 20_000,
  maxQueueLength: 100,
  keepWarm: [],
  autoPull: false,
  usageSpan: 'link',
  extras: {},
};

/** A snapshot with nothing in it; fields of `more` win, those of `routing` and `general` one by one. */
export function sampleSnapshot({
  routing,
  general: settings,
  ...more
}: Record<string, unknown> & { routing?: object | undefined; general?: object | undefined } = {}): ConfigSnapshot {
  return ConfigSnapshot.parse({
    v: 1,
    revision: 'r1',
    backends: [],
    deployments: [],
    complexityRouters: [],
    declaredKeys: [],
    discoverBackends: [],
    problems: [],
    refused: null,
    ...more,
    routing: { ...sampleRouting, ...routing },
    general: { ...general, ...settings },
  });
}

/** A first try on the deployment of `sampleDeployment`; fields of `more` win. */
export function sampleAttempt(more: Record<string, unknown> = {}): Attempt {
  return Attempt.parse({
    ...asked,
    deploymentId: 'd-1',
    modelGroup: 'm',
    backend: sampleBackend(),
    upstreamModel: 'm',
    dialect: 'ollama',
    kind: 'local',
    timeoutMs: 1_000,
    firstTokenTimeoutMs: null,
    loadTimeoutMs: 1_000,
    delayMs: 0,
    retry: 0,
    fallbackFrom: null,
    onlyAfter: 'any',
    truncateToTokens: null,
    why: 'test',
    ...more,
  });
}

/** Somebody without a key, a team or a budget. */
export const samplePayer: Payer = {
  keyId: null,
  keyAlias: null,
  teamId: null,
  userId: null,
  endUser: null,
  tags: [],
  leases: [],
  reservedNanoUsd: 0,
};

/** A streamed chat on the attempt of `sampleAttempt`; fields of `more` win. */
export function sampleOpening(more: Record<string, unknown> = {}): InferOpen {
  return InferOpen.parse({
    v: 1,
    requestId: 'req_1',
    attemptId: 'req_1.0',
    receivedAt: '2026-01-01T00:00:00.000Z',
    dialect: 'openai-chat',
    stream: true,
    includeUsage: false,
    model: 'm',
    attempt: sampleAttempt(),
    requestKind: 'chat',
    request: { messages: [{ role: 'user', content: [{ type: 'text', text: 'Which lamp is lit?' }] }] },
    payer: samplePayer,
    priority: 'normal',
    maxWaitMs: null,
    deadlineMs: 10_000,
    inputTokens: 1,
    ...more,
  });
}
