/** Bodies that clients send, as the description of the API shows them. The parsers in libs/wire and accounting decide; the tests hold these against them. Pure. */
import { z } from 'zod';

const text = z.string();
const anything = z.unknown();

const gatewayFields = {
  metadata: z
    .record(z.string(), anything)
    .describe('`tags` in it are kept with the spend; nothing else is acted on')
    .optional(),
  user: text.describe('The end user, for the spend by customer').optional(),
  fallbacks: z
    .array(text)
    .describe('Models to go on with where this one fails, of those that the key may use')
    .optional(),
  disable_fallbacks: z.boolean().optional(),
  num_retries: z.int().min(0).optional(),
  timeout: z.number().describe('Seconds for the whole answer, or between two pieces of a stream').optional(),
  stream_timeout: z.number().describe('Seconds until the first token').optional(),
  cache: z
    .object({
      'no-cache': z.boolean().optional(),
      'no-store': z.boolean().optional(),
      'use-cache': z.boolean().optional(),
      ttl: z.number().describe('Seconds for which the answer is kept').optional(),
      's-maxage': z.number().describe('Seconds that a kept answer may be old').optional(),
      namespace: text.optional(),
    })
    .describe('How this request uses the response cache, where there is one')
    .optional(),
  drop_params: z.boolean().describe('Leave out what the model does not know, instead of refusing').optional(),
};

const sampling = {
  temperature: z.number().min(0).max(2).optional(),
  top_p: z.number().min(0).max(1).optional(),
  top_k: z.int().optional(),
  stop: z.union([text, z.array(text)]).optional(),
  seed: z.int().optional(),
  presence_penalty: z.number().min(-2).max(2).optional(),
  frequency_penalty: z.number().min(-2).max(2).optional(),
  n: z.int().min(1).optional(),
};

const streaming = {
  stream: z.boolean().describe('Answer as server-sent events').optional(),
  stream_options: z.object({ include_usage: z.boolean().optional() }).optional(),
};

const model = text.describe('A name of /v1/models');

