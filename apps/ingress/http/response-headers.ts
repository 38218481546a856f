/** The headers that tell a client what happened to its request. Pure. */
import type { Attempt, Plan } from '#contracts';

export interface AnswerFacts {
  readonly plan: Plan;
  readonly attempt: Attempt;
  /** All that were made, this one last. A plan holds more: retries and fallbacks for failures that did not occur. */
  readonly tried: readonly Attempt[];
  /** USD; null where unknown, and in streams, whose headers leave before the cost is known. */
  readonly costUsd: number | null;
  /** Time the gateway itself took, milliseconds. */
  readonly overheadMs: number;
  readonly explain: boolean;
  readonly truncated: boolean;
}

/** `x-litellm-*` and our own. */
export function answerHeaders(facts: AnswerFacts): Record<string, string> {
  const { tried } = facts;
  const groups = new Set(tried.map((attempt) => attempt.modelGroup));
  const headers: Record<string, string> = {
    'x-litellm-model-id': headerSafe(facts.attempt.deploymentId),
    'x-litellm-model-group': headerSafe(facts.attempt.modelGroup),
    'x-litellm-model-name': headerSafe(facts.attempt.upstreamModel),
    'x-litellm-attempted-fallbacks': String(groups.size - 1),
    'x-litellm-attempted-retries': String(tried.length - groups.size),
    'x-litellm-overhead-duration-ms': facts.overheadMs.toFixed(2),
  };
  if (facts.costUsd !== null) headers['x-litellm-response-cost'] = String(facts.costUsd);
  if (facts.truncated) headers['x-signalbox-truncated'] = 'true';
  const { complexity } = facts.plan;
  if (complexity !== null) {
    headers['x-litellm-complexity-router-tier'] = complexity.tier;
    headers['x-litellm-complexity-router-score'] = complexity.score.toFixed(3);
    headers['x-litellm-complexity-router-cause'] = headerSafe(complexity.cause);
  }
  if (facts.explain) headers['x-signalbox-explain'] = headerSafe(facts.plan.reasons.join(' | ')).slice(0, 4_000);
  return headers;
}

/** Header values are ASCII without control characters; what is not becomes `?`. */
export function headerSafe(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}
