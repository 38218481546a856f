/** Reads the aggregates. No report looks at single attempts, except what one key asks about its own tags and customers. */
import { Injectable } from '@nestjs/common';
import { budgetScopeName, type KeyId, type ReportGroup } from '#contracts';
import { Database } from '../database/database.client.js';
import type { Period } from './period.js';
import { groupSources, type ActivityDay, type GroupDaySums, type GroupSums, type SummaryRow } from './spend-report.js';

/** Most lines of a report: more would not fit into one message of the bus, and nobody reads them. */
const mostRows = 3_000;
/** Over more days, models and keys are not told apart within a group: a year of them would be millions of lines. */
const mostDetailedDays = 100;

/** null = everybody's. */
export type SeenBy = { readonly keyId: KeyId } | null;

/** What a summary is limited to; null = not. */
interface SummaryOf {
  readonly seenBy: SeenBy;
  readonly key: string | null;
  readonly user_id: string | null;
  readonly team_id: string | null;
  readonly model: string | null;
}

const sums = `
  sum(s.requests)::bigint AS requests, sum(s.failures)::bigint AS failures,
  sum(s.input_tokens)::bigint AS "inputTokens", sum(s.output_tokens)::bigint AS "outputTokens",
  sum(s.spend_nano_usd)::bigint AS "spendNanoUsd",
  sum(s.cloud_equivalent_nano_usd)::bigint AS "cloudEquivalentNanoUsd", sum(s.unpriced)::bigint AS unpriced`;

const names: Partial<Record<ReportGroup, string>> = {
  team: '(SELECT alias FROM teams WHERE id = g.id)',
  user: '(SELECT coalesce(alias, email) FROM users WHERE id = g.id)',
  api_key: '(SELECT alias FROM keys WHERE id = g.id)',
};

@Injectable()
export class ReportStore {
  constructor(private readonly database: Database) {}

  /** Sums of each group over the period, dearest first. */
  rank(group: ReportGroup, period: Period, seenBy: SeenBy, id: string | null, limit: number): Promise<GroupSums[]> {
    const { source, column } = sumsOf(group, seenBy);
    return this.database.report((manager) =>
      manager.query<GroupSums[]>(
        `SELECT g.*, ${names[group] ?? 'NULL'} AS name FROM (
           SELECT s.${column} AS id, ${sums} FROM ${source} s
           WHERE s.day BETWEEN $1 AND $2 AND ($3::text IS NULL OR s.key_id = $3) AND ($4::text IS NULL OR s.${column} = $4)
           GROUP BY 1 ORDER BY "spendNanoUsd" DESC, requests DESC, 1 LIMIT $5
         ) g ORDER BY g."spendNanoUsd" DESC, g.requests DESC, g.id`,
        [period.firstDay, period.lastDay, seenBy?.keyId ?? null, id, limit],
      ),
    );
  }

  /** Sums of each day, group, model and key; over long periods without model and key; the dearest where there are too many. */
  async byDay(
    group: ReportGroup,
    period: Period,
    seenBy: SeenBy,
    id: string | null,
  ): Promise<{ rows: GroupDaySums[]; truncated: boolean }> {
    const isLong = period.to.getTime() - period.from.getTime() > mostDetailedDays * 86_400_000;
    const { source, column } = isLong ? sumsOf(group, seenBy) : sourceOf(group, seenBy);
    const detail = isLong ? `'' AS model, NULL::text AS "keyId"` : `s.model, s.key_id AS "keyId"`;
    const rows = await this.database.report((manager) =>
      manager.query<GroupDaySums[]>(
        `SELECT g.*, ${names[group] ?? 'NULL'} AS name FROM (
           SELECT s.day::text AS day, s.${column} AS id, ${detail}, ${sums} FROM ${source} s
           WHERE s.day BETWEEN $1 AND $2 AND ($3::text IS NULL OR s.key_id = $3) AND ($4::text IS NULL OR s.${column} = $4)
           GROUP BY 1, 2, 3, 4 ORDER BY "spendNanoUsd" DESC, requests DESC LIMIT ${mostRows + 1}
         ) g`,
        [period.firstDay, period.lastDay, seenBy?.keyId ?? null, id],
      ),
    );
    return { rows: rows.slice(0, mostRows), truncated: isLong || rows.length > mostRows };
  }

