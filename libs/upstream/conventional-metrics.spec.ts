import { expect, it } from 'vitest';
import { Metrics } from '#telemetry';
import { FakeServer } from '#testing';
import type { StreamEvent } from '#wire';
import { openingOf } from '../bus/test/fixtures.js';
import { AnswerTimers } from './answer-timers.js';
import { serveAttempt } from './serve-attempt.js';
import { silent } from './silent-stream.fixtures.js';

/** Serves an attempt at an upstream that answers so; resolves with the series of the conventions. */
async function served(status: number, { wanted, stream }: { wanted: boolean; stream: boolean }): Promise<string[]> {
  const upstream = new FakeServer(async ({ response }) => void response.writeHead(status).end('x'));
  const url = await upstream.start();
  const metrics = new Metrics({ service: 'test', version: 'test', processMetrics: false });
  const usage = { inputTokens: 300, outputTokens: 40, cachedInputTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 };
  const events: readonly StreamEvent[] = [
    { type: 'start', id: 'r', model: 'm-2026', created: null },
    ...['a', 'b', 'c'].map((text) => ({ type: 'text-delta', choice: 0, text }) as const),
    { type: 'usage', usage: { ...usage, costUsd: null } },
    { type: 'end' },
  ];
  const call = {
    request: { method: 'POST', url, headers: {}, body: '{}' } as const,
    decoder: { push: () => [...events], end: () => [] },
    writer: { event: () => null, finish: () => new Uint8Array(), fail: () => null },
    timers: new AnswerTimers({ loadMs: 10_000, firstContentMs: null, idleMs: 10_000 }),
    readError: () => ({ code: 'upstream_error', status, message: '', blame: 'backend', retryAfterMs: null }) as const,
    loading: false,
    queuedMs: 0,
  };
  const done = Promise.resolve();
  await serveAttempt({ ...openingOf('hello'), stream }, silent, call, {
    usage: { open: () => done, close: async () => true },
    metrics,
    savingsReference: () => 'gpt-4o',
    conventionalMetrics: () => wanted,
    now: () => performance.now(),
  });
  await upstream.stop();
  return (await metrics.text()).split('\n').filter((line) => line.startsWith('gen_ai_'));
}

const counts = (lines: readonly string[]) =>
  Object.fromEntries(
    lines.filter((line) => line.includes('_count{')).map((line) => [line.split(' ')[0], Number(line.split(' ')[1])]),
  );
const asked = 'gen_ai_operation_name="chat",gen_ai_provider_name="ollama",gen_ai_request_model="m"';

it('nobody who did not ask has them', async () => {
  expect(await served(200, { wanted: false, stream: true })).toEqual([]);
});

it('a stream has its duration, its tokens and the time of each piece', async () => {
  const answered = `${asked},gen_ai_response_model="m-2026"`;
  const lines = await served(200, { wanted: true, stream: true });
  expect(counts(lines)).toEqual({
    [`gen_ai_client_operation_duration_seconds_count{${answered},error_type=""}`]: 1,
    [`gen_ai_client_operation_time_to_first_chunk_seconds_count{${answered}}`]: 1,
    [`gen_ai_client_operation_time_per_output_chunk_seconds_count{${asked}}`]: 2,
    [`gen_ai_client_token_usage_count{${answered},gen_ai_token_type="input"}`]: 1,
    [`gen_ai_client_token_usage_count{${answered},gen_ai_token_type="output"}`]: 1,
  });
  expect(lines).toContain(`gen_ai_client_token_usage_sum{${answered},gen_ai_token_type="input"} 300`);
});

it('an answer that comes whole has no pieces, and a failure says what it was', async () => {
  const whole = Object.keys(counts(await served(200, { wanted: true, stream: false })));
  expect(whole.filter((name) => name.includes('chunk'))).toEqual([]);
  expect(counts(await served(500, { wanted: true, stream: true }))).toEqual({
    [`gen_ai_client_operation_duration_seconds_count{${asked},gen_ai_response_model="",error_type="upstream_error"}`]: 1,
  });
});
