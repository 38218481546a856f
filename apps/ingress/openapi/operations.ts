/** Every route of the API, described once; a test fails for a route that is missing here. Pure. */
import { GlobalSpend, KeyAnswer, SummarizeSpend, TeamAnswer, UserAnswer } from '#contracts';
import { z } from 'zod';
import * as answer from './answers.js';
import * as body from './bodies.js';
import { litellmOperations } from './litellm-operations.js';
import type { Operation } from './operation.js';

const period = {
  start_date: 'A day (2026-11-20) or an ISO time; without dates the last 30 days',
  end_date: 'A day, which is included, or an ISO time',
};
const page = { page: 'From 1', size: 'At most 100' };

export const operations: Readonly<Record<string, Operation>> = {
  ...litellmOperations,
  'POST /v1/chat/completions': {
    tag: 'inference',
    summary: 'Chat, in OpenAI’s shape',
    body: body.ChatCompletionBody,
    streams: true,
  },
  'POST /v1/completions': { tag: 'inference', summary: 'Text completion', body: body.CompletionBody, streams: true },
  'POST /v1/embeddings': { tag: 'inference', summary: 'Embeddings', body: body.EmbeddingBody },
  'POST /v1/responses': {
    tag: 'inference',
    summary: 'Chat, in the shape of OpenAI’s Responses',
    body: body.ResponsesBody,
    streams: true,
  },
  'POST /v1/rerank': {
    tag: 'inference',
    summary: 'Orders documents by a query; passed through to deployments of mode rerank',
    body: body.RerankBody,
  },
  'POST /v2/rerank': { tag: 'inference', summary: 'The same, for Cohere’s clients', body: body.RerankBody },
  'POST /v1/moderations': {
    tag: 'inference',
    summary: 'Passed through to deployments of mode moderation',
    body: body.ModerationBody,
  },
  'POST /v1/audio/speech': {
    tag: 'inference',
    summary: 'Text to speech; passed through to deployments of mode audio_speech, answers audio',
    body: body.SpeechBody,
  },
  'POST /v1/audio/transcriptions': {
    tag: 'inference',
    summary: 'Speech to text: multipart/form-data with `file` and `model`; deployments of mode audio_transcription',
  },
  'POST /v1/audio/translations': { tag: 'inference', summary: 'The same, into English' },
  'POST /v1/images/generations': {
    tag: 'inference',
    summary: 'Makes images; passed through to deployments of mode image_generation',
    body: body.ImageBody,
  },
  'POST /v1/images/edits': {
    tag: 'inference',
    summary: 'Changes images: multipart/form-data with `image`, `prompt` and `model`',
  },
  'POST /v1/images/variations': {
    tag: 'inference',
    summary: 'Variations of an image: multipart/form-data with `image` and `model`',
  },
  'POST /v1/messages': {
    tag: 'inference',
    summary: 'Chat, in Anthropic’s shape, in front of any model',
    body: body.MessagesBody,
    streams: true,
  },
  'POST /v1/messages/count_tokens': {
    tag: 'inference',
    summary: 'Tokens of a prompt, estimated; no model is asked',
    body: body.MessagesBody.partial({ max_tokens: true }),
    answer: z.object({ input_tokens: z.int() }),
  },
  'GET /v1/models': { tag: 'models', summary: 'Models that the key may use', answer: answer.ModelList },
  'GET /v1/models/{id}': { tag: 'models', summary: 'One model; its name may hold slashes' },
  'GET /v1/model_group/info': {
    tag: 'models',
    summary: 'The same by name: what the deployments of one name can together',
    query: { model_group: 'Only this name' },
  },
  'GET /v1/model/info': {
    tag: 'models',
    summary: 'Deployments of these models, with price, context and data policy',
    query: { litellm_model_id: 'Only the deployment with this id' },
  },

  'POST /key/generate': { tag: 'keys', summary: 'Make a key', body: body.NewKeyBody, answer: answer.KeyWithSecret },
  'POST /key/service-account/generate': {
    tag: 'keys',
    summary: 'The same, under LiteLLM’s name for keys without a user',
    body: body.NewKeyBody,
    answer: answer.KeyWithSecret,
  },
  'POST /key/update': { tag: 'keys', summary: 'Change a key', body: body.ChangedKeyBody, answer: KeyAnswer },
  'POST /key/delete': { tag: 'keys', summary: 'Delete keys', body: body.DeletedKeysBody, answer: answer.DeletedKeys },
  'POST /key/block': { tag: 'keys', summary: 'Block a key at once', body: body.NamedKeyBody, answer: KeyAnswer },
  'POST /key/unblock': { tag: 'keys', summary: 'Let a key in again', body: body.NamedKeyBody, answer: KeyAnswer },
  'POST /key/regenerate': {
    tag: 'keys',
    summary: 'A new secret for a key',
    body: body.RenewedKeyBody,
    answer: answer.KeyWithSecret,
  },
  'POST /key/{key}/regenerate': {
    tag: 'keys',
    summary: 'The same, with the key in the path',
    body: body.RenewedKeyBody.omit({ key: true }),
    answer: answer.KeyWithSecret,
  },
  'GET /key/info': {
    tag: 'keys',
    summary: 'A key, its limits and what it spent; a key sees itself',
    query: { key: 'The key or its token; without it the key that asks' },
    answer: answer.KeyInfo,
  },
  'GET /key/aliases': {
    tag: 'keys',
    summary: 'The names of keys',
    query: { ...page, search: 'The beginning of the name' },
    answer: answer.KeyAliases,
  },
  'GET /key/list': {
    tag: 'keys',
    summary: 'Keys, newest first',
    query: {
      ...page,
      key_alias: 'The beginning of the name',
      team_id: 'Keys of a team',
      user_id: 'Keys of a user',
      sort_by: 'created_at (default), updated_at, key_alias, spend, max_budget or expires',
      sort_order: 'asc or desc (default)',
      return_full_object: '`true`: whole keys instead of tokens',
    },
    answer: answer.KeyList,
  },

  'POST /team/new': { tag: 'teams', summary: 'Make a team', body: body.TeamFields, answer: TeamAnswer },
  'POST /team/generate': { tag: 'teams', summary: 'The same', body: body.TeamFields, answer: TeamAnswer },
  'POST /team/update': { tag: 'teams', summary: 'Change a team', body: body.TeamFields, answer: answer.ChangedTeam },
  'POST /team/delete': { tag: 'teams', summary: 'Delete teams and their keys', body: body.DeletedTeamsBody },
  'POST /team/block': {
    tag: 'teams',
    summary: 'Block every key of a team',
    body: body.NamedTeamBody,
    answer: TeamAnswer,
  },
  'POST /team/unblock': { tag: 'teams', summary: 'Let a team in again', body: body.NamedTeamBody, answer: TeamAnswer },
  'POST /team/member_update': {
    tag: 'teams',
    summary: 'Change the role or the budget of a member',
    body: body.ChangedMemberBody,
  },
  'POST /team/member_add': { tag: 'teams', summary: 'Add members', body: body.MembersBody, answer: TeamAnswer },
  'POST /team/bulk_member_add': {
    tag: 'teams',
    summary: 'The same, with the members as `members`',
    body: body.BulkMembersBody,
    answer: TeamAnswer,
  },
  'POST /team/member_delete': {
    tag: 'teams',
    summary: 'Remove members',
    body: body.LeavingMembersBody,
    answer: TeamAnswer,
  },
  'GET /team/info': {
    tag: 'teams',
    summary: 'A team and its keys',
    query: { team_id: 'Required' },
    answer: answer.TeamInfo,
  },
  'GET /team/list': {
    tag: 'teams',
    summary: 'Teams',
    query: { ...page, user_id: 'Teams of a user' },
    answer: z.array(TeamAnswer),
  },

  'POST /user/new': { tag: 'users', summary: 'Make a user, and a key', body: body.NewUserBody, answer: UserAnswer },
  'POST /user/generate': { tag: 'users', summary: 'The same', body: body.NewUserBody, answer: UserAnswer },
  'POST /user/update': { tag: 'users', summary: 'Change a user', body: body.UserFields },
  'POST /user/delete': { tag: 'users', summary: 'Delete users and their keys', body: body.DeletedUsersBody },
  'POST /user/block': {
    tag: 'users',
    summary: 'Block every key of a user',
    body: body.NamedUserBody,
    answer: UserAnswer,
  },
  'POST /user/unblock': { tag: 'users', summary: 'Let a user in again', body: body.NamedUserBody, answer: UserAnswer },
  'GET /user/info': {
    tag: 'users',
    summary: 'A user with keys and teams',
    query: { user_id: 'Without it the user of the key that asks; who is no admin sees that one only' },
    answer: answer.UserInfo,
  },
  'GET /user/list': {
    tag: 'users',
    summary: 'Users',
    query: { page: 'From 1', page_size: 'At most 100', role: 'Users of one role' },
    answer: answer.UserList,
  },
  'GET /audit': {
    tag: 'users',
    summary: 'Who changed which key, team or user',
    query: {
      target_kind: 'key, team or user',
      target_id: 'Changes of one of them',
      before: 'The id of the last entry of the page before',
      limit: 'At most 500',
    },
    answer: answer.AuditList,
  },

  'GET /spend/logs': {
    tag: 'spend',
    summary: 'Attempts, newest first; with both dates the sums of each day',
    query: {
      ...period,
      summarize: '`false`: rows also with dates',
      limit: 'At most 500',
      cursor: 'The header x-next-cursor of the page before',
      api_key: 'A key or its token',
      key_alias: 'A key by its name',
      user_id: 'Rows of a user',
      team_id: 'Rows of a team',
      end_user: 'Rows of an end user',
      request_id: 'One request',
      model: 'As asked, or as the upstream knows it',
      tags: 'Separated by commas; rows that have all of them',
      status: 'success or failure',
      format: '`csv`: lines of text',
    },
    answer: z.union([answer.SpendLogs, SummarizeSpend.reply.shape.days]),
  },
  'GET /spend/tags': { tag: 'spend', summary: 'Spend by tag', query: period, answer: answer.TagList },
  'GET /spend/keys': { tag: 'spend', summary: 'Keys by spend', query: period, answer: answer.SpendLines },
  'GET /spend/users': { tag: 'spend', summary: 'Users by spend', query: period, answer: answer.SpendLines },
  'GET /global/spend': {
    tag: 'spend',
    summary: 'Everything ever spent, and the budget of the gateway',
    answer: GlobalSpend.reply.omit({ v: true }),
  },
  'GET /global/spend/report': {
    tag: 'spend',
    summary: 'Spend of each day by team, key, model or another group',
    query: {
      ...period,
      group_by: 'team (default), customer, api_key, model, tag, user, provider or backend',
      id: 'Only this one',
      api_key: 'Only this key; so team_id, internal_user_id and customer_id',
      team_id: 'Only this team',
      internal_user_id: 'Only this user',
      customer_id: 'Only this end user',
    },
    answer: answer.SpendReport,
  },
  'GET /global/spend/keys': { tag: 'spend', summary: 'Keys by spend', query: period, answer: answer.SpendLines },
  'GET /global/spend/teams': { tag: 'spend', summary: 'Teams by spend', query: period, answer: answer.SpendLines },
  'GET /global/spend/models': { tag: 'spend', summary: 'Models by spend', query: period, answer: answer.SpendLines },
  'GET /global/spend/provider': {
    tag: 'spend',
    summary: 'Providers by spend',
    query: period,
    answer: answer.SpendLines,
  },
  'GET /global/spend/tags': { tag: 'spend', summary: 'Tags by spend', query: period, answer: answer.TagTotals },
  'GET /global/spend/logs': { tag: 'spend', summary: 'What each day cost', query: period, answer: answer.DailyTotals },
  'GET /user/daily/activity': {
    tag: 'spend',
    summary: 'Days with their users, models and keys',
    query: { ...period, user_id: 'Of one user' },
    answer: answer.DailyActivity,
  },
  'GET /user/daily/activity/aggregated': {
    tag: 'spend',
    summary: 'The same',
    query: { ...period, user_id: 'Of one user' },
    answer: answer.DailyActivity,
  },
  'GET /team/daily/activity': {
    tag: 'spend',
    summary: 'Days with their teams, models and keys',
    query: { ...period, team_ids: 'Of some teams, with commas between' },
    answer: answer.DailyActivity,
  },
  'GET /global/activity': {
    tag: 'spend',
    summary: 'Requests and tokens of each day',
    query: period,
    answer: answer.Activity,
  },
  'GET /global/activity/model': {
    tag: 'spend',
    summary: 'The same by model',
    query: period,
    answer: answer.ActivityByModel,
  },

  'GET /health': {
    tag: 'operation',
    summary: 'Every backend: state, last probe, loaded models, and why not',
    query: { model: 'Only the endpoints of this model', model_id: 'Only the deployment with this id' },
    answer: answer.HealthReport,
  },
  'GET /health/liveliness': { tag: 'operation', summary: 'The process runs', open: true },
  'GET /health/liveness': { tag: 'operation', summary: 'The same', open: true },
  'GET /health/readiness': {
    tag: 'operation',
    summary: '200 where it can serve, else 503 and what is missing',
    open: true,
  },
  'POST /backends/{id}/drain': {
    tag: 'operation',
    summary: 'A host finishes what runs and takes nothing new',
    body: body.DrainBody,
  },
  'GET /metrics': {
    tag: 'operation',
    summary: 'Totals of the whole suite for Prometheus, under LiteLLM’s names',
    description:
      'Only where the config has `callbacks: ["prometheus"]`; open where `require_auth_for_metrics_endpoint` is false. Each service has metrics of its own on its management port.',
  },
  'GET /openapi.json': { tag: 'operation', summary: 'This description', open: true },
  'GET /docs': { tag: 'operation', summary: 'This description as a page', open: true },
};
