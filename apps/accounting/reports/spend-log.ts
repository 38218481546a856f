/** Rows of usage in the shape of LiteLLM's SpendLogs, and as CSV. */
import type { SpendLogRow } from '#contracts';
import type { UsageRow } from '../usage/usage-row.js';
import { callTypeOf } from './call-type.js';

const usd = (nano: number) => nano / 1_000_000_000;

/** One attempt as /spend/logs shows it. */
export function spendLogRow(row: UsageRow): SpendLogRow {
  const firstToken = row.firstTokenMs === null ? null : new Date(row.startedAt.getTime() + row.firstTokenMs);
  return {
    request_id: row.requestId,
    call_type: callTypeOf(row.endpoint),
    api_key: row.keyId ?? '',
    spend: usd(row.costNanoUsd ?? 0),
    total_tokens: row.inputTokens + row.outputTokens,
    prompt_tokens: row.inputTokens,
    completion_tokens: row.outputTokens,
    startTime: row.startedAt.toISOString(),
    endTime: row.endedAt.toISOString(),
    completionStartTime: firstToken?.toISOString() ?? null,
    model: row.upstreamModel,
    model_id: row.deploymentId,
    model_group: row.modelAsked,
    custom_llm_provider: row.provider,
    user: row.userId ?? '',
    team_id: row.teamId,
    end_user: row.endUser,
    metadata: {
      user_api_key_alias: row.keyAlias,
      user_api_key_team_id: row.teamId,
      user_api_key_user_id: row.userId,
      error_information: row.errorCode === null ? null : { error_code: row.errorCode },
    },
    cache_hit: row.cacheHit ? 'True' : 'False',
    request_tags: [...row.tags],
    status: row.outcome === 'success' ? 'success' : 'failure',
    attempt_id: row.attemptId,
    outcome: row.outcome,
    finish_reason: row.finishReason,
    key_alias: row.keyAlias,
    backend_id: row.backendId,
    served_model_group: row.modelGroup,
    stream: row.stream,
    cached_input_tokens: row.cachedInputTokens,
    cache_write_tokens: row.cacheWriteTokens,
    reasoning_tokens: row.reasoningTokens,
    token_source: row.tokenSource,
    cost_source: row.costSource,
    cloud_equivalent_spend: row.cloudEquivalentNanoUsd === null ? null : usd(row.cloudEquivalentNanoUsd),
    duration_ms: row.durationMs,
    queued_ms: row.queuedMs,
    first_token_ms: row.firstTokenMs,
    tokens_per_second: row.tokensPerSecond,
    context_used_percent: row.contextUsedPercent,
    data_policy: row.dataPolicy,
    source: row.source,
    estimated: row.source === 'reaper',
    trace_id: row.traceId,
  };
}

const csvColumns: readonly Exclude<keyof SpendLogRow, 'metadata'>[] = [
  'startTime',
  'endTime',
  'request_id',
  'attempt_id',
  'key_alias',
  'api_key',
  'team_id',
  'user',
  'end_user',
  'model_group',
  'model',
  'custom_llm_provider',
  'backend_id',
  'call_type',
  'outcome',
  'prompt_tokens',
  'completion_tokens',
  'total_tokens',
  'cached_input_tokens',
  'reasoning_tokens',
  'spend',
  'cost_source',
  'cloud_equivalent_spend',
  'duration_ms',
  'first_token_ms',
  'tokens_per_second',
  'cache_hit',
  'estimated',
  'request_tags',
  'trace_id',
];

/** Lines of CSV (RFC 4180, with CRLF); the line of names comes before the first page only. */
export function spendLogCsv(rows: readonly SpendLogRow[], withHeader: boolean): string {
  const lines = rows.map((row) => csvColumns.map((column) => csvField(row[column])).join(','));
  return [...(withHeader ? [csvColumns.join(',')] : []), ...lines].map((line) => `${line}\r\n`).join('');
}

function csvField(value: string | number | boolean | null | readonly string[]): string {
  if (value === null) return '';
  if (typeof value === 'number') return decimal(value);
  const text = typeof value === 'object' ? value.join(' ') : String(value);
  // A spreadsheet runs what begins so; these words may be a client's.
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Small amounts without an exponent, which spreadsheets read as text. */
function decimal(value: number): string {
  return Math.abs(value) < 1e-6 && value !== 0 ? value.toFixed(9) : String(value);
}
