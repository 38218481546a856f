/** Reads single attempts. */
import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import type { ListSpendLogs } from '#contracts';
import { Database } from '../database/database.client.js';
import { usageColumns, type UsageRow } from '../usage/usage-row.js';
import { readCursor, writeCursor } from './cursor.js';
import { readBounds, readPeriod, type Bounds } from './period.js';

type Query = z.output<typeof ListSpendLogs.request>;

const selected = Object.entries(usageColumns)
  .map(([field, [column]]) => `${column} AS "${field}"`)
  .join(', ');

/** Which columns pages may be sorted by; never a client's words. */
const orders = {
  startTime: 'started_at',
  endTime: 'ended_at',
  spend: 'coalesce(cost_nano_usd, 0)',
  total_tokens: 'input_tokens + output_tokens',
} as const satisfies Record<Query['sort_by'], string>;

@Injectable()
export class SpendLogStore {
  constructor(private readonly database: Database) {}

  /** One page, newest first, and the cursor of the next one; null on the last. */
  async page(query: Query): Promise<{ rows: UsageRow[]; next: string | null }> {
    const bounds = await this.bounds(query);
    if (bounds === null) return { rows: [], next: null };
    const { where, values } = conditions(query, bounds);
    const rows = await this.database.report((manager) =>
      manager.query<UsageRow[]>(
        `SELECT ${selected} FROM usage_events ${where}
         ORDER BY started_at DESC, attempt_id DESC LIMIT ${query.limit + 1}`,
        values,
      ),
    );
    const page = rows.slice(0, query.limit);
    const last = rows.length > query.limit ? page.at(-1) : undefined;
    return { rows: page, next: last === undefined ? null : writeCursor(last) };
  }

  /** One page by its number, and how many rows there are. Without dates and without a request, of the last 30 days. */
  async numbered(query: Query, page: number): Promise<{ rows: UsageRow[]; total: number }> {
    const open = query.start_date === null && query.end_date === null && query.request_id === null;
    const found = await this.bounds(query);
    const bounds = found !== null && open ? within(found, readPeriod(null, null, new Date())) : found;
    if (bounds === null) return { rows: [], total: 0 };
    const { where, values } = conditions(query, bounds);
    const order = `${orders[query.sort_by]} ${query.sort_order === 'asc' ? 'ASC' : 'DESC'}`;
    return this.database.report(async (manager) => {
      const [counted] = await manager.query<{ total: number }[]>(
        `SELECT count(*)::integer AS total FROM usage_events ${where}`,
        values,
      );
      const rows = await manager.query<UsageRow[]>(
        `SELECT ${selected} FROM usage_events ${where}
         ORDER BY ${order}, attempt_id DESC LIMIT ${query.limit} OFFSET ${(page - 1) * query.limit}`,
        values,
      );
      return { rows, total: counted?.total ?? 0 };
    });
  }

  /**
   * The time in which rows can lie; null where there can be none. Models have no index of their own, but the daily sums
   * know on which days one was used: what nobody ever asked for is not looked for in every month.
   */
  private async bounds(query: Query): Promise<Bounds | null> {
    const asked = readBounds(query.start_date, query.end_date);
    if (query.model === null) return asked;
    const [used] = await this.database.report((manager) =>
      manager.query<{ from: Date | null; to: Date | null }[]>(
        `SELECT min(day)::timestamp AT TIME ZONE 'UTC' AS "from",
           (max(day) + 1)::timestamp AT TIME ZONE 'UTC' AS "to"
         FROM daily_spend WHERE model = $1 OR upstream_model = $1`,
        [query.model],
      ),
    );
    return used === undefined || used.from === null || used.to === null
      ? null
      : within(asked, { from: used.from, to: used.to });
  }
}

function within(asked: Bounds, { from, to }: { readonly from: Date; readonly to: Date }): Bounds {
  return {
    from: asked.from === null || asked.from < from ? from : asked.from,
    to: asked.to === null || asked.to > to ? to : asked.to,
  };
}

/** The condition of a query. Only our own column names are in the text; every value is a parameter. */
function conditions(query: Query, bounds: Bounds): { where: string; values: unknown[] } {
  const parts: string[] = [];
  const values: unknown[] = [];
  const add = (value: unknown, condition: (place: string) => string) => {
    if (value === null || (Array.isArray(value) && value.length === 0)) return;
    values.push(value);
    parts.push(condition(`$${values.length}`));
  };
  add(query.seenBy?.keyId ?? null, (place) => `key_id = ${place}`);
  add(query.key, (place) => `key_id = ${place}`);
  add(query.key_alias, (place) => `key_alias = ${place}`);
  add(query.user_id, (place) => `user_id = ${place}`);
  add(query.team_id, (place) => `team_id = ${place}`);
  add(query.end_user, (place) => `end_user = ${place}`);
  add(query.request_id, (place) => `request_id = ${place}`);
  add(query.model_id, (place) => `deployment_id = ${place}`);
  add(nanoOf(query.min_spend), (place) => `coalesce(cost_nano_usd, 0) >= ${place}`);
  add(nanoOf(query.max_spend), (place) => `coalesce(cost_nano_usd, 0) <= ${place}`);
  add(query.model, (place) => `(model_asked = ${place} OR upstream_model = ${place})`);
  // Written as the partial indexes have it.
  add(query.tags, (place) => `tags @> ${place}::text[] AND tags <> '{}'`);
  if (query.status !== null) parts.push(query.status === 'success' ? `outcome = 'success'` : `outcome <> 'success'`);
  add(bounds.from, (place) => `started_at >= ${place}`);
  add(bounds.to, (place) => `started_at < ${place}`);
  if (query.cursor !== null) {
    const { startedAt, attemptId } = readCursor(query.cursor);
    values.push(startedAt, attemptId);
    parts.push(`(started_at, attempt_id) < ($${values.length - 1}, $${values.length})`);
  }
  return { where: parts.length === 0 ? '' : `WHERE ${parts.join(' AND ')}`, values };
}

function nanoOf(usd: number | null): number | null {
  return usd === null ? null : Math.round(usd * 1_000_000_000);
}
