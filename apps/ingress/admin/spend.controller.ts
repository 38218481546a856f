/** /spend/* and /global/*: what was spent. A key sees its own. */
import { Controller, Get, Req, Res } from '@nestjs/common';
import { Bus } from '#bus';
import {
  GatewayError,
  GetKeyInfo,
  GlobalSpend,
  ListAudit,
  ListSpendLogs,
  RankSpend,
  ReportActivity,
  ReportGroup,
  ReportSpend,
  ReportTags,
  SummarizeSpend,
} from '#contracts';
import { Environment } from '#config';
import type { HttpReply } from '../completion/completion.controller.js';
import { AdminCallers, queryNumber, queryText, type AdminCaller, type AdminRequest } from './admin-caller.client.js';
import { keyRefOf } from './key-secret.js';

@Controller()
export class SpendController {
  constructor(
    private readonly bus: Bus,
    private readonly callers: AdminCallers,
    private readonly environment: Environment,
  ) {}

  /** Rows, newest first; with dates and without `summarize=false` the sums of each day, as LiteLLM has it. */
  @Get('spend/logs')
  async logs(
    @Req() request: AdminRequest,
    @Res({ passthrough: true }) reply: HttpReply & { header(name: string, value: string): unknown },
  ): Promise<unknown> {
    const caller = await this.callers.of(request);
    const period = periodOf(request, caller);
    const csv = queryText(request, 'format') === 'csv';
    const summarize = queryText(request, 'summarize') ?? 'true';
    if (period.start_date !== null && period.end_date !== null && summarize === 'true' && !csv) {
      return (await this.bus.request(SummarizeSpend, { v: 1, ...period })).days;
    }
    const page = await this.bus.request(ListSpendLogs, {
      v: 1,
      ...period,
      key: await this.keyIdOf(queryText(request, 'api_key')),
      key_alias: queryText(request, 'key_alias'),
      user_id: queryText(request, 'user_id'),
      team_id: queryText(request, 'team_id'),
      end_user: queryText(request, 'end_user'),
      request_id: queryText(request, 'request_id'),
      model: queryText(request, 'model'),
      tags: (queryText(request, 'tags') ?? '').split(',').filter((tag) => tag !== ''),
      status: statusOf(queryText(request, 'status')),
      cursor: queryText(request, 'cursor'),
      limit: queryNumber(request, 'limit', 100, { min: 1, max: 500 }),
      csv,
    });
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

  @Get('global/spend')
  async total(@Req() request: AdminRequest): Promise<unknown> {
    await this.callers.of(request);
    const { v: _v, ...totals } = await this.bus.request(GlobalSpend, { v: 1 });
    return totals;
  }

  @Get('global/spend/report')
  async report(@Req() request: AdminRequest): Promise<unknown> {
    const caller = await this.callers.of(request);
    const group = ReportGroup.safeParse(queryText(request, 'group_by') ?? 'team');
    if (!group.success)
      throw new GatewayError('invalid_request', {
        message: `Invalid value for 'group_by': use one of ${ReportGroup.options.join(', ')}.`,
        param: 'group_by',
      });
    const reply = await this.bus.request(ReportSpend, {
      v: 1,
      ...periodOf(request, caller),
      group_by: group.data,
      id: queryText(request, 'id'),
    });
    return reply.days.map((day) => ({
      group_by_day: day.group_by_day,
      [groupKeys[group.data]]: day.groups.map((line) => ({
        [nameKeys[group.data]]: line.name,
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
    const before = queryNumber(request, 'before', 0, { min: 0, max: Number.MAX_SAFE_INTEGER });
    const { entries, next } = await this.bus.request(ListAudit, {
      v: 1,
      before: before === 0 ? null : before,
      limit: queryNumber(request, 'limit', 100, { min: 1, max: 500 }),
    });
    return { entries, next };
  }

  private async rank(request: AdminRequest, group: ReportGroup): Promise<unknown> {
    const caller = await this.callers.of(request);
    return (await this.bus.request(RankSpend, { v: 1, ...periodOf(request, caller), group_by: group })).lines;
  }

  /** Scripts filter by the key itself or by its token. */
  private async keyIdOf(named: string | null): Promise<string | null> {
    if (named === null || !named.startsWith('sk-')) return named;
    const { keyPepper } = this.environment;
    if (keyPepper === null) return named;
    return (await this.bus.request(GetKeyInfo, { v: 1, key: keyRefOf(named, keyPepper) })).key.token;
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
  return {
    seenBy: caller.seenBy,
    start_date: queryText(request, 'start_date'),
    end_date: queryText(request, 'end_date'),
  };
}

function statusOf(text: string | null): 'success' | 'failure' | null {
  if (text === null || text === 'success' || text === 'failure') return text;
  throw new GatewayError('invalid_request', {
    message: "Invalid value for 'status': use success or failure.",
    param: 'status',
  });
}
