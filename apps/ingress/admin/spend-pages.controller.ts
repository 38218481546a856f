/** LiteLLM's other routes of spend: numbered pages of rows, end users, names of tags. A key sees its own. */
import { Controller, Get, HttpCode, Post, Req } from '@nestjs/common';
import { z } from 'zod';
import { Bus } from '#bus';
import { KeyId, ListSpendLogs, RankSpend, ReportTags, spendLogOrders } from '#contracts';
import { AdminCallers, optionalBody, type AdminRequest } from './admin-caller.client.js';
import { amount, optionalWord, pageNumber, readInput, readQuery, wholeNumber } from './admin-input.js';
import { NamedKeys } from './named-keys.client.js';
import { LogQuery, PeriodQuery } from './spend-query.js';

const PageQuery = LogQuery.omit({ cursor: true, limit: true, status: true }).extend({
  page: pageNumber,
  page_size: wholeNumber({ min: 1, max: 500, fallback: 50 }),
  status_filter: optionalWord(['success', 'failure']),
  sort_by: optionalWord(spendLogOrders),
  sort_order: optionalWord(['asc', 'desc']),
  min_spend: amount,
  max_spend: amount,
  model_id: z.string().max(256, 'must be at most 256 characters').nullable().default(null),
});
const day = z.string('must be a day or an ISO time').max(40, 'must be at most 40 characters').nullish();
const EndUsersBody = z.looseObject({
  startTime: day,
  endTime: day,
  api_key: z.string('must be a text').max(256).nullish(),
});

@Controller()
export class SpendPagesController {
  constructor(
    private readonly bus: Bus,
    private readonly callers: AdminCallers,
    private readonly named: NamedKeys,
  ) {}

  /** LiteLLM's own console asks for the second. */
  @Get(['spend/logs/v2', 'spend/logs/ui'])
  async page(@Req() request: AdminRequest): Promise<object> {
    const { seenBy } = await this.callers.of(request);
    const { api_key, page, page_size, status_filter, sort_by, sort_order, ...query } = readQuery(
      PageQuery,
      request.query,
    );
    const { rows, total } = await this.bus.request(ListSpendLogs, {
      v: 1,
      seenBy,
      ...query,
      key: await this.named.keyIdOf(api_key),
      status: status_filter,
      sort_by: sort_by ?? undefined,
      sort_order: sort_order ?? undefined,
      page,
      limit: page_size,
    });
    const all = total ?? rows.length;
    return { data: rows, total: all, page, page_size, total_pages: Math.ceil(all / page_size) };
  }

  @Post('global/spend/end_users')
  @HttpCode(200)
  async endUsers(@Req() request: AdminRequest): Promise<object[]> {
    await this.callers.of(request);
    const { startTime, endTime, api_key } = readInput(EndUsersBody, optionalBody(request));
    const period = { v: 1 as const, start_date: startTime ?? null, end_date: endTime ?? null };
    const keyId = await this.named.keyIdOf(api_key ?? null);
    const ofKey = KeyId.safeParse(keyId);
    if (keyId !== null && !ofKey.success) return [];
    const seenBy = ofKey.success ? { keyId: ofKey.data } : null;
    const { lines } = await this.bus.request(RankSpend, {
      ...period,
      seenBy,
      limit: 1_000,
      group_by: 'customer',
    });
    return lines.map((line) => ({
      end_user: line.name,
      total_count: line.requests + line.failures,
      total_spend: line.spend,
    }));
  }

  @Get('global/spend/all_tag_names')
  async tagNames(@Req() request: AdminRequest): Promise<object> {
    const { seenBy } = await this.callers.of(request);
    const { tags } = await this.bus.request(ReportTags, { v: 1, seenBy, ...readQuery(PeriodQuery, request.query) });
    return { tag_names: tags.map((tag) => tag.individual_request_tag) };
  }
}
