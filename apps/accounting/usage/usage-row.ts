/** One attempt as the table usage_events holds it, and how an event becomes one. */
import { UsageClose, UsageOpen, type UsageCloseEvent, type UsageOpenEvent } from '#contracts';

export interface UsageRow {
  readonly attemptId: string;
  readonly requestId: string;
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly keyId: string | null;
  readonly keyAlias: string | null;
  readonly teamId: string | null;
  readonly userId: string | null;
  readonly endUser: string | null;
  readonly tags: readonly string[];
  readonly modelAsked: string;
  readonly modelGroup: string;
  readonly upstreamModel: string;
  readonly deploymentId: string;
  readonly backendId: string;
  readonly provider: string;
  readonly endpoint: string;
  readonly stream: boolean;
  readonly outcome: UsageCloseEvent['outcome'];
  readonly errorCode: string | null;
  readonly finishReason: string | null;
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  readonly tokenSource: string;
  /** null = no price known. */
  readonly costNanoUsd: number | null;
  readonly costSource: string;
  readonly cloudEquivalentNanoUsd: number | null;
  readonly durationMs: number;
  readonly queuedMs: number | null;
  readonly firstTokenMs: number | null;
  readonly tokensPerSecond: number | null;
  readonly contextUsedPercent: number | null;
  readonly dataPolicy: string | null;
  readonly cacheHit: boolean;
  readonly source: UsageCloseEvent['source'];
  readonly traceId: string | null;
  readonly leases: UsageCloseEvent['payer']['leases'];
}

/** Column and type of each field, in one place: statements are made from it. */
export const usageColumns: Readonly<Record<keyof UsageRow, readonly [column: string, type: string]>> = {
  attemptId: ['attempt_id', 'text'],
  requestId: ['request_id', 'text'],
  startedAt: ['started_at', 'timestamptz'],
  endedAt: ['ended_at', 'timestamptz'],
  keyId: ['key_id', 'text'],
  keyAlias: ['key_alias', 'text'],
  teamId: ['team_id', 'text'],
  userId: ['user_id', 'text'],
  endUser: ['end_user', 'text'],
  tags: ['tags', 'text[]'],
  modelAsked: ['model_asked', 'text'],
  modelGroup: ['model_group', 'text'],
  upstreamModel: ['upstream_model', 'text'],
  deploymentId: ['deployment_id', 'text'],
  backendId: ['backend_id', 'text'],
  provider: ['provider', 'text'],
  endpoint: ['endpoint', 'text'],
  stream: ['stream', 'boolean'],
  outcome: ['outcome', 'text'],
  errorCode: ['error_code', 'text'],
  finishReason: ['finish_reason', 'text'],
  inputTokens: ['input_tokens', 'integer'],
  cachedInputTokens: ['cached_input_tokens', 'integer'],
  cacheWriteTokens: ['cache_write_tokens', 'integer'],
  outputTokens: ['output_tokens', 'integer'],
  reasoningTokens: ['reasoning_tokens', 'integer'],
  tokenSource: ['token_source', 'text'],
  costNanoUsd: ['cost_nano_usd', 'bigint'],
  costSource: ['cost_source', 'text'],
  cloudEquivalentNanoUsd: ['cloud_equivalent_nano_usd', 'bigint'],
  durationMs: ['duration_ms', 'real'],
  queuedMs: ['queued_ms', 'real'],
  firstTokenMs: ['first_token_ms', 'real'],
  tokensPerSecond: ['tokens_per_second', 'real'],
  contextUsedPercent: ['context_used_percent', 'real'],
  dataPolicy: ['data_policy', 'text'],
  cacheHit: ['cache_hit', 'boolean'],
  source: ['source', 'text'],
  traceId: ['trace_id', 'text'],
  leases: ['leases', 'jsonb'],
};

/** An attempt that began and has not been closed yet. */
export interface OpenAttempt {
  readonly attemptId: string;
  readonly startedAt: Date;
  readonly expiresAt: Date;
  readonly leaseIds: readonly string[];
  readonly event: UsageOpenEvent;
}

export type ReadUsage =
  | { readonly kind: 'close'; readonly row: UsageRow }
  | { readonly kind: 'open'; readonly open: OpenAttempt }
  /** Of a later release: somebody newer will read it. */
  | { readonly kind: 'newer' }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Reads a message of the stream USAGE. */
