/** Attempts put together as requests: what was asked for, what was tried, who answered. Pure. */
import type { AttemptRow } from '../api/answers.js';
import type { Tone } from './fleet.js';

export interface RequestView {
  readonly id: string;
  readonly startedAt: string;
  readonly asked: string;
  readonly key: string;
  /** In the order in which they were made. */
  readonly attempts: readonly AttemptRow[];
  readonly tokensIn: number;
  readonly tokensOut: number;
  readonly spend: number;
  /** From the start of the first attempt to the end of the last, milliseconds. */
  readonly durationMs: number;
  readonly outcome: string;
  readonly tone: Tone;
  readonly traceId: string | null;
}

/** Requests, newest first as their rows are. */
export function requestsOf(rows: readonly AttemptRow[]): RequestView[] {
  return [...Map.groupBy(rows, (row) => row.request_id)].flatMap(([id, ofRequest]) => {
    const attempts = ofRequest.toSorted((a, b) => attemptNumber(a) - attemptNumber(b));
    const first = attempts[0];
    const last = attempts.at(-1);
    return first === undefined || last === undefined ? [] : [requestView(id, attempts, first, last)];
  });
}

function requestView(id: string, attempts: readonly AttemptRow[], first: AttemptRow, last: AttemptRow): RequestView {
  const sum = (of: (row: AttemptRow) => number) => attempts.reduce((total, row) => total + of(row), 0);
  const spanned = Date.parse(last.endTime) - Date.parse(first.startTime);
  const failed = last.status === 'failure';
  const gone = last.outcome === 'client_disconnected';
  return {
    id,
    startedAt: first.startTime,
    asked: first.model_group,
    key: first.key_alias ?? first.api_key,
    attempts,
    tokensIn: last.prompt_tokens,
    tokensOut: last.completion_tokens,
    spend: sum((row) => row.spend),
    durationMs: Number.isFinite(spanned) && spanned > 0 ? spanned : sum((row) => row.duration_ms),
    outcome: failed
      ? (last.metadata.error_information?.error_code ?? 'failed')
      : gone
        ? 'client left'
        : answered(attempts.length),
    tone: failed ? 'bad' : gone ? 'warn' : attempts.length > 1 ? 'warn' : 'good',
    traceId: last.trace_id,
  };
}

function answered(tries: number): string {
  return tries === 1 ? 'answered' : `answered at try ${String(tries)}`;
}

/** `req_1.2` -> 2: an attempt's id ends with its number. */
function attemptNumber(row: AttemptRow): number {
  const number = Number(row.attempt_id.slice(row.attempt_id.lastIndexOf('.') + 1));
  return Number.isInteger(number) ? number : 0;
}
