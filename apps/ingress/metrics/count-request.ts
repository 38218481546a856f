/** What one finished request adds to LiteLLM's metrics. Pure. */
import { errorClassOf, type RequestFinishedEvent } from '#contracts';
import type { Series } from './series.js';

type Attempt = RequestFinishedEvent['attempts'][number];

/** What LiteLLM writes where there is nothing to write. */
export const none = 'None';

const routes: Readonly<Record<string, string>> = {
  'openai-chat': '/v1/chat/completions',
  'openai-completion': '/v1/completions',
  'openai-embedding': '/v1/embeddings',
  'openai-responses': '/v1/responses',
  'anthropic-messages': '/v1/messages',
};

const nanoPerUsd = 1e9;

/** Counts a request and its attempts. */
export function countRequest(series: Series, event: RequestFinishedEvent): void {
  const key = keyLabels(event);
  const user = { user: event.userId ?? none, user_email: none };
  const request = { end_user: none, ...key, requested_model: event.modelAsked, ...user };
  const route = routes[event.dialect] ?? event.dialect;
  series.add('litellm_proxy_total_requests_metric_total', { ...request, status_code: String(event.status), route });
  if (event.errorCode !== null) {
    const failure = { exception_status: String(event.status), exception_class: classOf(event.errorCode) };
    series.add('litellm_proxy_failed_requests_metric_total', { ...request, ...failure, route });
  }
  countCache(series, event);
  setRemaining(series, event);
  const last = event.attempts.at(-1);
  if (last !== undefined) {
    const model = last.upstreamModel;
    series.observe(
      'litellm_request_total_latency_metric',
      { end_user: none, ...key, requested_model: event.modelAsked, model, user: user.user },
      event.durationMs / 1_000,
    );
    countOverhead(series, event, last);
  }
  event.attempts.forEach((attempt, at) => {
    countAttempt(series, event, attempt);
    countFallback(series, event, attempt, event.attempts[at - 1]);
  });
}

function countCache(series: Series, event: RequestFinishedEvent): void {
  if (event.cache === undefined) return;
  const { hit, model, tokens } = event.cache;
  const labels = { model, ...keyLabels(event), end_user: none, user: event.userId ?? none };
  series.add(hit ? 'litellm_cache_hits_metric_total' : 'litellm_cache_misses_metric_total', labels);
  if (hit) series.add('litellm_cached_tokens_metric_total', labels, tokens);
}

/** Of the limits that the caller has; a gauge that is set by requests shows what the last one left. */
function setRemaining(series: Series, event: RequestFinishedEvent): void {
  const { requests, tokens } = event.remaining ?? {};
  const { hashed_api_key, api_key_alias } = keyLabels(event);
  const labels = { hashed_api_key, api_key_alias, model: event.modelAsked };
  if (requests !== undefined) series.set('litellm_remaining_api_key_requests_for_model', labels, requests);
  if (tokens !== undefined) series.set('litellm_remaining_api_key_tokens_for_model', labels, tokens);
}

function countAttempt(series: Series, event: RequestFinishedEvent, attempt: Attempt): void {
  const key = keyLabels(event);
  const user = { user: event.userId ?? none, user_email: none };
  const spend = { end_user: none, ...key, model: attempt.upstreamModel, ...user };
  const tokens = { ...spend, requested_model: event.modelAsked };
  const tried = { requested_model: event.modelAsked, ...deploymentLabels(attempt), ...key };
  series.add('litellm_spend_metric_total', spend, (attempt.costNanoUsd ?? 0) / nanoPerUsd);
  series.add('litellm_total_tokens_metric_total', tokens, attempt.inputTokens + attempt.outputTokens);
  series.add('litellm_input_tokens_metric_total', tokens, attempt.inputTokens);
  series.add('litellm_output_tokens_metric_total', tokens, attempt.outputTokens);
  series.add('litellm_input_cached_tokens_metric_total', tokens, attempt.cachedInputTokens);
  series.add('litellm_output_reasoning_tokens_metric_total', tokens, attempt.reasoningTokens);
  series.add('litellm_deployment_total_requests_total', tried);
  if (attempt.errorCode === null) {
    series.add('litellm_requests_metric_total', spend);
    series.add('litellm_deployment_success_responses_total', tried);
  } else {
    series.add('litellm_llm_api_failed_requests_metric_total', spend);
    series.add('litellm_deployment_failure_responses_total', { ...tried, ...failureLabels(attempt.errorCode) });
  }
  countTimes(series, event, attempt);
}

function countTimes(series: Series, event: RequestFinishedEvent, attempt: Attempt): void {
  const key = keyLabels(event);
  const model = attempt.upstreamModel;
  const seconds = attempt.durationMs / 1_000;
  series.observe(
    'litellm_llm_api_latency_metric',
    { end_user: none, ...key, requested_model: event.modelAsked, model, user: event.userId ?? none },
    seconds,
  );
  if (attempt.firstTokenMs !== null)
    series.observe('litellm_llm_api_time_to_first_token_metric', { model, ...key }, attempt.firstTokenMs / 1_000);
  if (attempt.errorCode === null && attempt.outputTokens > 0)
    series.observe(
      'litellm_deployment_latency_per_output_token',
      { ...deploymentLabels(attempt), ...key },
      seconds / attempt.outputTokens,
    );
}

function countOverhead(series: Series, event: RequestFinishedEvent, attempt: Attempt): void {
  if (event.overheadMs === null) return;
  const { litellm_model_name, api_base, api_provider } = deploymentLabels(attempt);
  const { hashed_api_key, api_key_alias } = keyLabels(event);
  const labels = {
    model_group: attempt.modelGroup,
    api_provider,
    api_base,
    litellm_model_name,
    hashed_api_key,
    api_key_alias,
  };
  series.observe('litellm_overhead_latency_metric', labels, event.overheadMs / 1_000);
}

/** An attempt at another model than the one before it is a fallback; the failure before it is why. */
function countFallback(
  series: Series,
  event: RequestFinishedEvent,
  attempt: Attempt,
  before: Attempt | undefined,
): void {
  if (before === undefined || before.errorCode === null || before.modelGroup === attempt.modelGroup) return;
  const labels = {
    requested_model: event.modelAsked,
    fallback_model: attempt.modelGroup,
    ...keyLabels(event),
    ...failureLabels(before.errorCode),
  };
  series.add(
    attempt.errorCode === null
      ? 'litellm_deployment_successful_fallbacks_total'
      : 'litellm_deployment_failed_fallbacks_total',
    labels,
  );
}

function keyLabels(event: RequestFinishedEvent) {
  return {
    hashed_api_key: event.keyId,
    api_key_alias: event.keyAlias ?? none,
    team: event.teamId ?? none,
    team_alias: event.teamAlias ?? none,
  };
}

/** Whoever has any key may read the metrics: a host is named by its id, never by its address. */
export function deploymentLabels(place: {
  readonly upstreamModel: string;
  readonly deploymentId: string;
  readonly backendId: string;
  readonly provider: string;
}) {
  return {
    litellm_model_name: place.upstreamModel,
    model_id: place.deploymentId,
    api_base: place.backendId,
    api_provider: place.provider,
  };
}

function failureLabels(code: string) {
  return { exception_status: code, exception_class: classOf(code) };
}

function classOf(code: string): string {
  return errorClassOf({ code, upstreamStatus: null });
}