export function readUsage(subject: string, payload: unknown): ReadUsage {
  if (isNewer(payload)) return { kind: 'newer' };
  if (subject === UsageClose.subject) {
    const parsed = UsageClose.payload.safeParse(payload);
    if (!parsed.success) return unreadable(parsed.error.issues);
    return timesOf(parsed.data.startedAt, parsed.data.endedAt, (startedAt, endedAt) => ({
      kind: 'close',
      row: usageRow(parsed.data, startedAt, endedAt),
    }));
  }
  if (subject === UsageOpen.subject) {
    const parsed = UsageOpen.payload.safeParse(payload);
    if (!parsed.success) return unreadable(parsed.error.issues);
    return timesOf(parsed.data.startedAt, parsed.data.expiresAt, (startedAt, expiresAt) => ({
      kind: 'open',
      open: openAttempt(parsed.data, startedAt, expiresAt),
    }));
  }
  return { kind: 'unreadable', reason: `no such subject: ${subject}` };
}

function isNewer(payload: unknown): boolean {
  return (
    typeof payload === 'object' && payload !== null && 'v' in payload && typeof payload.v === 'number' && payload.v > 1
  );
}

function unreadable(issues: readonly { path: readonly PropertyKey[]; message: string }[]): ReadUsage {
  const [issue] = issues;
  const where = issue === undefined || issue.path.length === 0 ? 'the event' : issue.path.map(String).join('.');
  return { kind: 'unreadable', reason: `${where}: ${issue?.message ?? 'not readable'}` };
}

function timesOf(from: string, to: string, make: (from: Date, to: Date) => ReadUsage): ReadUsage {
  const [start, end] = [new Date(from), new Date(to)];
  if (Number.isNaN(start.getTime()) || Number.isNaN(end.getTime())) {
    return { kind: 'unreadable', reason: 'startedAt, endedAt or expiresAt is no time' };
  }
  return make(start, end);
}

function openAttempt(event: UsageOpenEvent, startedAt: Date, expiresAt: Date): OpenAttempt {
  const leaseIds = event.payer.leases.map((lease) => lease.id);
  return { attemptId: event.attemptId, startedAt, expiresAt, leaseIds, event };
}

const longestText = 512;
const mostTags = 32;

/** PostgreSQL stores neither NUL nor half a surrogate pair; and a client's words are cut where they are absurdly long. */
function clean(text: string): string {
  return text.slice(0, longestText).toWellFormed().replaceAll('\u0000', '');
}

function cleanOrNull(text: string | null): string | null {
  return text === null ? null : clean(text);
}

/** The row of a close event; ids of ours pass as they are. */
export function usageRow(event: UsageCloseEvent, startedAt: Date, endedAt: Date): UsageRow {
  const { payer, usage } = event;
  return {
    attemptId: event.attemptId,
    requestId: event.requestId,
    startedAt,
    endedAt,
    keyId: payer.keyId,
    keyAlias: cleanOrNull(payer.keyAlias),
    teamId: payer.teamId,
    userId: payer.userId,
    endUser: cleanOrNull(payer.endUser),
    tags: [...new Set(payer.tags.slice(0, mostTags).map(clean))],
    modelAsked: clean(event.modelAsked),
    modelGroup: clean(event.modelGroup),
    upstreamModel: clean(event.upstreamModel),
    deploymentId: event.deploymentId,
    backendId: event.backendId,
    provider: clean(event.provider),
    endpoint: clean(event.endpoint),
    stream: event.stream,
    outcome: event.outcome,
    errorCode: cleanOrNull(event.errorCode),
    finishReason: cleanOrNull(event.finishReason),
    inputTokens: usage.inputTokens,
    cachedInputTokens: usage.cachedInputTokens,
    cacheWriteTokens: usage.cacheWriteTokens,
    outputTokens: usage.outputTokens,
    reasoningTokens: usage.reasoningTokens,
    tokenSource: usage.source,
    costNanoUsd: event.costNanoUsd,
    costSource: event.costSource,
    cloudEquivalentNanoUsd: event.cloudEquivalentNanoUsd,
    durationMs: event.durationMs,
    queuedMs: event.queuedMs,
    firstTokenMs: event.firstTokenMs,
    tokensPerSecond: event.tokensPerSecond,
    contextUsedPercent: event.contextUsedPercent,
    dataPolicy: event.dataPolicy,
    cacheHit: event.cacheHit,
    source: event.source,
    traceId: cleanOrNull(event.traceId),
    leases: payer.leases,
  };
}
