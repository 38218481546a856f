/** /spend/* and /global/*: what was spent. A key sees its own. */
import { Controller, Get, Req, Res } from '@nestjs/common';
import { z } from 'zod';
import { Bus } from '#bus';
import {
  GlobalSpend,
  ListAudit,
  ListSpendLogs,
  RankSpend,
  ReportActivity,
  reportGroups,
  ReportSpend,
  ReportTags,
  SummarizeSpend,
  type ReportGroup,
} from '#contracts';
import type { HttpReply } from '../completion/completion.controller.js';
import { AdminCallers, type AdminCaller, type AdminRequest } from './admin-caller.client.js';
import { optionalText, optionalWord, readQuery, wholeNumber } from './admin-input.js';
import { dailyActivity } from './daily-activity.js';
import { LogQuery, PeriodQuery } from './spend-query.js';
import { NamedKeys } from './named-keys.client.js';

const LogForm = z.object({
  format: optionalWord(['csv', 'json']),
  summarize: z
    .string()
    .toLowerCase()
    .pipe(z.enum(['true', 'false'], 'must be true or false'))
    .default('true'),
});
const ReportQuery = PeriodQuery.extend({
  group_by: optionalWord(reportGroups),
  id: optionalText(),
  // LiteLLM's names for one of a group.
  api_key: optionalText(),
  team_id: optionalText(),
  internal_user_id: optionalText(),
  customer_id: optionalText(),
});
const ActivityQuery = PeriodQuery.extend({ user_id: optionalText(128), team_ids: optionalText(4_000) });
const RankQuery = PeriodQuery.extend({ limit: wholeNumber({ min: 1, max: 1_000, fallback: 100 }) });
const AuditQuery = z.object({
  target_kind: optionalWord(['key', 'team', 'user']),
  target_id: optionalText(128),
  before: wholeNumber({ min: 0, max: Number.MAX_SAFE_INTEGER, fallback: 0 }),
  limit: wholeNumber({ min: 1, max: 500, fallback: 100 }),
});

@Controller()
export class SpendController {
  constructor(
    private readonly bus: Bus,
    private readonly callers: AdminCallers,
    private readonly named: NamedKeys,
  ) {}

  /** Rows, newest first; with dates and without `summarize=false` the sums of each day, as LiteLLM has it. */
  @Get('spend/logs')
  async logs(
    @Req() request: AdminRequest,
    @Res({ passthrough: true }) reply: HttpReply & { header(name: string, value: string): unknown },
  ): Promise<unknown> {
    const { seenBy } = await this.callers.of(request);
    const { format, summarize } = readQuery(LogForm, request.query);
    const { api_key: named, ...query } = readQuery(LogQuery, request.query);
    const csv = format === 'csv';
    const key = await this.named.keyIdOf(named);
    const { start_date, end_date, user_id, team_id, model } = query;
    // Days know no single requests: who asks for those wants rows.
    const asksForRows = [query.request_id, query.end_user, query.key_alias, query.status, query.cursor, query.tags[0]];
    const inDays = start_date !== null && end_date !== null && summarize === 'true' && !csv;
    if (inDays && asksForRows.every((asked) => asked === null || asked === undefined)) {
      const period = { v: 1 as const, seenBy, start_date, end_date };
      return (await this.bus.request(SummarizeSpend, { ...period, key, user_id, team_id, model })).days;
    }
    const page = await this.bus.request(ListSpendLogs, { v: 1, seenBy, ...query, key, csv });
    if (page.next !== null) reply.header('x-next-cursor', page.next);
    if (!csv) return page.rows;
    reply.header('content-type', 'text/csv; charset=utf-8');
    return page.csv ?? '';
  }

  @Get('spend/tags')
  async tags(@Req() request: AdminRequest): Promise<unknown> {
    const caller = await this.callers.of(request);
    return (await this.bus.request(ReportTags, { v: 1, ...periodOf(request, caller) })).tags;
  }

  @Get(['spend/keys', 'global/spend/keys'])
  keys(@Req() request: AdminRequest): Promise<unknown> {
    return this.rank(request, 'api_key');
  }

  @Get('spend/users')
  users(@Req() request: AdminRequest): Promise<unknown> {
    return this.rank(request, 'user');
  }

  @Get('global/spend/teams')
  teams(@Req() request: AdminRequest): Promise<unknown> {
    return this.rank(request, 'team');
  }

  @Get('global/spend/models')
  models(@Req() request: AdminRequest): Promise<unknown> {
    return this.rank(request, 'model');
  }

  @Get('global/spend/provider')
  providers(@Req() request: AdminRequest): Promise<unknown> {
    return this.rank(request, 'provider');
  }

  @Get('global/spend/tags')
  async tagTotals(@Req() request: AdminRequest): Promise<unknown> {
    const caller = await this.callers.of(request);
    const { tags } = await this.bus.request(ReportTags, { v: 1, ...periodOf(request, caller) });
    const line = (tag: (typeof tags)[number]) => ({
      name: tag.individual_request_tag,
      spend: tag.total_spend,
      log_count: tag.log_count,
    });
    return { spend_per_tag: tags.map(line) };
  }

