import { expect, it } from 'vitest';
import { Metrics } from '#telemetry';
import { countServed, type ServedRequest } from './served-request.js';

const request: ServedRequest = {
  job: { dialect: 'openai-chat', stream: true },
  model: 'smart',
  provider: 'ollama',
  answeredBy: 'qwen3:14b',
  errorType: null,
  durationMs: 3_000,
  firstContentMs: 1_000,
  outputTokens: 21,
};

async function sums(told: ServedRequest): Promise<Record<string, string>> {
  const metrics = new Metrics({ service: 'test', version: 'test', processMetrics: false });
  countServed(metrics, told);
  const lines = (await metrics.text()).split('\n').filter((line) => /^gen_ai_.*_sum\{/.test(line));
  return Object.fromEntries(lines.map((line) => [line.replace(/_sum.*/, ''), line.split(' ').at(-1) ?? '']));
}

it('a stream has its duration, its first token, and the time of each token after it', async () => {
  expect(await sums(request)).toEqual({
    gen_ai_server_request_duration_seconds: '3',
    gen_ai_server_time_to_first_token_seconds: '1',
    gen_ai_server_time_per_output_token_seconds: '0.1',
  });
});

it.each([
  ['whole', { job: { dialect: 'openai-chat', stream: false } }, ['request_duration', 'time_to_first_token']],
  ['of one token', { outputTokens: 1 }, ['request_duration', 'time_to_first_token']],
  ['that failed', { errorType: 'upstream_error' }, ['request_duration']],
  ['from the cache', { firstContentMs: null }, ['request_duration']],
] as const)('an answer %s has less to tell', async (_what, change, families) => {
  const names = families.map((family) => `gen_ai_server_${family}_seconds`);
  expect(Object.keys(await sums({ ...request, ...change }))).toEqual(names);
});
