/** The sections beside `model_list`, as LiteLLM has them. */
import { z } from 'zod';
import {
  amountUsd,
  anything,
  choice,
  count,
  duration,
  durationText,
  flag,
  freeMap,
  limit,
  names,
  period,
  required,
  seconds,
  special,
  shortText,
  text,
} from './value-types.js';

const fallbackKeys = {
  fallbacks: anything('Models to try when one fails: `[{model: [other, ...]}]` or `{model: [other, ...]}`'),
  default_fallbacks: names('Models to try when one without fallbacks of its own fails'),
  context_window_fallbacks: anything('The same, only for prompts that are too long'),
  content_policy_fallbacks: anything('The same, only for refusals by a content policy'),
};

const sharedRoutingKeys = {
  ...fallbackKeys,
  num_retries: count('Tries after the first one on the same model', { default: '2' }),
  allowed_fails: count('Failures a minute before a deployment rests', { default: '3' }),
  cooldown_time: seconds('How long a failing deployment rests, where the upstream does not say', '5'),
};

export const RouterSettings = z.object({
  routing_strategy: text(
    'simple-shuffle, least-busy, latency-based-routing, usage-based-routing-v2, cost-based-routing, residency',
    { default: 'residency on Ollama hosts, else simple-shuffle' },
  ),
  routing_strategy_args: freeMap('Arguments of the strategy'),
  model_group_alias: special(
    z.record(
      z.string().min(1, 'an alias must not be empty'),
      z.union([z.string().min(1), z.strictObject({ model: z.string().min(1), hidden: z.boolean().optional() })]),
    ),
    'Other names for models: `alias: model` or `alias: {model, hidden: true}`; hidden ones are not listed',
  ),
  ...sharedRoutingKeys,
  timeout: seconds('Wait for a whole answer or, in a stream, for its next bytes', 'litellm_settings.request_timeout'),
  stream_timeout: seconds('Wait for the first token; 0 = only `timeout`', '0'),
  retry_after: seconds('Least wait before a retry on the same host', '0'),
  retry_policy: freeMap('Retries by class of error, e.g. `TimeoutErrorRetries: 1`'),
  model_group_retry_policy: freeMap('The same for single models: `model: {TimeoutErrorRetries: 1}`'),
  allowed_fails_policy: freeMap('Failures before a cooldown by class of error, e.g. `RateLimitErrorAllowedFails: 10`'),
  disable_cooldowns: flag('Never let a deployment rest'),
  max_fallbacks: count('Models that are tried after the first one', { default: '5' }),
  enable_tag_filtering: flag("Only deployments with one of the request's tags"),
  tag_filtering_match_any: flag('One matching tag is enough', 'true'),
  default_max_parallel_requests: limit('max_parallel_requests of deployments without their own'),
});

export const CacheParams = z.object({
  type: text('local, redis or nats; others become nats', { default: 'nats' }),
  ttl: seconds('How long an answer is kept', '600'),
  mode: choice(['default_on', 'default_off'], 'default_off: only for requests that ask for it', {
    default: 'default_on',
  }),
  namespace: text("Part of the cache's keys"),
  supported_call_types: names(
    'What is cached: `completion` (chat, Responses and messages), `text_completion`, `embedding`, or their `a...` forms',
    { default: 'all of them' },
  ),
  url: text('Redis URL, best as `os.environ/NAME`', { default: 'REDIS_URL' }),
  host: text('Redis host', { default: 'REDIS_HOST' }),
  port: special(
    z.union([z.number().int().min(1).max(65_535), z.string().regex(/^\d{1,5}$/, { error: 'must be a port number' })]),
    'Redis port',
    {
      default: 'REDIS_PORT, else 6379',
    },
  ),
  username: text('Redis user', { default: 'REDIS_USERNAME' }),
  password: text('Redis password, best as `os.environ/NAME`', { default: 'REDIS_PASSWORD' }),
  ssl: flag('TLS to Redis; a `rediss://` URL says it too'),
});

export const LitellmSettings = z.object({
  drop_params: flag('Drop parameters that an upstream does not know, rather than refuse'),
  request_timeout: seconds('Wait for a whole answer or, in a stream, for its next bytes', '600'),
  ...sharedRoutingKeys,
  model_alias_map: special(z.record(z.string(), z.string().min(1)), 'The same as router_settings.model_group_alias'),
  callbacks: names(
    '`langfuse`, `langfuse_otel`, `otel`, `arize`, `arize_phoenix`, `logfire`, `prometheus`, for success and failure',
  ),
  success_callback: names('The same, for success'),
  failure_callback: names('The same, for failure'),
  set_verbose: flag('Debug logs, without prompts'),
  cache: flag('Answer repeated requests from the cache'),
  cache_params: special(CacheParams, 'The cache; needs `cache: true`'),
  max_budget: amountUsd('Budget of the whole gateway', { default: 'none' }),
  budget_duration: period('When the budget begins anew', { default: 'never' }),
  budget_exceeded_status_code: special(z.number().int().min(400).max(499), 'Status of a refusal for a used-up budget', {
    default: '429',
  }),
  timezone: text('The same as signalbox.timezone'),
  require_auth_for_metrics_endpoint: flag('/metrics on the main port wants a key', 'true'),
});

