/** Shows budgets as metrics. Every replica shows the same: whoever sums up takes the maximum. */
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { BudgetUnit } from '#contracts';
import { parseBudgetScope } from '#contracts';
import { Snapshots } from '#service';
import { Logger, Metrics } from '#telemetry';
import { Database } from '../database/database.client.js';
import { budgetSeries, overflowName, type BudgetSeries } from './budget-series.js';
import { windowAt } from './window.js';

/** Series beyond this are one, `_other`: more keys than that belong into a report, not into Prometheus. */
const mostBudgets = 200;
const everyMs = 15_000;
const nanoPerUsd = 1e9;

interface Rule {
  readonly duration: string | null;
  readonly resetAt: string | null;
}

interface BudgetRow {
  readonly scope: string;
  readonly unit: BudgetUnit;
  readonly owner: 'key' | 'team' | 'user' | 'global';
  readonly ownerId: string;
  readonly label: string | null;
  readonly limit: number;
  readonly spent: number;
  readonly endsAt: Date | null;
  /** Of all budgets in money, also those that are not in the answer. */
  readonly limitOfAll: number | null;
  readonly spentOfAll: number | null;
}

@Injectable()
export class BudgetMeter implements OnModuleInit, OnApplicationShutdown {
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly database: Database,
    private readonly snapshots: Snapshots,
    private readonly metrics: Metrics,
    private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    void this.database.whenReady().then(() => this.round());
    this.timer = setInterval(() => void this.round(), everyMs).unref();
  }

  onApplicationShutdown(): void {
    if (this.timer !== null) clearInterval(this.timer);
  }

  /** Reads the budgets of now and shows them; throws where the database is away. */
  async look(now: Date): Promise<void> {
    const rows = await this.database.run(async (manager) => {
      const rules = await manager.query<Rule[]>(`SELECT DISTINCT duration, reset_at AS "resetAt" FROM budget`);
      const timeZone = this.snapshots.current()?.general.timezone ?? 'UTC';
      const windows = rules.map((rule) => windowAt({ ...rule, timeZone }, now));
      return manager.query<BudgetRow[]>(mostUsed, [
        rules.map(({ duration }) => duration),
        rules.map(({ resetAt }) => resetAt),
        windows.map(({ id }) => id),
        windows.map(({ endsAt }) => endsAt),
        mostBudgets,
      ]);
    });
    const states = rows.map((row) => ({ ...row, model: parseBudgetScope(row.scope)?.model ?? null }));
    this.show(budgetSeries(states, mostBudgets), rows[0]);
  }

  private show(series: readonly BudgetSeries[], all: BudgetRow | undefined): void {
    const inMoney = series.filter(({ unit }) => unit === 'usd');
    const rest = (whole: number | null | undefined, of: (one: BudgetSeries) => number) => {
      const left = (whole ?? 0) - inMoney.reduce((sum, one) => sum + of(one), 0);
      const labels = { scope: overflowName, budget: overflowName };
      return series.length < mostBudgets ? [] : [{ labels, value: left / nanoPerUsd }];
    };
    this.metrics.setAll('signalbox_budget_limit_usd', [
      ...inMoney.map(({ labels, limit }) => ({ labels, value: limit / nanoPerUsd })),
      ...rest(all?.limitOfAll, ({ limit }) => limit),
    ]);
    this.metrics.setAll('signalbox_budget_spent_usd', [
      ...inMoney.map(({ labels, spent }) => ({ labels, value: spent / nanoPerUsd })),
      ...rest(all?.spentOfAll, ({ spent }) => spent),
    ]);
    this.metrics.setAll(
      'signalbox_budget_used_ratio',
      series.map(({ labels, usedRatio }) => ({ labels, value: usedRatio })),
    );
    this.metrics.setAll(
      'signalbox_budget_reset_timestamp_seconds',
      series.flatMap(({ labels, resetAt }) => (resetAt === null ? [] : { labels, value: resetAt })),
    );
  }

  private async round(): Promise<void> {
    try {
      await this.look(new Date());
    } catch (error) {
      this.logger.debug({ err: error }, 'budgets could not be read for the metrics');
    }
  }
}

/** The most used budgets in their current windows; a window that nobody has spent in yet has no row. */
const mostUsed = `
  SELECT b.scope, b.unit, b.owner_kind AS owner, b.owner_id AS "ownerId", b.label, b.limit_n AS "limit",
    coalesce(w.settled, 0) AS spent, r.ends_at AS "endsAt",
    (sum(b.limit_n) FILTER (WHERE b.unit = 'usd') OVER ())::float8 AS "limitOfAll",
    (sum(w.settled) FILTER (WHERE b.unit = 'usd') OVER ())::float8 AS "spentOfAll"
  FROM budget b
  JOIN unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) AS r (duration, reset_at, window_id, ends_at)
    ON r.duration IS NOT DISTINCT FROM b.duration AND r.reset_at IS NOT DISTINCT FROM b.reset_at
  LEFT JOIN scope_window w ON w.scope = b.scope AND w.window_id = r.window_id
  ORDER BY coalesce(w.settled, 0)::float8 / greatest(b.limit_n, 1) DESC, b.scope
  LIMIT $5`;
