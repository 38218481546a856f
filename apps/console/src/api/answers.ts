/** The answers of the admin API, as far as the console looks at them. More fields are no error. */
import * as z from 'zod/mini';

const text = z.string();
const maybeText = z.nullable(z.string());
const maybeNumber = z.nullable(z.number());

export const Session = z.object({
  required: z.boolean(),
  signed_in: z.boolean(),
  expires_at: maybeText,
  version: z.optional(text),
  savings_reference: z.optional(maybeText),
});
export type Session = z.infer<typeof Session>;

const Endpoint = z.object({
  model: text,
  model_id: text,
  backend: text,
  provider: text,
  upstream_model: text,
  error: z.optional(text),
});
export type Endpoint = z.infer<typeof Endpoint>;

const LoadedModel = z.object({
  name: text,
  sizeBytes: z.number(),
  vramBytes: z.number(),
  contextLength: maybeNumber,
  expiresAt: maybeText,
});
export type LoadedModel = z.infer<typeof LoadedModel>;

const Host = z.object({
  id: text,
  provider: text,
  api_base: text,
  state: text,
  reason: maybeText,
  since: z.optional(text),
  last_probe_at: z.optional(maybeText),
  probe_latency_ms: z.optional(maybeNumber),
  version: z.optional(maybeText),
  models: z.optional(z.nullable(z.array(text))),
  loaded_models: z.optional(z.nullable(z.array(LoadedModel))),
});
export type Host = z.infer<typeof Host>;

const Problem = z.object({
  severity: z.enum(['error', 'warning', 'note']),
  file: text,
  line: maybeNumber,
  path: text,
  message: text,
});
export type Problem = z.infer<typeof Problem>;

export const Health = z.object({
  healthy_endpoints: z.array(Endpoint),
  unhealthy_endpoints: z.array(Endpoint),
  backends: z.array(Host),
  config: z.object({
    revision: text,
    problems: z.array(Problem),
    refused: z.nullable(z.object({ at: text, problems: z.array(Problem) })),
  }),
});
export type Health = z.infer<typeof Health>;

export const Key = z.object({
  token: text,
  key_name: text,
  key_alias: maybeText,
  role: text,
  status: z.enum(['active', 'blocked', 'expired', 'deleted']),
  team_id: maybeText,
  user_id: maybeText,
  models: z.array(text),
  spend: z.number(),
  total_spend: z.number(),
  max_budget: maybeNumber,
  budget_duration: maybeText,
  budget_reset_at: maybeText,
  max_tokens_budget: maybeNumber,
  max_requests_budget: maybeNumber,
  tokens_used: maybeNumber,
  requests_used: maybeNumber,
  rpm_limit: maybeNumber,
  tpm_limit: maybeNumber,
  data_policy: maybeText,
  expires: maybeText,
  last_active: maybeText,
  created_at: text,
  origin: z.enum(['api', 'config']),
});
export type Key = z.infer<typeof Key>;

export const KeyPage = z.object({
  keys: z.array(Key),
  total_count: z.number(),
  current_page: z.number(),
  total_pages: z.number(),
});

export const NewKey = z.object({ key: text, key_alias: maybeText, warnings: z.optional(z.array(text)) });

/** Answers of which only the success counts. */
export const Anything = z.unknown();

export const TeamList = z.array(z.object({ team_id: text, team_alias: maybeText }));

const SpendLine = z.object({
  id: text,
  name: text,
  spend: z.number(),
  requests: z.number(),
  failures: z.number(),
  prompt_tokens: z.number(),
  completion_tokens: z.number(),
  total_tokens: z.number(),
  cloud_equivalent_spend: z.number(),
  unpriced: z.number(),
});
export type SpendLine = z.infer<typeof SpendLine>;

export const SpendLines = z.array(SpendLine);

const ReportDay = z.object({
  group_by_day: text,
  models: z.optional(SpendLines),
  api_keys: z.optional(SpendLines),
  teams: z.optional(SpendLines),
});
export type ReportDay = z.infer<typeof ReportDay>;

export const Report = z.array(ReportDay);

export const Activity = z.object({
  daily_data: z.array(
    z.object({ day: text, api_requests: z.number(), failed_requests: z.number(), total_tokens: z.number() }),
  ),
});

export const GlobalSpend = z.object({
  spend: z.number(),
  max_budget: maybeNumber,
  budget_reset_at: maybeText,
  requests: z.number(),
  total_tokens: z.number(),
  cloud_equivalent_spend: z.number(),
});

const AttemptRow = z.object({
  request_id: text,
  attempt_id: text,
  startTime: text,
  endTime: text,
  model_group: text,
  served_model_group: text,
  model: text,
  model_id: text,
  custom_llm_provider: text,
  backend_id: text,
  key_alias: maybeText,
  api_key: text,
  team_id: maybeText,
  spend: z.number(),
  cost_source: text,
  prompt_tokens: z.number(),
  completion_tokens: z.number(),
  outcome: text,
  status: z.enum(['success', 'failure']),
  metadata: z.object({ error_information: z.nullable(z.object({ error_code: text })) }),
  stream: z.boolean(),
  cache_hit: text,
  duration_ms: z.number(),
  queued_ms: maybeNumber,
  first_token_ms: maybeNumber,
  tokens_per_second: maybeNumber,
  context_used_percent: maybeNumber,
  estimated: z.boolean(),
  trace_id: maybeText,
});
export type AttemptRow = z.infer<typeof AttemptRow>;

export const AttemptRows = z.array(AttemptRow);
