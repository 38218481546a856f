/** LiteLLM's metric names and labels, so that dashboards made for it go on working. Pure. */

const key = ['hashed_api_key', 'api_key_alias', 'team', 'team_alias'] as const;
const user = ['user', 'user_email'] as const;
const deployment = ['litellm_model_name', 'model_id', 'api_base', 'api_provider'] as const;
const limited = ['hashed_api_key', 'api_key_alias', 'model'] as const;
const failure = ['exception_status', 'exception_class'] as const;
const request = ['end_user', ...key, 'requested_model', ...user] as const;
const spend = ['end_user', ...key, 'model', ...user] as const;
const cache = ['model', ...key, 'end_user', 'user'] as const;
const tokens = [...spend, 'requested_model'] as const;

const latencySeconds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640] as const;
const shortSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1] as const;
const perTokenSeconds = [0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1] as const;

const counter = <const L extends string>(help: string, labels: readonly L[]) =>
  ({ kind: 'counter', help, labels }) as const;
const gauge = <const L extends string>(help: string, labels: readonly L[]) =>
  ({ kind: 'gauge', help, labels }) as const;
const histogram = <const L extends string>(help: string, labels: readonly L[], buckets: readonly number[]) =>
  ({ kind: 'histogram', help, labels, buckets }) as const;

export const litellmFamilies = {
  litellm_proxy_total_requests_metric_total: counter('Requests', [...request, 'status_code', 'route']),
  litellm_proxy_failed_requests_metric_total: counter('Requests that failed', [...request, ...failure, 'route']),
  litellm_requests_metric_total: counter('Requests that were answered', spend),
  litellm_spend_metric_total: counter('Spend in USD', spend),
  litellm_total_tokens_metric_total: counter('Tokens in and out', tokens),
  litellm_input_tokens_metric_total: counter('Tokens of prompts', tokens),
  litellm_output_tokens_metric_total: counter('Tokens of answers', tokens),
  litellm_input_cached_tokens_metric_total: counter('Tokens of prompts that the provider had cached', tokens),
  litellm_output_reasoning_tokens_metric_total: counter('Tokens of reasoning', tokens),
  litellm_cache_hits_metric_total: counter('Answers from the response cache', cache),
  litellm_cache_misses_metric_total: counter('Answers that the response cache did not have', cache),
  litellm_cached_tokens_metric_total: counter('Tokens of answers from the response cache', cache),
  litellm_llm_api_failed_requests_metric_total: counter('Attempts that failed', spend),
  litellm_request_total_latency_metric: histogram(
    'Seconds from a request to its last byte',
    ['end_user', ...key, 'requested_model', 'model', 'user'],
    latencySeconds,
  ),
  litellm_llm_api_latency_metric: histogram(
    'Seconds of an attempt at its backend',
    ['end_user', ...key, 'requested_model', 'model', 'user'],
    latencySeconds,
  ),
  litellm_llm_api_time_to_first_token_metric: histogram(
    'Seconds from an attempt to its first token',
    ['model', ...key],
    latencySeconds,
  ),
  litellm_overhead_latency_metric: histogram(
    'Seconds that the gateway itself took',
    ['model_group', 'api_provider', 'api_base', 'litellm_model_name', 'hashed_api_key', 'api_key_alias'],
    shortSeconds,
  ),
  litellm_deployment_total_requests_total: counter('Attempts', ['requested_model', ...deployment, ...key]),
  litellm_deployment_success_responses_total: counter('Attempts that were answered', [
    'requested_model',
    ...deployment,
    ...key,
  ]),
  litellm_deployment_failure_responses_total: counter('Attempts that failed', [
    'requested_model',
    ...deployment,
    ...key,
    ...failure,
  ]),
  litellm_deployment_latency_per_output_token: histogram(
    'Seconds for each token of an answer',
    [...deployment, ...key],
    perTokenSeconds,
  ),
  litellm_deployment_successful_fallbacks_total: counter('Fallbacks that answered', [
    'requested_model',
    'fallback_model',
    ...key,
    ...failure,
  ]),
  litellm_deployment_failed_fallbacks_total: counter('Fallbacks that failed too', [
    'requested_model',
    'fallback_model',
    ...key,
    ...failure,
  ]),
  litellm_deployment_cooled_down_total: counter('Times that a deployment was seen to begin cooling down', [
    ...deployment,
    'exception_status',
  ]),
  litellm_deployment_state: gauge('0 healthy, 1 partial outage, 2 complete outage', deployment),
  litellm_in_flight_requests: gauge('Attempts being served', []),
  litellm_api_key_max_budget_metric: gauge('Budget of a key, USD', ['hashed_api_key', 'api_key_alias']),
  litellm_remaining_api_key_budget_metric: gauge('What a key may still spend, USD', [
    'hashed_api_key',
    'api_key_alias',
  ]),
  litellm_api_key_budget_remaining_hours_metric: gauge('Hours until the budget of a key is renewed', [
    'hashed_api_key',
    'api_key_alias',
  ]),
  litellm_remaining_api_key_requests_for_model: gauge('Requests that the limits of a key left', limited),
  litellm_remaining_api_key_tokens_for_model: gauge('Tokens that the limits of a key left', limited),
  litellm_team_max_budget_metric: gauge('Budget of a team, USD', ['team', 'team_alias']),
  litellm_remaining_team_budget_metric: gauge('What a team may still spend, USD', ['team', 'team_alias']),
  litellm_team_budget_remaining_hours_metric: gauge('Hours until the budget of a team is renewed', [
    'team',
    'team_alias',
  ]),
  litellm_user_max_budget_metric: gauge('Budget of a user, USD', ['user']),
  litellm_remaining_user_budget_metric: gauge('What a user may still spend, USD', ['user']),
  litellm_user_budget_remaining_hours_metric: gauge('Hours until the budget of a user is renewed', ['user']),
} as const;

type Families = typeof litellmFamilies;
export type Family = keyof Families;
type FamiliesOf<Kind extends string> = { [F in Family]: Families[F] extends { kind: Kind } ? F : never }[Family];
export type CounterFamily = FamiliesOf<'counter'>;
export type GaugeFamily = FamiliesOf<'gauge'>;
export type HistogramFamily = FamiliesOf<'histogram'>;

/** A value for each label of a family. */
export type LabelsOf<F extends Family> = Readonly<Record<Families[F]['labels'][number], string>>;
