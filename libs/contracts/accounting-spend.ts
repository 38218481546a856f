/** Spend over the bus: single rows, reports, and what is told when usage could not be read. Answers in LiteLLM's shapes, money in USD. */
import { z } from 'zod';
import { durableContract, requestContract } from './contract.js';
import { AttemptId, KeyId, RequestId } from './ids.js';

const v = z.literal(1);
const usd = z.number();
const count = z.number().int();
const text = z.string();
/** A day `2026-11-20`, or a time in ISO form. A day as the end includes that day. */
const dayOrTime = z.string().max(40);

/** Whose spend may be seen: null = everybody's. A key that asks for itself sees only its own. */
const seenBy = z.object({ keyId: KeyId }).nullable();

/** One attempt, with the names of LiteLLM's SpendLogs and, after them, our own. */
export const SpendLogRow = z.object({
  request_id: text,
  call_type: text,
  api_key: text.describe('the id of the key'),
  spend: usd,
  total_tokens: count,
  prompt_tokens: count,
  completion_tokens: count,
  startTime: text,
  endTime: text,
  completionStartTime: text.nullable(),
  model: text.describe('the name that the upstream knows'),
  model_id: text,
  model_group: text.describe('the name that the client asked for'),
  custom_llm_provider: text,
  user: text,
  team_id: text.nullable(),
  end_user: text.nullable(),
  metadata: z.object({
    user_api_key_alias: text.nullable(),
    user_api_key_team_id: text.nullable(),
    user_api_key_user_id: text.nullable(),
    error_information: z.object({ error_code: text }).nullable(),
  }),
  cache_hit: text.describe('"True" or "False", as LiteLLM writes it'),
  request_tags: z.array(text),
  status: z.enum(['success', 'failure']),
  attempt_id: text,
  outcome: text,
  finish_reason: text.nullable(),
  key_alias: text.nullable(),
  backend_id: text,
  served_model_group: text,
  stream: z.boolean(),
  cached_input_tokens: count,
  cache_write_tokens: count,
  reasoning_tokens: count,
  token_source: text,
  cost_source: text,
  cloud_equivalent_spend: usd.nullable(),
  duration_ms: z.number(),
  queued_ms: z.number().nullable(),
  first_token_ms: z.number().nullable(),
  tokens_per_second: z.number().nullable(),
  context_used_percent: z.number().nullable(),
  data_policy: text.nullable(),
  source: text,
  /** Nobody reported what was used: the reservation was charged. */
  estimated: z.boolean(),
  trace_id: text.nullable(),
});
export type SpendLogRow = z.infer<typeof SpendLogRow>;

/** What pages of rows may be sorted by, in LiteLLM's names. */
export const spendLogOrders = ['startTime', 'endTime', 'spend', 'total_tokens'] as const;

/**
 * Rows, newest first. `next` is the cursor of the next page, null on the last. With `csv` the rows come as text lines. With
 * `page` they come in numbered pages of `limit` rows, sorted as asked, and `total` says how many rows there are.
 */
export const ListSpendLogs = requestContract({
  subject: 'accounting.spend.logs',
  request: z.object({
    v,
    seenBy,
    key: text.nullable().default(null).describe('a key by its id'),
    key_alias: text.nullable().default(null),
    user_id: text.nullable().default(null),
    team_id: text.nullable().default(null),
    end_user: text.nullable().default(null),
    request_id: text.nullable().default(null),
    model: text.nullable().default(null).describe('as asked, or as the upstream knows it'),
    tags: z.array(text).max(20).default([]).describe('rows that have all of them'),
    status: z.enum(['success', 'failure']).nullable().default(null),
    start_date: dayOrTime.nullable().default(null),
    end_date: dayOrTime.nullable().default(null),
    cursor: text.max(400).nullable().default(null),
    limit: count.min(1).max(500).default(100),
    csv: z.boolean().default(false),
    /** Since 0.2. */
    page: count.min(1).nullable().default(null),
    sort_by: z.enum(spendLogOrders).default('startTime'),
    sort_order: z.enum(['asc', 'desc']).default('desc'),
    min_spend: usd.nullable().default(null),
    max_spend: usd.nullable().default(null),
    model_id: text.nullable().default(null).describe('a deployment by its id'),
  }),
  reply: z.object({
    v,
    rows: z.array(SpendLogRow),
    csv: text.nullable(),
    next: text.nullable(),
    /** Since 0.2: of all pages; null where none was asked for by number. */
    total: count.nullable().default(null),
  }),
  deadlineMs: 5_000,
});

const period = {
  v,
  seenBy,
  start_date: dayOrTime.nullable().default(null),
  end_date: dayOrTime.nullable().default(null),
};

/** `/spend/logs?summarize=true`: one entry a day; `users` and `models` say who spent it on what. */
export const SummarizeSpend = requestContract({
  subject: 'accounting.spend.summary',
  request: z.object({
    ...period,
    /** Since 0.2. */
    key: text.nullable().default(null).describe('a key by its id'),
    user_id: text.nullable().default(null),
    team_id: text.nullable().default(null),
    model: text.nullable().default(null).describe('as asked'),
  }),
  reply: z.object({
    v,
    days: z.array(
      z.object({
        startTime: text,
        spend: usd,
        users: z.record(text, usd),
        models: z.record(text, usd),
      }),
    ),
  }),
  deadlineMs: 5_000,
});

