/** Sums of the database as the reports of LiteLLM's API show them. */
import type { ReportDay, ReportGroup, SpendLine } from '#contracts';

/** Sums of one group, as they come from the aggregates; money in nano-dollars. */
export interface GroupSums {
  readonly id: string;
  readonly name: string | null;
  readonly requests: number;
  readonly failures: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly spendNanoUsd: number;
  readonly cloudEquivalentNanoUsd: number;
  readonly unpriced: number;
}

/** The same for one day, model and key within the group. */
export interface GroupDaySums extends GroupSums {
  readonly day: string;
  /** Empty where models are not told apart. */
  readonly model: string;
  /** null where the aggregate does not tell keys apart. */
  readonly keyId: string | null;
}

const usd = (nano: number) => nano / 1_000_000_000;

/** One group over the whole period. */
export function spendLine(sums: GroupSums): SpendLine {
  return {
    id: sums.id,
    name: sums.name ?? sums.id,
    spend: usd(sums.spendNanoUsd),
    requests: sums.requests,
    failures: sums.failures,
    prompt_tokens: sums.inputTokens,
    completion_tokens: sums.outputTokens,
    total_tokens: sums.inputTokens + sums.outputTokens,
    cloud_equivalent_spend: usd(sums.cloudEquivalentNanoUsd),
    unpriced: sums.unpriced,
  };
}

/** Days, oldest first; in each the groups, dearest first; in each of them models and keys. */
export function reportDays(rows: readonly GroupDaySums[]): ReportDay[] {
  const days = Map.groupBy(rows, (row) => row.day);
  return [...days]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([day, ofDay]) => {
      const groups = [...Map.groupBy(ofDay, (row) => row.id).values()].map(reportGroup);
      return { group_by_day: day, groups: groups.sort((a, b) => b.spend - a.spend || (a.id < b.id ? -1 : 1)) };
    });
}

function reportGroup(rows: readonly GroupDaySums[]): ReportDay['groups'][number] {
  const detailed = rows.filter((row) => row.model !== '');
  const metadata = detailed.map((row) => ({
    model: row.model,
    spend: usd(row.spendNanoUsd),
    total_tokens: row.inputTokens + row.outputTokens,
    api_key: row.keyId,
    requests: row.requests,
    failures: row.failures,
    prompt_tokens: row.inputTokens,
    completion_tokens: row.outputTokens,
  }));
  return { ...spendLine(addUp(rows)), metadata: metadata.sort((a, b) => b.spend - a.spend) };
}

function addUp(rows: readonly GroupSums[]): GroupSums {
  const [first] = rows;
  const sum = (of: (row: GroupSums) => number) => rows.reduce((total, row) => total + of(row), 0);
  return {
    id: first?.id ?? '',
    name: first?.name ?? null,
    requests: sum((row) => row.requests),
    failures: sum((row) => row.failures),
    inputTokens: sum((row) => row.inputTokens),
    outputTokens: sum((row) => row.outputTokens),
    spendNanoUsd: sum((row) => row.spendNanoUsd),
    cloudEquivalentNanoUsd: sum((row) => row.cloudEquivalentNanoUsd),
    unpriced: sum((row) => row.unpriced),
  };
}

export interface ActivityDay {
  readonly day: string;
  readonly model: string;
  readonly requests: number;
  readonly failures: number;
  readonly tokens: number;
  readonly spendNanoUsd: number;
}

const shortMonths = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `2026-11-05` as LiteLLM's charts label it: `Nov 05`. */
function dayLabel(day: string): string {
  return `${shortMonths[Number(day.slice(5, 7)) - 1] ?? ''} ${day.slice(8, 10)}`;
}

/** What happened each day, and in all. */
export function activityOf(rows: readonly ActivityDay[]) {
  const daily = [...Map.groupBy(rows, (row) => row.day)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([day, ofDay]) => ({
      date: dayLabel(day),
      day,
      api_requests: addOf(ofDay, (row) => row.requests),
      failed_requests: addOf(ofDay, (row) => row.failures),
      total_tokens: addOf(ofDay, (row) => row.tokens),
      spend: usd(addOf(ofDay, (row) => row.spendNanoUsd)),
    }));
  return {
    daily_data: daily,
    sum_api_requests: addOf(rows, (row) => row.requests),
    sum_total_tokens: addOf(rows, (row) => row.tokens),
    sum_spend: usd(addOf(rows, (row) => row.spendNanoUsd)),
  };
}

function addOf(rows: readonly ActivityDay[], of: (row: ActivityDay) => number): number {
  return rows.reduce((sum, row) => sum + of(row), 0);
}

export interface SummaryRow {
  readonly day: string;
  readonly userId: string;
  readonly model: string;
  readonly spendNanoUsd: number;
}

/** `/spend/logs?summarize=true`: for each day, who spent how much, and on what. */
export function summaryDays(rows: readonly SummaryRow[]) {
  return [...Map.groupBy(rows, (row) => row.day)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([day, ofDay]) => ({
      startTime: day,
      spend: usd(ofDay.reduce((sum, row) => sum + row.spendNanoUsd, 0)),
      users: sumBy(ofDay, (row) => row.userId),
      models: sumBy(ofDay, (row) => row.model),
    }));
}

function sumBy(rows: readonly SummaryRow[], of: (row: SummaryRow) => string): Record<string, number> {
  const sums = [...Map.groupBy(rows, of)].map(
    ([name, ofName]) => [name, usd(ofName.reduce((sum, row) => sum + row.spendNanoUsd, 0))] as const,
  );
  return Object.fromEntries(sums);
}

/** Where the sums of each group are kept, and the column that names the group. */
export const groupSources: Readonly<Record<ReportGroup, { readonly table: string; readonly column: string }>> = {
  team: { table: 'daily_spend', column: 'team_id' },
  user: { table: 'daily_spend', column: 'user_id' },
  api_key: { table: 'daily_spend', column: 'key_id' },
  model: { table: 'daily_spend', column: 'model' },
  provider: { table: 'daily_spend', column: 'provider' },
  backend: { table: 'daily_spend', column: 'backend_id' },
  tag: { table: 'daily_tag_spend', column: 'tag' },
  customer: { table: 'daily_customer_spend', column: 'end_user' },
};
