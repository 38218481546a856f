/** Routes that are here because LiteLLM's clients call them, beside the ones that do the same. Pure. */
import { KeyAnswer, SpendLogRow, TeamAnswer } from '#contracts';
import { z } from 'zod';
import type { Operation } from './operation.js';

const text = z.string();
const count = z.number().int();
const usd = z.number().describe('USD');
const anything = z.unknown();

const countedBody = {
  model: text,
  messages: z.array(anything).describe('As in the OpenAI API').optional(),
  prompt: z.union([text, z.array(text)]).optional(),
  contents: z.array(anything).describe('As in the Gemini API').optional(),
};
const period = {
  start_date: 'A day (2026-11-20) or a time; without dates the last 30 days',
  end_date: 'A day, which is included, or a time',
};
const logPages: Operation = {
  tag: 'spend',
  summary: 'Attempts in numbered pages',
  query: {
    ...period,
    page: 'From 1',
    page_size: 'At most 500; 50 where it is not given',
    sort_by: 'startTime (default), endTime, spend or total_tokens',
    sort_order: 'asc or desc (default)',
    api_key: 'A key or its token',
    key_alias: 'A key by its name',
    user_id: 'Rows of a user',
    team_id: 'Rows of a team',
    end_user: 'Rows of an end user',
    request_id: 'One request',
    model: 'As asked, or as the upstream knows it',
    model_id: 'Rows of a deployment',
    status_filter: 'success or failure',
    min_spend: 'USD',
    max_spend: 'USD',
    tags: 'Separated by commas; rows that have all of them',
  },
  answer: z.object({ data: z.array(SpendLogRow), total: count, page: count, page_size: count, total_pages: count }),
};
const modelsOfTeam = z.object({ team_id: text, models: z.array(text) });

export const litellmOperations: Readonly<Record<string, Operation>> = {
  'POST /utils/token_counter': {
    tag: 'inference',
    summary: 'Tokens of a prompt, estimated; no model is asked',
    body: z.looseObject(countedBody),
    answer: z.object({
      total_tokens: count,
      request_model: text,
      model_used: text,
      model: text,
      tokenizer_type: text,
    }),
  },
  'POST /spend/calculate': {
    tag: 'spend',
    summary: 'What an answer cost, or its prompt alone',
    body: z.looseObject({
      ...countedBody,
      model: text.optional(),
      completion_response: z.looseObject({}).describe('An answer with `model` and `usage`').optional(),
    }),
    answer: z.object({ cost: usd }),
  },
  'GET /spend/logs/v2': logPages,
  'GET /spend/logs/ui': { ...logPages, summary: 'The same' },
  'POST /global/spend/end_users': {
    tag: 'spend',
    summary: 'End users by spend',
    body: z.object({ startTime: text.optional(), endTime: text.optional(), api_key: text.optional() }),
    answer: z.array(z.object({ end_user: text, total_count: count, total_spend: usd })),
  },
  'GET /global/spend/all_tag_names': {
    tag: 'spend',
    summary: 'Tags that something was spent under',
    query: period,
    answer: z.object({ tag_names: z.array(text) }),
  },
  'POST /v2/key/info': {
    tag: 'keys',
    summary: 'Several keys',
    body: z.object({ keys: z.array(text) }),
    answer: z.object({ key: z.array(text), info: z.array(KeyAnswer) }),
  },
  'POST /key/bulk_update': {
    tag: 'keys',
    summary: 'Change several keys, each on its own',
    body: z.object({ keys: z.array(z.looseObject({ key: text })) }),
    answer: z.object({
      total_requested: count,
      successful_updates: z.array(z.object({ key: text, key_info: KeyAnswer })),
      failed_updates: z.array(z.object({ key: text, key_info: z.null(), failed_reason: text })),
    }),
  },
  'POST /key/{key}/reset_spend': {
    tag: 'keys',
    summary: 'Set back what counts as spent',
    body: z.object({ reset_to: usd }),
    answer: z.object({
      key_hash: text,
      spend: usd,
      previous_spend: usd,
      max_budget: usd.nullable(),
      budget_reset_at: text.nullable(),
    }),
  },
  'POST /user/bulk_update': {
    tag: 'users',
    summary: 'Change several users, each on its own',
    body: z.object({ users: z.array(z.looseObject({ user_id: text })) }),
  },
  'GET /user/available_roles': { tag: 'users', summary: 'Roles that users may have' },
  'POST /team/model/add': { tag: 'teams', summary: 'More models for a team', body: modelsOfTeam, answer: TeamAnswer },
  'POST /team/model/delete': {
    tag: 'teams',
    summary: 'Fewer models for a team; who loses the last one may use none',
    body: modelsOfTeam,
    answer: TeamAnswer,
  },
  'GET /v2/team/list': {
    tag: 'teams',
    summary: 'Teams in numbered pages',
    query: { page: 'From 1', page_size: 'At most 100', user_id: 'Teams of a user' },
    answer: z.object({ teams: z.array(TeamAnswer), total: count, page: count, page_size: count, total_pages: count }),
  },
};