  @Get('global/spend/logs')
  async daily(@Req() request: AdminRequest): Promise<unknown> {
    const caller = await this.callers.of(request);
    const { all } = await this.bus.request(ReportActivity, { v: 1, ...periodOf(request, caller) });
    return all.daily_data.map(({ day, spend }) => ({ date: day, spend }));
  }

  @Get(['user/daily/activity', 'user/daily/activity/aggregated'])
  userActivity(@Req() request: AdminRequest): Promise<unknown> {
    return this.activityOf(request, 'user');
  }

  @Get('team/daily/activity')
  teamActivity(@Req() request: AdminRequest): Promise<unknown> {
    return this.activityOf(request, 'team');
  }

  @Get('global/spend')
  async total(@Req() request: AdminRequest): Promise<unknown> {
    await this.callers.of(request);
    const { v: _v, ...totals } = await this.bus.request(GlobalSpend, { v: 1 });
    return totals;
  }

  @Get('global/spend/report')
  async report(@Req() request: AdminRequest): Promise<unknown> {
    const caller = await this.callers.of(request);
    const { start_date, end_date, ...query } = readQuery(ReportQuery, request.query);
    const { group, id } = reportOf({ ...query, api_key: await this.named.keyIdOf(query.api_key) });
    const period = { v: 1 as const, seenBy: caller.seenBy, start_date, end_date };
    const reply = await this.bus.request(ReportSpend, { ...period, group_by: group, id });
    return reply.days.map((day) => ({
      group_by_day: day.group_by_day,
      [groupKeys[group]]: day.groups.map((line) => ({
        [nameKeys[group]]: line.name,
        total_spend: line.spend,
        ...line,
      })),
    }));
  }

  @Get('global/activity')
  async activity(@Req() request: AdminRequest): Promise<unknown> {
    const caller = await this.callers.of(request);
    return (await this.bus.request(ReportActivity, { v: 1, ...periodOf(request, caller) })).all;
  }

  @Get('global/activity/model')
  async activityByModel(@Req() request: AdminRequest): Promise<unknown> {
    const caller = await this.callers.of(request);
    return (await this.bus.request(ReportActivity, { v: 1, ...periodOf(request, caller), byModel: true })).models;
  }

  @Get('audit')
  async audit(@Req() request: AdminRequest): Promise<unknown> {
    await this.callers.of(request);
    const { before, limit, target_kind, target_id } = readQuery(AuditQuery, request.query);
    const { entries, next } = await this.bus.request(ListAudit, {
      v: 1,
      targetKind: target_kind,
      targetId: target_id,
      before: before === 0 ? null : before,
      limit,
    });
    return { entries, next };
  }

  private async activityOf(request: AdminRequest, group: 'user' | 'team'): Promise<object> {
    const { seenBy } = await this.callers.of(request);
    const { start_date, end_date, ...named } = readQuery(ActivityQuery, request.query);
    const ids = group === 'user' ? [named.user_id ?? ''] : (named.team_ids ?? '').split(',');
    const only = ids.filter((id) => id !== '');
    const reply = await this.bus.request(ReportSpend, { v: 1, seenBy, start_date, end_date, group_by: group });
    return dailyActivity(reply.days, only.length === 0 ? null : new Set(only));
  }

  private async rank(request: AdminRequest, group: ReportGroup): Promise<unknown> {
    const caller = await this.callers.of(request);
    const { seenBy } = caller;
    const query = readQuery(RankQuery, request.query);
    return (await this.bus.request(RankSpend, { v: 1, seenBy, ...query, group_by: group })).lines;
  }
}

const groupKeys: Readonly<Record<ReportGroup, string>> = {
  team: 'teams',
  customer: 'customers',
  api_key: 'api_keys',
  model: 'models',
  tag: 'tags',
  user: 'users',
  provider: 'providers',
  backend: 'backends',
};

const nameKeys: Readonly<Record<ReportGroup, string>> = {
  team: 'team_name',
  customer: 'customer',
  api_key: 'api_key',
  model: 'model',
  tag: 'tag',
  user: 'user',
  provider: 'provider',
  backend: 'backend',
};

function periodOf(request: AdminRequest, caller: AdminCaller) {
  return { seenBy: caller.seenBy, ...readQuery(PeriodQuery, request.query) };
}

interface ReportWish {
  readonly group_by: ReportGroup | null;
  readonly id: string | null;
  readonly api_key: string | null;
  readonly team_id: string | null;
  readonly internal_user_id: string | null;
  readonly customer_id: string | null;
}

/** The groups of a report, and the one that is asked for; by team without a wish. */
function reportOf(wish: ReportWish): { readonly group: ReportGroup; readonly id: string | null } {
  const named: [ReportGroup, string | null][] = [
    ['api_key', wish.api_key],
    ['team', wish.team_id],
    ['user', wish.internal_user_id],
    ['customer', wish.customer_id],
  ];
  const [group, id] = named.find(([of, name]) => name !== null && (wish.group_by ?? of) === of) ?? [];
  return { group: group ?? wish.group_by ?? 'team', id: id ?? wish.id };
}
