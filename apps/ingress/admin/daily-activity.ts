/** /user/daily/activity and /team/daily/activity in LiteLLM's shape, made from the days of a spend report. Pure. */
import type { ReportDay } from '#contracts';

interface Metrics {
  readonly spend: number;
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly api_requests: number;
  readonly successful_requests: number;
  readonly failed_requests: number;
}

type Counted = Pick<ReportDay['groups'][number], 'spend' | 'total_tokens' | 'requests'> & {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly failures: number;
};

/** Days, newest first, with the share of each entity (user or team), model and key, and the sums over all of them. */
export function dailyActivity(days: readonly ReportDay[], only: ReadonlySet<string> | null) {
  const seen = days
    .map(({ group_by_day, groups }) => ({
      date: group_by_day,
      groups: groups.filter((group) => only === null || only.has(group.id)),
    }))
    .filter(({ groups }) => groups.length > 0);
  const all = metricsOf(seen.flatMap(({ groups }) => groups));
  const results = seen.toReversed().map(({ date, groups }) => {
    const details = groups.flatMap((group) => group.metadata);
    return {
      date,
      metrics: metricsOf(groups),
      breakdown: {
        entities: sharesOf(groups, (group) => group.id),
        models: sharesOf(details, (line) => line.model),
        api_keys: sharesOf(details, (line) => line.api_key ?? ''),
      },
    };
  });
  const { spend, ...counts } = all;
  const totals = Object.fromEntries(Object.entries(counts).map(([name, count]) => [`total_${name}`, count]));
  return {
    results,
    metadata: {
      total_spend: spend,
      ...totals,
      total_tokens: all.total_tokens,
      page: 1,
      total_pages: 1,
      has_more: false,
    },
  };
}

function sharesOf<Line extends Counted>(lines: readonly Line[], nameOf: (line: Line) => string) {
  const named = [...Map.groupBy(lines, nameOf)];
  return Object.fromEntries(named.map(([name, own]) => [name, { metrics: metricsOf(own), metadata: {} }]));
}

function metricsOf(lines: readonly Counted[]): Metrics {
  const sum = (of: (line: Counted) => number) => lines.reduce((total, line) => total + of(line), 0);
  const [answered, failed] = [sum((line) => line.requests), sum((line) => line.failures)];
  return {
    // Sums of floating dollars: a nano-dollar is the smallest amount there is.
    spend: Math.round(sum((line) => line.spend) * 1e9) / 1e9,
    prompt_tokens: sum((line) => line.prompt_tokens),
    completion_tokens: sum((line) => line.completion_tokens),
    total_tokens: sum((line) => line.total_tokens),
    api_requests: answered + failed,
    successful_requests: answered,
    failed_requests: failed,
  };
}
