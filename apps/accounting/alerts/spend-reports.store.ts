/** Makes the daily and weekly spend reports, each once, whichever replica is first. */
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Bus } from '#bus';
import { AlertSpendReport, type AlertSpendReportEvent } from '#contracts';
import { Snapshots } from '#service';
import { Logger } from '#telemetry';
import { Database } from '../database/database.client.js';
import { wantsSpendReports } from './alert-targets.js';
import { reportsDue, type ReportPeriod } from './report-period.js';

const everyMs = 5 * 60_000;
const mostLines = 5;

interface SumRecord {
  readonly name: string;
  readonly spendNanoUsd: number;
  readonly requests: number;
  readonly tokens: number;
  readonly savedNanoUsd: number;
}

@Injectable()
export class SpendReports implements OnModuleInit, OnApplicationShutdown {
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly database: Database,
    private readonly bus: Bus,
    private readonly snapshots: Snapshots,
    private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.timer = setInterval(() => void this.tryToReport(), everyMs).unref();
  }

  onApplicationShutdown(): void {
    if (this.timer !== null) clearInterval(this.timer);
  }

  /** Sends the reports that are due and were not sent; returns them. Days without any request are not reported. */
  async report(now: Date): Promise<AlertSpendReportEvent[]> {
    const general = this.snapshots.current()?.general;
    if (general === undefined || general.alerting.length === 0) return [];
    if (!wantsSpendReports(general.extras['alert_types'])) return [];
    const sent: AlertSpendReportEvent[] = [];
    for (const period of reportsDue(now)) {
      if (await this.wasSent(period)) continue;
      const report = await this.sums(period);
      if (report.total.requests > 0) {
        const messageId = `spend_report:${period.period}:${period.from}`;
        await this.bus.publishDurable(AlertSpendReport, report, { messageId });
        sent.push(report);
      }
      await this.note(period);
    }
    return sent;
  }

  private async tryToReport(): Promise<void> {
    try {
      await this.report(new Date());
    } catch (error) {
      this.logger.warn({ err: error }, 'the spend report could not be made, trying again');
    }
  }

  private async wasSent({ period, from }: ReportPeriod): Promise<boolean> {
    const rows = await this.database.run((manager) =>
      manager.query<unknown[]>(`SELECT 1 FROM budget_alert WHERE scope = $1 AND window_id = $2`, [
        reportScope(period),
        from,
      ]),
    );
    return rows.length > 0;
  }

  private async note({ period, from }: ReportPeriod): Promise<void> {
    await this.database.run((manager) =>
      manager.query(
        `INSERT INTO budget_alert (scope, window_id, threshold) VALUES ($1, $2, 'sent') ON CONFLICT DO NOTHING`,
        [reportScope(period), from],
      ),
    );
  }

  private async sums({ period, from, to }: ReportPeriod): Promise<AlertSpendReportEvent> {
    const by = (name: string, join: string) =>
      this.database.run((manager) =>
        manager.query<SumRecord[]>(
          `SELECT ${name} AS name, sum(d.spend_nano_usd)::bigint AS "spendNanoUsd", sum(d.requests)::bigint AS requests,
             sum(d.input_tokens + d.output_tokens)::bigint AS tokens,
             sum(d.cloud_equivalent_nano_usd)::bigint AS "savedNanoUsd"
           FROM daily_spend d ${join} WHERE d.day BETWEEN $1 AND $2
           GROUP BY 1 ORDER BY 2 DESC, 3 DESC`,
          [from, to],
        ),
      );
    const keys = await by(
      `coalesce(k.alias, nullif(d.key_id, ''), 'without a key')`,
      'LEFT JOIN keys k ON k.id = d.key_id',
    );
    const models = await by('d.model', '');
    const total = { spendNanoUsd: 0, requests: 0, tokens: 0 };
    let savedNanoUsd = 0;
    for (const one of models) {
      total.spendNanoUsd += one.spendNanoUsd;
      total.requests += one.requests;
      total.tokens += one.tokens;
      savedNanoUsd += one.savedNanoUsd;
    }
    return { v: 1, period, from, to, total, savedNanoUsd, keys: top(keys), models: top(models) };
  }
}

function reportScope(period: ReportPeriod['period']): string {
  return `spend_report/${period}`;
}

function top(records: readonly SumRecord[]): AlertSpendReportEvent['keys'] {
  return records
    .slice(0, mostLines)
    .map(({ name, spendNanoUsd, requests, tokens }) => ({ name, spendNanoUsd, requests, tokens }));
}
