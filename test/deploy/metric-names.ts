/** Which series the services really have, and which series a PromQL expression asks for. */
import { metricFamilies, Metrics } from '#telemetry';

/** Series names of Prometheus for all families, the process metrics of Node.js, and what Prometheus itself adds. */
export function knownSeries(): Set<string> {
  const known = new Set(['up', 'ALERTS']);
  for (const [name, { kind }] of Object.entries(metricFamilies)) {
    known.add(name);
    if (kind === 'histogram') for (const part of ['bucket', 'sum', 'count']) known.add(`${name}_${part}`);
  }
  for (const name of processSeries) known.add(name);
  return known;
}

/** The process metrics that rules and dashboards use; the test of this list asks a real registry. */
export const processSeries = [
  'process_start_time_seconds',
  'process_resident_memory_bytes',
  'process_cpu_seconds_total',
  'nodejs_eventloop_lag_p99_seconds',
];

/** What the optional exporter of NATS (prometheus-nats-exporter -prefix=nats -varz -jsz=all) adds, with its labels. */
export const exporterSeries = {
  nats_varz_slow_consumers: { labels: ['server_id'] },
  nats_stream_total_messages: { labels: ['stream_name', 'stream_leader', 'is_stream_leader'] },
} as const;

/** What a service's registry shows before anything happened. */
export const processMetricsText = (): Promise<string> =>
  new Metrics({ service: 'test', version: '0', processMetrics: true }).text();

const words =
  /^(sum|rate|max|min|avg|by|on|le|or|and|unless|offset|absent|without|count|increase|vector|changes|ignoring|bool|group_left|group_right|topk|bottomk|sort|sort_desc|clamp_min|clamp_max|time|label_replace|histogram_quantile|quantile|avg_over_time|min_over_time|max_over_time|last_over_time|scalar|floor|round|stddev)$/;

/** Names of series in an expression: what is left without label matchers, lists of labels, ranges, numbers and functions. */
export function seriesIn(expression: string): string[] {
  const bare = expression
    .replaceAll(/"[^"]*"/g, '')
    .replaceAll(/\{[^}]*\}/g, '')
    .replaceAll(/\[[^\]]*\]/g, '')
    .replaceAll(/\b(by|on|without|ignoring|group_left|group_right)\s*\([^)]*\)/g, '')
    .replaceAll(/\boffset\s+\w+/g, '');
  const names = [...bare.matchAll(/[a-zA-Z_:][a-zA-Z0-9_:]*/g)].map(([name]) => name);
  return names.filter((name) => !words.test(name) && !/\d/.test(name[0] ?? '') && !isUnitOfNumber(name));
}

/** `1e3` and the like leave letters behind. */
const isUnitOfNumber = (name: string) => /^e\d*$/.test(name);

/** Labels that the scrape adds to every series. */
const targetLabels = new Set(['job', 'instance', 'component', 'namespace', 'pod', 'le']);

/** `metric{label` for each label in a matcher that the metric does not have; `by (...)` is checked against all metrics of the expression. */
export function unknownLabelsIn(expression: string): string[] {
  const families: Readonly<Record<string, { readonly labels: readonly string[] }>> = {
    ...metricFamilies,
    ...exporterSeries,
  };
  const labelsOf = (series: string) =>
    families[series]?.labels ?? families[series.replace(/_(bucket|sum|count)$/, '')]?.labels ?? [];
  const wrong: string[] = [];
  for (const [, series = '', matchers = ''] of expression.matchAll(/([a-z_:]+)\{([^}]*)\}/g)) {
    for (const [, label = ''] of matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)) {
      if (!targetLabels.has(label) && !labelsOf(series).includes(label)) wrong.push(`${series}{${label}`);
    }
  }
  const offered = new Set(seriesIn(expression).flatMap((series) => labelsOf(series)));
  for (const [, names = ''] of expression.matchAll(/\bby\s*\(([^)]*)\)/g)) {
    for (const label of names.split(',').map((name) => name.trim())) {
      if (label !== '' && !targetLabels.has(label) && !offered.has(label)) wrong.push(`by (${label}) in ${expression}`);
    }
  }
  return wrong;
}
