/** Spend over the bus. */
import { Controller } from '@nestjs/common';
import type { z } from 'zod';
import {
  GlobalSpend,
  KeepPrompt,
  ListSpendLogs,
  RankSpend,
  ReportActivity,
  ReportSpend,
  ReportTags,
  SummarizeSpend,
} from '#contracts';
import { Serves } from '#service';
import { readPeriod } from './period.js';
import { PromptStore } from './prompt.store.js';
import { ReportStore } from './report.store.js';
import { spendLogCsv, spendLogRow } from './spend-log.js';
import { SpendLogStore } from './spend-log.store.js';
import { activityOf, reportDays, spendLine, summaryDays } from './spend-report.js';

type Asked<C extends { request: z.ZodType }> = z.output<C['request']>;
type Answered<C extends { reply: z.ZodType }> = Promise<z.input<C['reply']>>;

const usd = (nano: number) => nano / 1_000_000_000;
const mostTotals = 1_000;
const mostModels = 200;

const periodOf = (request: { start_date: string | null; end_date: string | null }) =>
  readPeriod(request.start_date, request.end_date, new Date());

@Controller()
export class SpendController {
  constructor(
    private readonly logs: SpendLogStore,
    private readonly reports: ReportStore,
    private readonly prompts: PromptStore,
  ) {}

  @Serves(ListSpendLogs)
  async listLogs(request: Asked<typeof ListSpendLogs>): Answered<typeof ListSpendLogs> {
    if (request.page !== null) {
      const { rows, total } = await this.logs.numbered(request, request.page);
      return { v: 1, rows: rows.map(spendLogRow), csv: null, next: null, total };
    }
    const { rows, next } = await this.logs.page(request);
    const shown = rows.map(spendLogRow);
    if (request.csv) return { v: 1, rows: [], csv: spendLogCsv(shown, request.cursor === null), next };
    return { v: 1, rows: shown, csv: null, next };
  }

  @Serves(SummarizeSpend)
  async summarize(request: Asked<typeof SummarizeSpend>): Answered<typeof SummarizeSpend> {
    return { v: 1, days: summaryDays(await this.reports.summary(periodOf(request), request)) };
  }

  @Serves(ReportSpend)
  async report(request: Asked<typeof ReportSpend>): Answered<typeof ReportSpend> {
    const { group_by, seenBy, id } = request;
    const period = periodOf(request);
    const [{ rows, truncated }, totals] = await Promise.all([
      this.reports.byDay(group_by, period, seenBy, id),
      this.reports.rank(group_by, period, seenBy, id, mostTotals),
    ]);
    return { v: 1, group_by, days: reportDays(rows), totals: totals.map(spendLine), truncated };
  }

  @Serves(ReportActivity)
  async activity(request: Asked<typeof ReportActivity>): Answered<typeof ReportActivity> {
    const rows = await this.reports.activity(periodOf(request), request.seenBy);
    const byModel = request.byModel ? [...Map.groupBy(rows, (row) => row.model)] : [];
    const models = byModel.map(([model, ofModel]) => ({ model, ...activityOf(ofModel) }));
    models.sort((a, b) => b.sum_api_requests - a.sum_api_requests);
    return { v: 1, all: activityOf(rows), models: models.slice(0, mostModels) };
  }

  @Serves(ReportTags)
  async tags(request: Asked<typeof ReportTags>): Answered<typeof ReportTags> {
    const lines = await this.reports.rank('tag', periodOf(request), request.seenBy, null, mostTotals);
    const tags = lines.map((line) => ({
      individual_request_tag: line.id,
      log_count: line.requests + line.failures,
      total_spend: usd(line.spendNanoUsd),
      total_tokens: line.inputTokens + line.outputTokens,
    }));
    return { v: 1, tags };
  }

  @Serves(RankSpend)
  async rank(request: Asked<typeof RankSpend>): Answered<typeof RankSpend> {
    const { group_by, seenBy, limit } = request;
    const lines = await this.reports.rank(group_by, periodOf(request), seenBy, null, limit);
    return { v: 1, lines: lines.map(spendLine) };
  }

  @Serves(GlobalSpend)
  async global(_request: Asked<typeof GlobalSpend>): Answered<typeof GlobalSpend> {
    const { spend, requests, tokens, saved, maxBudget, resetAt } = await this.reports.global();
    return {
      v: 1,
      spend: usd(spend),
      max_budget: maxBudget === null ? null : usd(maxBudget),
      budget_reset_at: resetAt?.toISOString() ?? null,
      requests,
      total_tokens: tokens,
      cloud_equivalent_spend: usd(saved),
    };
  }

  @Serves(KeepPrompt)
  async keepPrompt(request: Asked<typeof KeepPrompt>): Answered<typeof KeepPrompt> {
    return { v: 1, kept: await this.prompts.keep(request) };
  }
}
