import { describe, expect, it } from 'vitest';
import { RequestFinished, type RequestFinishedEvent } from '#contracts';
import { countRequest } from './count-request.js';
import { Series } from './series.js';

const answered = {
  deploymentId: 'd1',
  backendId: 'gpu',
  provider: 'ollama',
  upstreamModel: 'qwen3:14b',
  modelGroup: 'smart',
  errorCode: null,
  durationMs: 2_000,
  firstTokenMs: 300,
  inputTokens: 100,
  cachedInputTokens: 40,
  outputTokens: 50,
  reasoningTokens: 10,
  costNanoUsd: 2_500_000,
};
const failed = {
  ...answered,
  errorCode: 'upstream_timeout',
  inputTokens: 0,
  outputTokens: 0,
  cachedInputTokens: 0,
  reasoningTokens: 0,
  costNanoUsd: null,
  firstTokenMs: null,
};

function event(more: object): RequestFinishedEvent {
  return RequestFinished.payload.parse({
    v: 1,
    requestId: 'r1',
    dialect: 'openai-chat',
    modelAsked: 'smart',
    keyId: 'k1',
    keyAlias: 'laptop',
    teamId: null,
    teamAlias: null,
    userId: null,
    status: 200,
    errorCode: null,
    durationMs: 2_100,
    overheadMs: 4,
    attempts: [answered],
    ...more,
  });
}

/** The value of the only series of a family. */
function counted(events: readonly RequestFinishedEvent[], family: string): { labels: string; value: number } | null {
  const series = new Series();
  for (const one of events) countRequest(series, one);
  const lines = series
    .text()
    .split('\n')
    .filter((line) => line.startsWith(`${family}{`));
  const [line] = lines;
  expect(lines.length).toBeLessThan(2);
  if (line === undefined) return null;
  const cut = line.lastIndexOf(' ');
  return { labels: line.slice(family.length, cut), value: Number(line.slice(cut + 1)) };
}

describe('a request that was answered', () => {
  it.each([
    ['litellm_proxy_total_requests_metric_total', 1],
    ['litellm_requests_metric_total', 1],
    ['litellm_spend_metric_total', 0.0025],
    ['litellm_total_tokens_metric_total', 150],
    ['litellm_input_tokens_metric_total', 100],
    ['litellm_output_tokens_metric_total', 50],
    ['litellm_input_cached_tokens_metric_total', 40],
    ['litellm_output_reasoning_tokens_metric_total', 10],
    ['litellm_deployment_total_requests_total', 1],
    ['litellm_deployment_success_responses_total', 1],
    ['litellm_request_total_latency_metric_sum', 2.1],
    ['litellm_llm_api_latency_metric_sum', 2],
    ['litellm_llm_api_time_to_first_token_metric_sum', 0.3],
    ['litellm_deployment_latency_per_output_token_sum', 0.04],
    ['litellm_overhead_latency_metric_sum', 0.004],
  ])('adds to %s: %d', (family, value) => {
    expect(counted([event({})], family)?.value).toBeCloseTo(value, 9);
  });

  it.each([
    'litellm_proxy_failed_requests_metric_total',
    'litellm_deployment_failure_responses_total',
    'litellm_llm_api_failed_requests_metric_total',
  ])('adds nothing to %s', (family) => expect(counted([event({})], family)).toBeNull());

  it('is told apart by key, model, route and status, with None for what is not there', () => {
    expect(counted([event({})], 'litellm_proxy_total_requests_metric_total')?.labels).toBe(
      '{end_user="None",hashed_api_key="k1",api_key_alias="laptop",team="None",team_alias="None",requested_model="smart",user="None",user_email="None",status_code="200",route="/v1/chat/completions"}',
    );
  });

  it.each([
    ['litellm_remaining_api_key_requests_for_model', 7],
    ['litellm_remaining_api_key_tokens_for_model', 900],
  ])('shows in %s what its limits left', (family, value) => {
    expect(counted([event({})], family)).toBeNull();
    expect(counted([event({ remaining: { requests: 7, tokens: 900 } })], family)).toEqual({
      labels: '{hashed_api_key="k1",api_key_alias="laptop",model="smart"}',
      value,
    });
  });

  it('names its host by id, never by address', () => {
    expect(counted([event({})], 'litellm_deployment_success_responses_total')?.labels).toContain('api_base="gpu"');
  });
});

describe('the response cache', () => {
  const hit = event({ attempts: [], overheadMs: null, cache: { hit: true, model: 'qwen3:14b', tokens: 150 } });
  const miss = event({ cache: { hit: false, model: 'qwen3:14b', tokens: 0 } });

  it('counts hits with their tokens, which were not used, and misses', () => {
    expect(counted([hit, hit, miss], 'litellm_cache_hits_metric_total')).toMatchObject({
      value: 2,
      labels: expect.stringContaining('model="qwen3:14b",hashed_api_key="k1"'),
    });
    expect(counted([hit, hit, miss], 'litellm_cached_tokens_metric_total')?.value).toBe(300);
    expect(counted([hit, hit, miss], 'litellm_cache_misses_metric_total')?.value).toBe(1);
    expect(counted([hit], 'litellm_total_tokens_metric_total')).toBeNull();
    expect(counted([hit], 'litellm_proxy_total_requests_metric_total')?.value).toBe(1);
  });

  it('is silent where it was not asked', () => {
    expect(counted([event({})], 'litellm_cache_misses_metric_total')).toBeNull();
  });
});

describe('a request that went another way', () => {
  const fallback = event({ attempts: [failed, { ...answered, modelGroup: 'cloud', deploymentId: 'd2' }] });

  it('counts once, its attempts each', () => {
    expect(counted([fallback], 'litellm_proxy_total_requests_metric_total')?.value).toBe(1);
    expect(counted([fallback], 'litellm_deployment_failure_responses_total')).toMatchObject({
      value: 1,
      labels: expect.stringContaining('exception_status="upstream_timeout",exception_class="TimeoutError"'),
    });
    expect(counted([fallback], 'litellm_proxy_failed_requests_metric_total')).toBeNull();
  });

  it.each([
    ['litellm_deployment_successful_fallbacks_total', fallback],
    ['litellm_deployment_failed_fallbacks_total', event({ attempts: [failed, { ...failed, modelGroup: 'cloud' }] })],
  ])('counts as %s', (family, one) => {
    expect(counted([one], family)).toMatchObject({
      value: 1,
      labels: expect.stringContaining('fallback_model="cloud"'),
    });
  });

  it('to another deployment of the same model is no fallback', () => {
    const retry = event({ attempts: [failed, answered] });
    expect(counted([retry], 'litellm_deployment_successful_fallbacks_total')).toBeNull();
  });

  it('into a refusal counts with the class of its error, and without an attempt', () => {
    const refused = event({ status: 429, errorCode: 'rate_limit_exceeded', overheadMs: null, attempts: [] });
    expect(counted([refused, refused], 'litellm_proxy_failed_requests_metric_total')).toMatchObject({
      value: 2,
      labels: expect.stringContaining('exception_status="429",exception_class="RateLimitError"'),
    });
    expect(counted([refused], 'litellm_spend_metric_total')).toBeNull();
  });
});
