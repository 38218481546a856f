/** Answers, as the description of the API shows them: what accounting gives, in the shapes the ingress puts it into. Pure. */
import { z } from 'zod';
import {
  AuditEntry,
  ConfigProblem,
  KeyAnswer,
  LoadedModel,
  ReportActivity,
  ReportDay,
  ReportTags,
  SpendLine,
  SpendLogRow,
  TeamAnswer,
  UserAnswer,
} from '#contracts';

const text = z.string();
const count = z.number().int();
const warnings = { warnings: z.array(text).describe('What was not acted on').optional() };

export const ErrorAnswer = z.object({
  error: z.object({ message: text, type: text, param: text.nullable(), code: text.nullable() }),
});

export const KeyWithSecret = z.object({
  key: text.describe('The key. It is shown this once.'),
  token_id: text,
  ...KeyAnswer.shape,
  ...warnings,
});
export const KeyList = z.object({
  keys: z.array(z.union([text, KeyAnswer])).describe('Tokens; with return_full_object=true, keys'),
  total_count: count,
  current_page: count,
  total_pages: count,
});
export const KeyInfo = z.object({ key: text, info: KeyAnswer });
export const DeletedKeys = z.object({ deleted_keys: z.array(text), deleted: z.array(text) });
export const ChangedTeam = z.object({ team_id: text, data: TeamAnswer, ...warnings });
export const TeamInfo = z.object({ team_id: text, team_info: TeamAnswer, keys: z.array(KeyAnswer) });
export const UserInfo = z.object({
  user_id: text,
  user_info: UserAnswer,
  keys: z.array(KeyAnswer),
  teams: z.array(TeamAnswer),
});
export const UserList = z.object({
  users: z.array(UserAnswer),
  total: count,
  page: count,
  page_size: count,
  total_pages: count,
});
export const SpendLogs = z.array(SpendLogRow);
export const SpendLines = z.array(SpendLine);
export const SpendReport = z.array(ReportDay);
export const Activity = ReportActivity.reply.shape.all;
export const ActivityByModel = ReportActivity.reply.shape.models;
export const TagList = ReportTags.reply.shape.tags;
export const TagTotals = z.object({
  spend_per_tag: z.array(z.object({ name: text, spend: z.number(), log_count: count })),
});
export const DailyTotals = z.array(z.object({ date: text, spend: z.number() }));
const metrics = z.object({
  spend: z.number(),
  prompt_tokens: count,
  completion_tokens: count,
  total_tokens: count,
  api_requests: count,
  successful_requests: count,
  failed_requests: count,
});
const shares = z.record(text, z.object({ metrics, metadata: z.object({}) }));
export const DailyActivity = z.object({
  results: z.array(
    z.object({ date: text, metrics, breakdown: z.object({ entities: shares, models: shares, api_keys: shares }) }),
  ),
  metadata: z.looseObject({ total_spend: z.number(), total_tokens: count, total_api_requests: count }),
});
export const KeyAliases = z.object({
  aliases: z.array(text),
  total_count: count,
  current_page: count,
  total_pages: count,
  size: count,
});
export const AuditList = z.object({ entries: z.array(AuditEntry), next: count.nullable() });

export const ModelList = z.object({
  object: z.literal('list'),
  data: z.array(z.looseObject({ id: text, object: z.literal('model'), created: count, owned_by: text })),
});

const endpoint = z.object({
  model: text,
  model_id: text,
  backend: text,
  provider: text,
  upstream_model: text,
  api_base: text.optional(),
  error: text.describe('Why it takes no requests').optional(),
});

export const HealthReport = z.object({
  healthy_endpoints: z.array(endpoint),
  unhealthy_endpoints: z.array(endpoint),
  healthy_count: count,
  unhealthy_count: count,
  backends: z.array(
    z.looseObject({
      id: text,
      provider: text,
      api_base: text,
      state: text,
      reason: text.nullable(),
      last_probe_at: text.nullable().optional(),
      loaded_models: z.array(LoadedModel).nullable().optional(),
    }),
  ),
  config: z.object({
    revision: text,
    problems: z.array(ConfigProblem),
    refused: z.object({ at: text, problems: z.array(ConfigProblem) }).nullable(),
  }),
});
