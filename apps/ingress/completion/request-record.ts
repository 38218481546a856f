/** The line that is logged for each finished request. Pure. */
import type { Attempt, KeyRecord, UsageNotice } from '#contracts';

export interface RequestFactsForLog {
  readonly requestId: string;
  readonly traceId: string | null;
  readonly model: string;
  readonly endpoint: string;
  readonly stream: boolean;
  readonly key: KeyRecord;
  readonly attempt: Attempt | null;
  readonly attempts: number;
  readonly usage: UsageNotice | null;
  readonly cloudEquivalentNanoUsd: number | null;
  readonly success: boolean;
  readonly errorCode: string | null;
  readonly durationMs: number;
  readonly firstTokenMs: number | null;
  readonly overheadMs: number;
  readonly clientGone: boolean;
  readonly cacheHit: boolean;
}

const nanoPerUsd = 1e9;

/** Names as people know them from LiteLLM's log, then ours. Never a prompt, an answer or a key. */
export function requestLogLine(facts: RequestFactsForLog): Record<string, unknown> {
  const tokens = facts.usage?.usage;
  const total = tokens === undefined ? 0 : tokens.inputTokens + tokens.outputTokens;
  const contextSize = facts.attempt?.maxInputTokens ?? null;
  return {
    event: 'request',
    model: facts.model,
    provider: facts.attempt?.backend.provider ?? null,
    total_tokens: total,
    prompt_tokens: tokens?.inputTokens ?? 0,
    completion_tokens: tokens?.outputTokens ?? 0,
    response_time_ms: Math.round(facts.durationMs),
    estimated_cost: usdOf(facts.usage?.costNanoUsd ?? null),
    success: facts.success,
    key_alias: facts.key.alias,
    team_id: facts.key.teamId,
    deployment: facts.attempt?.deploymentId ?? null,
    backend: facts.attempt?.backend.id ?? null,
    upstream_model: facts.attempt?.upstreamModel ?? null,
    model_group: facts.attempt?.modelGroup ?? null,
    attempts: facts.attempts,
    endpoint: facts.endpoint,
    stream: facts.stream,
    first_token_ms: rounded(facts.firstTokenMs),
    tokens_per_second: rounded(facts.usage?.tokensPerSecond ?? null),
    context_used_percent: contextSize === null ? null : rounded((total / contextSize) * 100),
    cloud_equivalent_cost: usdOf(facts.cloudEquivalentNanoUsd),
    overhead_ms: rounded(facts.overheadMs),
    error: facts.errorCode,
    client_gone: facts.clientGone,
    cache_hit: facts.cacheHit,
    request_id: facts.requestId,
    trace_id: facts.traceId,
  };
}

function usdOf(nanoUsd: number | null): number | null {
  return nanoUsd === null ? null : nanoUsd / nanoPerUsd;
}

function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 100) / 100;
}
