import { describe, expect, it } from 'vitest';
import type { AttemptRow } from '../api/answers.js';
import { requestsOf } from './route.js';

function attempt(request: string, number: number, more: Partial<AttemptRow> = {}): AttemptRow {
  return {
    request_id: request,
    attempt_id: `${request}.${String(number)}`,
    startTime: `2026-11-20T12:00:0${String(number)}Z`,
    endTime: `2026-11-20T12:00:0${String(number + 1)}Z`,
    model_group: 'smart',
    served_model_group: 'smart',
    model: 'qwen3:14b',
    model_id: 'd1',
    custom_llm_provider: 'ollama',
    backend_id: 'gpu-1',
    key_alias: null,
    api_key: 'k1',
    team_id: null,
    spend: 0.25,
    cost_source: 'table',
    prompt_tokens: 10,
    completion_tokens: 20,
    outcome: 'success',
    status: 'success',
    metadata: { error_information: null },
    stream: false,
    cache_hit: 'False',
    duration_ms: 900,
    queued_ms: null,
    first_token_ms: null,
    tokens_per_second: null,
    context_used_percent: null,
    estimated: false,
    trace_id: 'abc',
    ...more,
  };
}

const failure = {
  outcome: 'failure',
  status: 'failure',
  metadata: { error_information: { error_code: 'upstream_timeout' } },
} as const;

describe('requests', () => {
  it('put their attempts together in the order in which they were made', () => {
    const rows = [attempt('r2', 0), attempt('r1', 10), attempt('r1', 2, failure), attempt('r1', 0, failure)];
    const requests = requestsOf(rows);
    expect(requests.map(({ id }) => id)).toEqual(['r2', 'r1']);
    expect(requests[1]?.attempts.map((row) => row.attempt_id)).toEqual(['r1.0', 'r1.2', 'r1.10']);
  });

  it('are paid for with every attempt, and answered by the last', () => {
    const [request] = requestsOf([attempt('r', 1), attempt('r', 0, failure)]);
    expect(request).toMatchObject({
      spend: 0.5,
      tokensOut: 20,
      durationMs: 2_000,
      outcome: 'answered at try 2',
      tone: 'warn',
    });
  });

  it.each([
    ['answered', {}, 'answered', 'good'],
    ['failed', failure, 'upstream_timeout', 'bad'],
    ['left alone', { outcome: 'client_disconnected' }, 'client left', 'warn'],
  ])('that were %s say so', (_what, more, outcome, tone) => {
    expect(requestsOf([attempt('r', 0, more)])[0]).toMatchObject({ outcome, tone });
  });

  it('take the sum of their attempts where the times tell nothing', () => {
    expect(requestsOf([attempt('r', 0, { endTime: 'never' })])[0]?.durationMs).toBe(900);
  });
});