const UserHeader = z.object({
  header_name: z.string().min(1),
  litellm_user_role: z.string().min(1).optional(),
});

export const GeneralSettings = z.object({
  master_key: text('The admin key, best as `os.environ/LITELLM_MASTER_KEY`', {
    default: 'LITELLM_MASTER_KEY, else open on loopback only',
  }),
  database_url: text('PostgreSQL', { default: 'DATABASE_URL, else the embedded one' }),
  background_health_checks: flag('Probe backends on a schedule', 'true'),
  health_check_interval: seconds('Time between two probes', '15'),
  alerting: names('`webhook` (WEBHOOK_URL), `slack` (SLACK_WEBHOOK_URL)', { default: 'none' }),
  alert_types: names('Alerts that are sent', { default: 'all' }),
  max_request_size_mb: special(z.number().positive(), 'Largest request body', { unit: 'MiB', default: '32' }),
  user_header_name: text('Header that names the end user, such as `X-OpenWebUI-User-Id`', { default: 'none' }),
  user_header_mappings: special(
    z.union([z.array(UserHeader), UserHeader]),
    'The same as `[{header_name, litellm_user_role: customer}]`',
    { default: 'none' },
  ),
  maximum_spend_logs_retention_period: duration('The same as signalbox.spend_retention'),
});

const ModelBudget = z.strictObject({
  budget_limit: amountUsd('The budget'),
  max_budget: amountUsd('The same'),
  time_period: period('When it begins anew'),
  budget_duration: period('The same'),
});

/** An entry of `key_management.keys`: a virtual key that exists from the start. Other keys of /key/generate work too. */
export const DeclaredKeyEntry = z.looseObject({
  key_alias: required('Its name. Required'),
  key_name: text('The key itself, best as `os.environ/NAME`. Required (`key` works too)'),
  max_budget: amountUsd('Its budget', { default: 'none' }),
  soft_budget: amountUsd('Spend that is reported, not refused'),
  max_tokens_budget: count('Tokens in each budget_duration'),
  max_requests_budget: count('Requests in each budget_duration'),
  budget_duration: period('When its budgets begin anew', { default: 'never' }),
  budget_reset_at: special(
    z.string().regex(/^([01]?\d|2[0-3]):[0-5]\d$/, { error: "must be a time such as '00:00'" }),
    'Time of day at which a day begins, in signalbox.timezone',
    {
      default: '00:00',
    },
  ),
  models: names('Models, access groups or wildcards it may use', { default: 'all' }),
  team_id: shortText('Its team; made if it is not there'),
  user_id: shortText('Its user; made if it is not there'),
  rpm_limit: count('Limit', { unit: 'requests per minute' }),
  rps_limit: count('Limit', { unit: 'requests per second' }),
  tpm_limit: count('Limit', { unit: 'tokens per minute' }),
  max_parallel_requests: count('Requests that may run at once'),
  data_policy: choice(['local', 'no-retention', 'may-retain', 'may-train'], 'The loosest policy its requests may meet'),
  priority: choice(['interactive', 'normal', 'batch'], "Its place in a host's queue", { default: 'normal' }),
  tags: names('Tags on its spend'),
  metadata: freeMap('Kept and shown'),
  duration: duration('How long it lives'),
  aliases: special(z.record(z.string(), z.string().min(1)), 'Names of its own for models'),
  blocked: flag('Refused until it is let in again'),
  logging: choice(['full', 'none'], 'Whether its prompts and answers are written', { default: 'none' }),
  role: choice(['admin', 'user'], 'An admin key may call the admin API', { default: 'user' }),
  max_wait: special(
    z.union([z.number().nonnegative().max(86_400), durationText]),
    'Longest wait in the queue of a host',
    {
      unit: 's',
    },
  ),
  model_rpm_limit: special(z.record(z.string(), z.number().int().nonnegative()), 'Limits for single models', {
    unit: 'requests per minute',
  }),
  model_tpm_limit: special(z.record(z.string(), z.number().int().nonnegative()), 'Limits for single models', {
    unit: 'tokens per minute',
  }),
  model_max_budget: special(
    z.record(z.string(), z.union([z.number().nonnegative(), ModelBudget])),
    'Budgets for single models: `model: {budget_limit: 5, time_period: 1d}`',
    { unit: 'USD' },
  ),
  expires: special(
    z.iso.datetime({ offset: true, error: "must be a time such as '2027-01-31T00:00:00Z'" }),
    'When it ends',
  ),
});