  activity(period: Period, seenBy: SeenBy): Promise<ActivityDay[]> {
    const { source, column } = sumsOf('model', seenBy);
    return this.database.report((manager) =>
      manager.query<ActivityDay[]>(
        `SELECT s.day::text AS day, s.${column} AS model, sum(s.requests)::bigint AS requests,
           sum(s.failures)::bigint AS failures, sum(s.input_tokens + s.output_tokens)::bigint AS tokens,
           sum(s.spend_nano_usd)::bigint AS "spendNanoUsd"
         FROM ${source} s WHERE s.day BETWEEN $1 AND $2 AND ($3::text IS NULL OR s.key_id = $3) GROUP BY 1, 2`,
        [period.firstDay, period.lastDay, seenBy?.keyId ?? null],
      ),
    );
  }

  summary(period: Period, of: SummaryOf): Promise<SummaryRow[]> {
    return this.database.report((manager) =>
      manager.query<SummaryRow[]>(
        `SELECT day::text AS day, user_id AS "userId", model, sum(spend_nano_usd)::bigint AS "spendNanoUsd"
         FROM daily_spend WHERE day BETWEEN $1 AND $2 AND ($3::text IS NULL OR key_id = $3)
           AND ($4::text IS NULL OR key_id = $4) AND ($5::text IS NULL OR user_id = $5)
           AND ($6::text IS NULL OR team_id = $6) AND ($7::text IS NULL OR model = $7)
         GROUP BY 1, 2, 3 ORDER BY 4 DESC LIMIT ${mostRows}`,
        [period.firstDay, period.lastDay, of.seenBy?.keyId ?? null, of.key, of.user_id, of.team_id, of.model],
      ),
    );
  }

  /** Everything ever spent, and the budget of the whole gateway where there is one. */
  async global() {
    const scope = budgetScopeName({ unit: 'usd', owner: 'global', id: '', model: null });
    const [row] = await this.database.report((manager) =>
      manager.query<
        {
          spend: number;
          requests: number;
          tokens: number;
          saved: number;
          maxBudget: number | null;
          resetAt: Date | null;
        }[]
      >(
        `SELECT coalesce(t.spend_nano_usd, 0) AS spend, coalesce(t.requests, 0) AS requests,
           coalesce(t.input_tokens + t.output_tokens, 0) AS tokens, coalesce(t.cloud_equivalent_nano_usd, 0) AS saved,
           b.limit_n AS "maxBudget", w.ends_at AS "resetAt"
         FROM (SELECT 1) one
         LEFT JOIN spend_total t ON t.kind = 'global' AND t.id = ''
         LEFT JOIN budget b ON b.scope = $1
         LEFT JOIN LATERAL (SELECT ends_at FROM scope_window WHERE scope = $1 AND starts_at <= now()
           AND (ends_at IS NULL OR ends_at > now()) ORDER BY starts_at DESC LIMIT 1) w ON true`,
        [scope],
      ),
    );
    return row ?? { spend: 0, requests: 0, tokens: 0, saved: 0, maxBudget: null, resetAt: null };
  }
}

/** Where only the group matters, the sums of each day by that one thing are read: a hundredth of the lines. */
function sumsOf(group: ReportGroup, seenBy: SeenBy): { source: string; column: string } {
  if (groupSources[group].table !== 'daily_spend' || seenBy !== null) return sourceOf(group, seenBy);
  return {
    source: `(SELECT d.*, NULL::text AS key_id FROM daily_group_spend d WHERE d.kind = '${group}')`,
    column: 'id',
  };
}

/** Tags and customers are summed for everybody only; one key's own are few enough to be summed from its attempts. */
function sourceOf(group: ReportGroup, seenBy: SeenBy): { source: string; column: string } {
  const { table, column } = groupSources[group];
  if (table === 'daily_spend') return { source: table, column };
  if (seenBy === null) return { source: `(SELECT d.*, NULL::text AS key_id FROM ${table} d)`, column };
  const each = group === 'tag' ? 'unnest(u.tags) AS e (tag)' : 'LATERAL (SELECT u.end_user) AS e (end_user)';
  return {
    column,
    source: `(SELECT (u.started_at AT TIME ZONE 'UTC')::date AS day, e.${column}, u.model_asked AS model, u.key_id,
        (u.outcome <> 'failure')::integer AS requests, (u.outcome = 'failure')::integer AS failures,
        u.input_tokens, u.output_tokens, coalesce(u.cost_nano_usd, 0) AS spend_nano_usd,
        coalesce(u.cloud_equivalent_nano_usd, 0) AS cloud_equivalent_nano_usd,
        (u.cost_nano_usd IS NULL)::integer AS unpriced
      FROM usage_events u, ${each}
      WHERE u.started_at >= $1::date AND u.started_at < $2::date + 1 AND u.key_id = $3 AND e.${column} IS NOT NULL)`,
  };
}
