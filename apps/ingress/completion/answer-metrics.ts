/** Why a model stopped, and how long prompt and answer were, by the model that answered. On the path of every request. */
import type { UsageNotice } from '#contracts';
import type { Metrics } from '#telemetry';

/** The reasons that models give; what else one says counts as `other`. */
const reasons: ReadonlySet<string> = new Set(['stop', 'length', 'tool_calls', 'content_filter']);

/**
 * Counts the last attempt of a request. An answer without a reason is `other`: its client left, or it is one of an endpoint
 * that gives none, such as embeddings. Lengths are those of answers that were delivered.
 */
export function countAnswer(
  metrics: Metrics,
  model: string,
  usage: UsageNotice | null,
  ended: 'delivered' | 'left' | 'failed',
): void {
  const reason = usage?.finishReason ?? '';
  const label = ended === 'failed' ? 'error' : reasons.has(reason) ? reason : 'other';
  metrics.count('signalbox_finish_reasons_total', { model, finish_reason: label });
  if (usage === null || ended !== 'delivered') return;
  const labels = { model };
  const { inputTokens, outputTokens } = usage.usage;
  if (inputTokens > 0) metrics.observe('signalbox_prompt_tokens', labels, inputTokens);
  if (outputTokens > 0) metrics.observe('signalbox_answer_tokens', labels, outputTokens);
}
