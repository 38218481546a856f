/** Counters, gauges and histograms in memory, and Prometheus' text of them (version 0.0.4). Pure. */
import {
  litellmFamilies,
  type CounterFamily,
  type Family,
  type GaugeFamily,
  type HistogramFamily,
  type LabelsOf,
} from './families.js';

export const textType = 'text/plain; version=0.0.4; charset=utf-8';

/** A family with more label sets than this would cost a Prometheus server dearly: what comes beyond is counted as `other`. */
export const mostSeries = 2_000;

interface Histogram {
  readonly buckets: number[];
  sum: number;
  count: number;
}

/** Label values in the order of the family, joined: NUL is in no name. */
type LabelKey = string;

export class Series {
  private readonly numbers = new Map<Family, Map<LabelKey, number>>();
  private readonly histograms = new Map<HistogramFamily, Map<LabelKey, Histogram>>();

  /** Adds to a counter. */
  add<F extends CounterFamily>(family: F, labels: LabelsOf<F>, amount = 1): void {
    const series = ofFamily(this.numbers, family);
    const key = keyIn(series, family, labels);
    series.set(key, (series.get(key) ?? 0) + amount);
  }

  /** Sets a gauge. */
  set<F extends GaugeFamily>(family: F, labels: LabelsOf<F>, value: number): void {
    const series = ofFamily(this.numbers, family);
    series.set(keyIn(series, family, labels), value);
  }

  /** Forgets every value of a gauge, before it is set anew: what is gone must not stay. */
  clear(family: GaugeFamily): void {
    this.numbers.delete(family);
  }

  /** Puts a value into a histogram. */
  observe<F extends HistogramFamily>(family: F, labels: LabelsOf<F>, value: number): void {
    const series = ofFamily(this.histograms, family);
    const { buckets } = litellmFamilies[family];
    const key = keyIn(series, family, labels);
    const known = series.get(key);
    const histogram = known ?? { buckets: buckets.map(() => 0), sum: 0, count: 0 };
    if (known === undefined) series.set(key, histogram);
    const at = buckets.findIndex((bound) => value <= bound);
    if (at >= 0) histogram.buckets[at] = (histogram.buckets[at] ?? 0) + 1;
    histogram.sum += value;
    histogram.count += 1;
  }

  /** Everything, family by family; families without a value only say what they are. */
  text(): string {
    const families = Object.keys(litellmFamilies).filter(isFamily);
    return `${families.flatMap((family) => this.linesOf(family)).join('\n')}\n`;
  }

  private linesOf(family: Family): string[] {
    const { kind, help } = litellmFamilies[family];
    const head = [`# HELP ${family} ${help}`, `# TYPE ${family} ${kind}`];
    if (isHistogram(family)) {
      const series = [...(this.histograms.get(family) ?? [])];
      return [...head, ...series.flatMap(([key, histogram]) => histogramLines(family, key, histogram))];
    }
    const series = [...(this.numbers.get(family) ?? [])];
    return [...head, ...series.map(([key, value]) => `${family}${labelText(family, key)} ${String(value)}`)];
  }
}

function histogramLines(family: HistogramFamily, key: LabelKey, histogram: Histogram): string[] {
  let below = 0;
  const bounds = litellmFamilies[family].buckets;
  const lines = bounds.map((bound, at) => {
    below += histogram.buckets[at] ?? 0;
    return `${family}_bucket${labelText(family, key, String(bound))} ${String(below)}`;
  });
  return [
    ...lines,
    `${family}_bucket${labelText(family, key, '+Inf')} ${String(histogram.count)}`,
    `${family}_sum${labelText(family, key)} ${String(histogram.sum)}`,
    `${family}_count${labelText(family, key)} ${String(histogram.count)}`,
  ];
}

function keyIn(
  series: ReadonlyMap<LabelKey, unknown>,
  family: Family,
  labels: Readonly<Record<string, string>>,
): LabelKey {
  const names: readonly string[] = litellmFamilies[family].labels;
  const key = names.map((name) => cut(labels[name] ?? '')).join('\0');
  return series.has(key) || series.size < mostSeries ? key : names.map(() => 'other').join('\0');
}

/** Names come from outside: nothing that ends a line or a label early, and nothing endless. */
function cut(value: string): string {
  return value.replaceAll('\0', '').slice(0, 200);
}

function labelText(family: Family, key: LabelKey, bound?: string): string {
  const values = key.split('\0');
  const names: readonly string[] = litellmFamilies[family].labels;
  const pairs = names.map((name, at) => `${name}="${escaped(values[at] ?? '')}"`);
  if (bound !== undefined) pairs.push(`le="${bound}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}

function ofFamily<F, V>(map: Map<F, Map<LabelKey, V>>, family: F): Map<LabelKey, V> {
  const known = map.get(family);
  if (known !== undefined) return known;
  const made = new Map<LabelKey, V>();
  map.set(family, made);
  return made;
}

function isFamily(name: string): name is Family {
  return name in litellmFamilies;
}

function isHistogram(family: Family): family is HistogramFamily {
  return litellmFamilies[family].kind === 'histogram';
}
