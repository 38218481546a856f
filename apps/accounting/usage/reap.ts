/** What becomes of an attempt that was begun and never closed, because both services that knew it died. */
import { UsageClose } from '#contracts';
import { usageRow, type OpenAttempt, type UsageRow } from './usage-row.js';

/**
 * The row that closes an abandoned attempt: it is charged with all that was reserved for it, since nobody knows better,
 * and any later word of the worker or the ingress corrects it.
 */
export function reapedRow(open: OpenAttempt): UsageRow {
  const { expiresAt: _, ...attempt } = open.event;
  const close = UsageClose.payload.parse({
    ...attempt,
    endedAt: open.expiresAt.toISOString(),
    source: 'reaper',
    outcome: 'failure',
    errorCode: 'abandoned',
    finishReason: null,
    usage: {
      inputTokens: 0,
      cachedInputTokens: 0,
      cacheWriteTokens: 0,
      outputTokens: 0,
      reasoningTokens: 0,
      source: 'counted',
    },
    costNanoUsd: open.event.payer.reservedNanoUsd,
    costSource: 'unknown',
    cloudEquivalentNanoUsd: null,
    durationMs: Math.max(0, open.expiresAt.getTime() - open.startedAt.getTime()),
    queuedMs: null,
    firstTokenMs: null,
    tokensPerSecond: null,
    contextUsedPercent: null,
    dataPolicy: null,
    cacheHit: false,
  });
  return usageRow(close, open.startedAt, open.expiresAt);
}
