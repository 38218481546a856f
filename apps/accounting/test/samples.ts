/** Events and snapshots that tests start from. */
import { AttemptId, type ConfigSnapshot, RequestId, UsageClose, UsageOpen, type UsageCloseEvent } from '#contracts';
import { samplePayer, sampleSnapshot as emptySnapshot } from '#testing';

/** A snapshot with nothing in it. */
export function sampleSnapshot(
  changes: Record<string, unknown> = {},
  general: Record<string, unknown> = {},
): ConfigSnapshot {
  const settings = { alertThresholds: [0.8, 1], healthCheckIntervalMs: 300_000, ...general };
  return emptySnapshot({ revision: JSON.stringify([changes, general]), ...changes, general: settings });
}

const attempt = {
  v: 1,
  payer: { ...samplePayer, keyId: 'key-1', keyAlias: 'solar-bot', teamId: 'solar-qa-bot' },
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