export const reportGroups = ['team', 'customer', 'api_key', 'model', 'tag', 'user', 'provider', 'backend'] as const;
export const ReportGroup = z.enum(reportGroups);
export type ReportGroup = z.infer<typeof ReportGroup>;

/** One thing that spent, over one day or the whole period. */
export const SpendLine = z.object({
  /** The id; empty for what has none (no team, no user). */
  id: text,
  /** What people call it: alias, or the id. */
  name: text,
  spend: usd,
  requests: count,
  failures: count,
  prompt_tokens: count,
  completion_tokens: count,
  total_tokens: count,
  cloud_equivalent_spend: usd,
  /** Attempts whose price is not known: their spend counts as 0. */
  unpriced: count,
});
export type SpendLine = z.infer<typeof SpendLine>;

export const ReportDay = z.object({
  group_by_day: text,
  groups: z.array(
    SpendLine.extend({
      metadata: z.array(
        z.object({
          model: text,
          spend: usd,
          total_tokens: count,
          api_key: text.nullable(),
          requests: count,
          /** Since 0.2. */
          failures: count.default(0),
          prompt_tokens: count.default(0),
          completion_tokens: count.default(0),
        }),
      ),
    }),
  ),
});
export type ReportDay = z.infer<typeof ReportDay>;

/** `/global/spend/report`: days in UTC, and in each day the groups with their models. The default period is the last 30 days. */
export const ReportSpend = requestContract({
  subject: 'accounting.spend.report',
  request: z.object({ ...period, group_by: ReportGroup.default('team'), id: text.nullable().default(null) }),
  reply: z.object({
    v,
    group_by: ReportGroup,
    days: z.array(ReportDay),
    totals: z.array(SpendLine),
    /**
     * Not all details are there: the cheapest lines of `days` were left out because there are too many, or (over more
     * than 100 days) their `metadata`. `totals` counts everything.
     */
    truncated: z.boolean(),
  }),
  deadlineMs: 5_000,
});

const activity = {
  daily_data: z.array(
    z.object({
      date: text.describe('`Nov 20`, as LiteLLM writes it'),
      day: text.describe('`2026-11-20`'),
      api_requests: count,
      failed_requests: count,
      total_tokens: count,
      spend: usd,
    }),
  ),
  sum_api_requests: count,
  sum_total_tokens: count,
  sum_spend: usd,
};

/** `/global/activity`, and by model `/global/activity/model`. */
export const ReportActivity = requestContract({
  subject: 'accounting.spend.activity',
  request: z.object({ ...period, byModel: z.boolean().default(false) }),
  reply: z.object({
    v,
    all: z.object(activity),
    models: z.array(z.object({ model: text, ...activity })),
  }),
  deadlineMs: 5_000,
});

/** `/spend/tags`. */
export const ReportTags = requestContract({
  subject: 'accounting.spend.tags',
  request: z.object({ ...period }),
  reply: z.object({
    v,
    tags: z.array(z.object({ individual_request_tag: text, log_count: count, total_spend: usd, total_tokens: count })),
  }),
  deadlineMs: 5_000,
});

/** Whether the database answers; asked by whoever is asked whether the gateway is ready, so soon or not at all. */
export const AccountingState = requestContract({
  subject: 'accounting.state',
  request: z.object({ v }),
  reply: z.object({ v, database: z.boolean() }),
  deadlineMs: 500,
});

/** `/global/spend`: everything ever spent, and the budget of the whole gateway. */
export const GlobalSpend = requestContract({
  subject: 'accounting.spend.global',
  request: z.object({ v }),
  reply: z.object({
    v,
    spend: usd,
    max_budget: usd.nullable(),
    budget_reset_at: text.nullable(),
    requests: count,
    total_tokens: count,
    cloud_equivalent_spend: usd,
  }),
  deadlineMs: 2_000,
});

/** `/global/spend/keys`, `/teams`, `/models` ...: who spent most in the period. */
export const RankSpend = requestContract({
  subject: 'accounting.spend.rank',
  request: z.object({ ...period, group_by: ReportGroup, limit: count.min(1).max(1_000).default(100) }),
  reply: z.object({ v, lines: z.array(SpendLine) }),
  deadlineMs: 5_000,
});

/** Prompt and answer of a key with `logging: full`. Asked over core NATS, so that no stream keeps a copy. */
export const KeepPrompt = requestContract({
  subject: 'accounting.prompt.keep',
  request: z.object({
    v,
    attemptId: AttemptId,
    requestId: RequestId,
    keyId: KeyId.nullable(),
    model: text,
    prompt: z.unknown(),
    answer: z.unknown(),
  }),
  reply: z.object({ v, kept: z.boolean() }),
  deadlineMs: 2_000,
});

/** A usage event that nobody could read was put into the table of dead letters. Message id: `usage_dead:SEQUENCE`. */
export const AlertUsageDead = durableContract({
  subject: 'alert.usage_dead',
  stream: 'EVENTS',
  payload: z.object({ v, at: text, subject: text, sequence: count, reason: text }),
});
export type AlertUsageDeadEvent = z.infer<typeof AlertUsageDead.payload>;
