/** Prometheus metrics of one process. Families are declared once, in names.ts. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry, type RegistryContentType } from 'prom-client';
import { BoundedLabels, type Labels } from './bounded-labels.js';
import { metricFamilies, type CounterName, type GaugeName, type HistogramName } from './names.js';
import { isRecording, activeTraceId } from './tracing.js';

const plainText = Registry.PROMETHEUS_CONTENT_TYPE;
const openMetrics = Registry.OPENMETRICS_CONTENT_TYPE;

export class Metrics {
  private readonly registry = new Registry<RegistryContentType>();
  private readonly bounds = new BoundedLabels();
  private writing: Promise<unknown> = Promise.resolve();
  private readonly counters = new Map<string, Counter>();
  private readonly gauges = new Map<string, Gauge>();
  private readonly histograms = new Map<string, Histogram>();
  /** Series of histograms that were expected. */
  private readonly zeroed = new Set<string>();
  private readonly readers: (() => void)[] = [];

  constructor(options: { service: string; version: string; commit?: string; processMetrics: boolean }) {
    if (options.processMetrics) collectDefaultMetrics({ register: this.registry });
    const { service, version, commit = '' } = options;
    this.set('signalbox_build_info', { service, version, commit }, 1);
  }

  /** Adds to a counter. */
  count(name: CounterName, labels: Labels, amount = 1): void {
    this.counter(name).inc(this.bounds.of(labels), amount);
  }

  /**
   * Shows series at 0 before their first event: `rate()` and `increase()` do not see what a series begins with. Series of a
   * histogram must be expected before they are observed; saying it again does nothing.
   */
  expect(name: CounterName | HistogramName, ...series: readonly Labels[]): void {
    for (const labels of series) {
      const bounded = this.bounds.of(labels);
      if (isCounter(name)) this.counter(name).inc(bounded, 0);
      else this.zero(name, bounded);
    }
  }

  /** Sets a gauge. */
  set(name: GaugeName, labels: Labels, value: number): void {
    this.gauge(name).set(this.bounds.of(labels), value);
  }

  /** Replaces all series of a gauge. */
  setAll(name: GaugeName, series: readonly { readonly labels: Labels; readonly value: number }[]): void {
    const gauge = this.gauge(name);
    gauge.reset();
    for (const { labels, value } of series) gauge.set(labels, value);
  }

  /** Adds to a gauge. */
  add(name: GaugeName, labels: Labels, amount: number): void {
    this.gauge(name).inc(labels, amount);
  }

  /** Forgets one series, e.g. of a deleted key. */
  forget(name: GaugeName, labels: Labels): void {
    this.gauges.get(name)?.remove(labels);
  }

  /** Puts a value (in the family's unit) into a histogram; where the family has exemplars, with the trace it comes from. */
  observe(name: HistogramName, labels: Labels, value: number): void {
    const bounded = this.bounds.of(labels);
    const histogram = this.histogram(name);
    if (!hasExemplars(name)) {
      histogram.observe(bounded, value);
      return;
    }
    const traceId = isRecording() ? activeTraceId() : null;
    histogram.observe({
      labels: bounded,
      value,
      ...(traceId === null ? {} : { exemplarLabels: { trace_id: traceId } }),
    });
  }

  /** Calls `read` before each scrape: for what changes so fast that only its value at that moment says anything. */
  onScrape(read: () => void): void {
    this.readers.push(read);
  }

  /** Everything in Prometheus' text format. */
  async text(): Promise<string> {
    return (await this.answer(null)).text;
  }

  /** Everything, in OpenMetrics (which has exemplars) where the `accept` header asks for it, else in Prometheus' text format. */
  answer(accept: string | null): Promise<{ text: string; contentType: string }> {
    const contentType = accept?.includes('application/openmetrics-text') === true ? openMetrics : plainText;
    // One at a time: the registry writes in one format at a time, and OpenMetrics renames its counters.
    const written = this.writing.then(() => this.write(contentType));
    this.writing = written.catch(() => {});
    return written;
  }

  private async write(contentType: RegistryContentType): Promise<{ text: string; contentType: string }> {
    for (const read of this.readers) read();
    const families = this.registry.getMetricsAsArray().map((family) => ({ family, name: family.name }));
    this.registry.setContentType(contentType);
    try {
      return { text: await this.registry.metrics(), contentType };
    } finally {
      this.registry.setContentType(plainText);
      for (const { family, name } of families) family.name = name;
    }
  }

  private zero(name: HistogramName, labels: Labels): void {
    const id = `${name}${JSON.stringify(labels)}`;
    if (this.zeroed.has(id)) return;
    this.zeroed.add(id);
    this.histogram(name).zero(labels);
  }

  private counter(name: CounterName): Counter {
    const known = this.counters.get(name);
    if (known !== undefined) return known;
    const { help, labels } = metricFamilies[name];
    const made = new Counter({ name, help, labelNames: [...labels], registers: [this.registry] });
    this.counters.set(name, made);
    return made;
  }

  private gauge(name: GaugeName): Gauge {
    const known = this.gauges.get(name);
    if (known !== undefined) return known;
    const { help, labels } = metricFamilies[name];
    const made = new Gauge({ name, help, labelNames: [...labels], registers: [this.registry] });
    this.gauges.set(name, made);
    return made;
  }

  private histogram(name: HistogramName): Histogram {
    const known = this.histograms.get(name);
    if (known !== undefined) return known;
    const { help, labels, buckets } = metricFamilies[name];
    const settings = { name, help, labelNames: [...labels], buckets: [...buckets], registers: [this.registry] };
    // The library takes exemplars only while the registry writes OpenMetrics.
    this.registry.setContentType(openMetrics);
    const made = new Histogram({ ...settings, enableExemplars: hasExemplars(name) });
    this.registry.setContentType(plainText);
    this.histograms.set(name, made);
    return made;
  }
}

function isCounter(name: CounterName | HistogramName): name is CounterName {
  return metricFamilies[name].kind === 'counter';
}

function hasExemplars(name: HistogramName): boolean {
  return 'exemplars' in metricFamilies[name];
}
