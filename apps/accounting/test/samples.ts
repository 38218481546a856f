/** Events and snapshots that tests start from. */
import { AttemptId, ConfigSnapshot, RequestId, UsageClose, UsageOpen, type UsageCloseEvent } from '#contracts';

/** A snapshot with nothing in it. */
export function sampleSnapshot(
  changes: Record<string, unknown> = {},
  general: Record<string, unknown> = {},
): ConfigSnapshot {
  return ConfigSnapshot.parse({
    v: 1,
    revision: JSON.stringify([changes, general]),
    backends: [],
    deployments: [],
    complexityRouters: [],
    routing: {
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
    },
    general: {
      masterKey: null,
      corsOrigins: null,
      timezone: 'UTC',
      maxBudget: null,
      budgetDuration: null,
      budgetExceededStatus: 429,
      alerting: [],
      alertThresholds: [0.8, 1],
      successCallbacks: [],
      failureCallbacks: [],
      healthCheckIntervalMs: 300_000,
      backgroundHealthChecks: true,
      cache: { enabled: false, type: 'local', ttlMs: 60_000, scope: 'team', mode: 'default_on', namespace: null },
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
      ...general,
    },
    declaredKeys: [],
    discoverBackends: [],
    problems: [],
    refused: null,
    ...changes,
  });
}

const attempt = {
  v: 1,
  payer: {
    keyId: 'key-1',
    keyAlias: 'solar-bot',
    teamId: 'solar-qa-bot',
    userId: null,
    endUser: null,
    tags: [],
    leases: [],
    reservedNanoUsd: 0,
  },
  modelAsked: 'solar-expert',
  modelGroup: 'solar-expert',
  upstreamModel: 'gemma4:26b',
  deploymentId: 'd-1',
  backendId: 'mac-studio',
  provider: 'ollama',
  endpoint: 'chat',
  stream: true,
  traceId: null,
};

/** A close event of request `request`; `changes` replace fields, those of `payer` and `usage` one by one. */
export function closeEvent(
  request: string,
  changes: Record<string, unknown> & { payer?: object; usage?: object } = {},
): UsageCloseEvent {
  const { payer, usage, ...rest } = changes;
  return UsageClose.payload.parse({
    ...attempt,
    attemptId: AttemptId.parse(`${request}.0`),
    requestId: RequestId.parse(request),
    startedAt: '2026-11-20T10:00:00.000Z',
    endedAt: '2026-11-20T10:00:02.000Z',
    source: 'worker',
    outcome: 'success',
    errorCode: null,
    finishReason: 'stop',
    costNanoUsd: 1_500_000,
    costSource: 'config',
    cloudEquivalentNanoUsd: 4_000_000,
    durationMs: 2_000,
    queuedMs: 10,
    firstTokenMs: 300,
    tokensPerSecond: 25,
    contextUsedPercent: 3,
    dataPolicy: 'local',
    cacheHit: false,
    ...rest,
    payer: { ...attempt.payer, ...payer },
    usage: {
      inputTokens: 100,
      cachedInputTokens: 0,
      cacheWriteTokens: 0,
      outputTokens: 50,
      reasoningTokens: 0,
      source: 'upstream',
      ...usage,
    },
  });
}

/** An open event of request `request`. */
export function openEvent(request: string, changes: Record<string, unknown> & { payer?: object } = {}) {
  const { payer, ...rest } = changes;
  return UsageOpen.payload.parse({
    ...attempt,
    attemptId: AttemptId.parse(`${request}.0`),
    requestId: RequestId.parse(request),
    startedAt: '2026-11-20T10:00:00.000Z',
    expiresAt: '2026-11-20T10:10:00.000Z',
    ...rest,
    payer: { ...attempt.payer, ...payer },
  });
}
