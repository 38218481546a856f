/** Spend by day and by what spent it, as the chart and the table show it. Pure. */
import type { ReportDay, SpendLine } from '../api/answers.js';

export const groups = [
  { id: 'model', label: 'Model' },
  { id: 'api_key', label: 'Key' },
  { id: 'team', label: 'Team' },
] as const;
export type Group = (typeof groups)[number]['id'];

export const measures = [
  { id: 'spend', label: 'Spend' },
  { id: 'saved', label: 'Saved' },
  { id: 'tokens', label: 'Tokens' },
  { id: 'requests', label: 'Requests' },
] as const;
export type Measure = (typeof measures)[number]['id'];

/** What one line counts for. Saved is what its local answers would have cost on the reference model of the cloud. */
export function amountOf(line: SpendLine, measure: Measure): number {
  if (measure === 'spend') return line.spend;
  if (measure === 'tokens') return line.total_tokens;
  if (measure === 'requests') return line.requests;
  return line.cloud_equivalent_spend;
}

/** What the page shows until somebody chooses: where nothing costs money, what that saved. */
export function firstMeasure(all: Pick<SpendLine, 'spend' | 'cloud_equivalent_spend'>): Measure {
  return all.spend === 0 && all.cloud_equivalent_spend > 0 ? 'saved' : 'spend';
}

export function linesOf(day: ReportDay, group: Group): readonly SpendLine[] {
  return (group === 'model' ? day.models : group === 'api_key' ? day.api_keys : day.teams) ?? [];
}

/** A name for every line: ids that are empty stand for what has no team or key. */
export function lineName(line: Pick<SpendLine, 'id' | 'name'>, group: Group): string {
  if (line.name !== '') return line.name;
  return group === 'team' ? 'no team' : 'without a name';
}

/** Sums of each group over all days, greatest first. */
export function totalsOf(days: readonly ReportDay[], group: Group, measure: Measure): SpendLine[] {
  const sums = new Map<string, SpendLine>();
  for (const day of days) {
    for (const line of linesOf(day, group)) {
      const before = sums.get(line.id);
      sums.set(line.id, before === undefined ? { ...line, name: lineName(line, group) } : added(before, line));
    }
  }
  return [...sums.values()].sort(
    (a, b) =>
      amountOf(b, measure) - amountOf(a, measure) || b.total_tokens - a.total_tokens || a.name.localeCompare(b.name),
  );
}

/** All lines as one. */
export function sumOf(lines: readonly SpendLine[]): SpendLine {
  return lines.reduce(added, { ...nothing, id: '', name: 'all' });
}

const nothing = {
  spend: 0,
  requests: 0,
  failures: 0,
  prompt_tokens: 0,
  completion_tokens: 0,
  total_tokens: 0,
  cloud_equivalent_spend: 0,
  unpriced: 0,
};

function added(a: SpendLine, b: SpendLine): SpendLine {
  return {
    id: a.id,
    name: a.name,
    spend: a.spend + b.spend,
    requests: a.requests + b.requests,
    failures: a.failures + b.failures,
    prompt_tokens: a.prompt_tokens + b.prompt_tokens,
    completion_tokens: a.completion_tokens + b.completion_tokens,
    total_tokens: a.total_tokens + b.total_tokens,
    cloud_equivalent_spend: a.cloud_equivalent_spend + b.cloud_equivalent_spend,
    unpriced: a.unpriced + b.unpriced,
  };
}

/** The last `length` days up to `lastDay` (`2026-11-20`, UTC), oldest first. */
export function daysUpTo(lastDay: string, length: number): string[] {
  const last = Date.parse(`${lastDay}T00:00:00Z`);
  return Array.from({ length }, (_, back) =>
    new Date(last - (length - 1 - back) * 86_400_000).toISOString().slice(0, 10),
  );
}

export interface Series {
  readonly id: string;
  readonly name: string;
}

export interface ChartData {
  /** Bottom to top; the last may be `others`. */
  readonly series: readonly Series[];
  /** One column a day, with an amount for each series. */
  readonly columns: readonly { readonly day: string; readonly amounts: readonly number[]; readonly total: number }[];
}

const mostSeries = 5;
const othersId = '\u0000others';

/** Columns of a stacked chart: the greatest groups have a series of their own, the rest is `others`. Days without spend are there too. */
export function chartOf(
  report: readonly ReportDay[],
  days: readonly string[],
  group: Group,
  measure: Measure,
): ChartData {
  const totals = totalsOf(report, group, measure).filter((line) => amountOf(line, measure) > 0);
  const named = totals.length > mostSeries + 1 ? totals.slice(0, mostSeries) : totals;
  const rest = totals.slice(named.length);
  const series: Series[] = named.map(({ id, name }) => ({ id, name }));
  if (rest.length > 0) series.push({ id: othersId, name: `${String(rest.length)} others` });
  const restIds = new Set(rest.map((line) => line.id));
  const byDay = new Map(report.map((day) => [day.group_by_day, linesOf(day, group)]));
  const columns = days.map((day) => {
    const lines = byDay.get(day) ?? [];
    const amounts = series.map(({ id }) =>
      lines
        .filter((line) => (id === othersId ? restIds.has(line.id) : line.id === id))
        .reduce((sum, line) => sum + amountOf(line, measure), 0),
    );
    return { day, amounts, total: amounts.reduce((sum, amount) => sum + amount, 0) };
  });
  return { series, columns };
}