export const ChatCompletionBody = z.looseObject({
  model,
  messages: z
    .array(z.looseObject({ role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']), content: anything }))
    .describe('As in the OpenAI API: text, images, tool calls and their results'),
  max_tokens: z.int().min(1).optional(),
  max_completion_tokens: z.int().min(1).optional(),
  tools: z.array(z.looseObject({ type: text })).optional(),
  tool_choice: anything.optional(),
  response_format: z.looseObject({ type: z.enum(['text', 'json_object', 'json_schema']) }).optional(),
  reasoning_effort: text.optional(),
  logprobs: z.boolean().optional(),
  top_logprobs: z.int().min(0).max(20).optional(),
  ...sampling,
  ...streaming,
  ...gatewayFields,
});

export const CompletionBody = z.looseObject({
  model,
  prompt: z.union([text, z.array(text)]),
  suffix: text.optional(),
  max_tokens: z.int().min(1).optional(),
  echo: z.boolean().optional(),
  logprobs: z.int().min(0).max(5).optional(),
  ...sampling,
  ...streaming,
  ...gatewayFields,
});

export const EmbeddingBody = z.looseObject({
  model,
  input: z.union([text, z.array(text)]),
  dimensions: z.int().min(1).optional(),
  encoding_format: z.enum(['float', 'base64']).optional(),
  ...gatewayFields,
});

const ownModel = model.describe('A name of /v1/models; without it the first one of that mode').optional();
const list = z.array(anything).min(1);

export const RerankBody = z.looseObject({
  model: ownModel,
  query: text.min(1),
  documents: list,
  top_n: z.int().min(1).optional(),
  return_documents: z.boolean().optional(),
});

export const ModerationBody = z.looseObject({ model: ownModel, input: z.union([text.min(1), list]) });

export const SpeechBody = z.looseObject({
  model: ownModel,
  input: text.min(1),
  voice: anything.optional(),
  response_format: text.describe('mp3, opus, aac, flac, wav or pcm').optional(),
  speed: z.number().optional(),
});

export const ImageBody = z.looseObject({
  model: ownModel,
  prompt: text.min(1),
  n: z.int().min(1).optional(),
  size: text.optional(),
  quality: text.optional(),
});

export const ResponsesBody = z.looseObject({
  model,
  input: z.union([text, z.array(z.looseObject({}))]).describe('A text, or items as in the OpenAI Responses API'),
  instructions: text.optional(),
  max_output_tokens: z.int().min(1).optional(),
  tools: z.array(z.looseObject({ type: text })).optional(),
  reasoning: z.looseObject({}).optional(),
  text: z.looseObject({}).optional(),
  temperature: sampling.temperature,
  top_p: sampling.top_p,
  stream: streaming.stream,
});

export const MessagesBody = z.looseObject({
  model,
  max_tokens: z.int().min(1),
  messages: z.array(z.looseObject({ role: z.enum(['user', 'assistant']), content: anything })),
  system: anything.optional(),
  tools: z.array(z.looseObject({ name: text })).optional(),
  thinking: z.looseObject({}).optional(),
  temperature: z.number().min(0).max(1).optional(),
  stop_sequences: z.array(text).optional(),
  stream: streaming.stream,
});

const limited = {
  models: z.array(text).describe('Names, access groups or patterns; empty for every model').optional(),
  max_budget: z.number().min(0).describe('USD').optional(),
  soft_budget: z.number().min(0).describe('USD; crossing it is told, not refused').optional(),
  budget_duration: text.describe('When the budget is renewed: 1d, 7d, 30d, 1mo').optional(),
  budget_reset_at: text.describe('Time of day of the renewal, in the configured time zone: 06:30').optional(),
  max_tokens_budget: z.int().min(0).optional(),
  max_requests_budget: z.int().min(0).optional(),
  rpm_limit: z.int().min(0).describe('Requests a minute').optional(),
  rps_limit: z.int().min(0).describe('Requests a second').optional(),
  tpm_limit: z.int().min(0).describe('Tokens a minute').optional(),
  max_parallel_requests: z.int().min(0).optional(),
  data_policy: text.describe('Where prompts may go').optional(),
  metadata: z.record(z.string(), anything).optional(),
  blocked: z.boolean().optional(),
  model_max_budget: z
    .record(z.string(), anything)
    .describe('Budgets of single models: {"gpt-4o": {"budget_limit": 2, "time_period": "1d"}}')
    .optional(),
  model_rpm_limit: z.record(z.string(), z.int()).optional(),
  model_tpm_limit: z.record(z.string(), z.int()).optional(),
  spend: z.number().min(0).describe('USD; sets what counts as spent, as a correction in the ledger').optional(),
};

/** What a key may and must not do. */
export const KeyFields = z.looseObject({
  key_alias: text.optional(),
  team_id: text.describe('A team that does not exist is made').optional(),
  user_id: text.describe('A user that does not exist is made').optional(),
  role: z.enum(['admin', 'user']).optional(),
  duration: text.describe('How long the key is valid: 24h, 30d').optional(),
  aliases: z.record(z.string(), text).describe('Names that this key maps to others').optional(),
  tags: z.array(text).optional(),
  temp_budget_increase: z.number().min(0).describe('USD on top of max_budget until temp_budget_expiry').optional(),
  temp_budget_expiry: text.describe('How long, or until when: 24h, 2026-12-31T00:00:00Z').optional(),
  priority: z.enum(['interactive', 'normal', 'batch']).describe('Place in the queue of a host').optional(),
  max_wait: z.union([z.number(), text]).describe('Longest wait in a queue, seconds').optional(),
  logging: z.enum(['full', 'none']).describe('`full` keeps prompts and answers').optional(),
  ...limited,
});

export const TeamFields = z.looseObject({
  team_id: text.optional(),
  team_alias: text.optional(),
  team_member_budget: z.number().min(0).describe('USD of each member without a max_budget_in_team').optional(),
  team_member_rpm_limit: z.int().min(0).describe('Of each member without a limit of their own').optional(),
  team_member_tpm_limit: z.int().min(0).describe('Of each member without a limit of their own').optional(),
  ...limited,
});

export const UserFields = z.looseObject({
  user_id: text.optional(),
  user_alias: text.optional(),
  user_email: text.optional(),
  user_role: text.optional(),
  ...limited,
});

const namedKey = { key: text.describe('The key itself, or its token') };
export const NewKeyBody = z.looseObject({
  key: text.describe('A key of your own choice; without it one is made').optional(),
  ...KeyFields.shape,
});
export const ChangedKeyBody = z.looseObject({ ...namedKey, ...KeyFields.shape });
export const NamedKeyBody = z.object(namedKey);
export const DeletedKeysBody = z.object({ keys: z.array(text).optional(), key_aliases: z.array(text).optional() });
export const RenewedKeyBody = z.looseObject({
  ...namedKey,
  new_key: text.optional(),
  grace_period: text.describe('How long the old key stays valid: 24h').optional(),
});
export const NamedTeamBody = z.object({ team_id: text });
export const DeletedTeamsBody = z.object({ team_ids: z.array(text) });
export const MembersBody = z.object({
  team_id: text,
  member: anything.describe('{user_id, user_email, role, max_budget_in_team} or a list of them'),
  max_budget_in_team: z.number().min(0).nullable().describe('USD, of each that has none of its own').optional(),
});
export const BulkMembersBody = z.object({
  team_id: text,
  members: z.array(anything).describe('Each {user_id, user_email, role, max_budget_in_team}'),
});
export const ChangedMemberBody = z.object({
  team_id: text,
  user_id: text,
  role: z.enum(['admin', 'user']).optional(),
  max_budget_in_team: z.number().min(0).nullable().describe('USD, renewed with the team’s budget').optional(),
  rpm_limit: z.int().min(0).nullable().optional(),
  tpm_limit: z.int().min(0).nullable().optional(),
});
export const LeavingMembersBody = z.object({
  team_id: text,
  user_id: text.optional(),
  user_ids: z.array(text).optional(),
  user_email: text.optional(),
});
export const NamedUserBody = z.object({ user_id: text });
export const DeletedUsersBody = z.object({ user_ids: z.array(text) });
export const NewUserBody = z.looseObject({
  ...UserFields.shape,
  auto_create_key: z.boolean().describe('Make a key too (default)').optional(),
});
export const DrainBody = z.object({ draining: z.boolean().describe('false takes the host back in').optional() });
