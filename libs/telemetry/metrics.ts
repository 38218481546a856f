/** Prometheus metrics of one process. Families are declared once, in names.ts. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { metricFamilies, type CounterName, type GaugeName, type HistogramName } from './names.js';

type Labels = Record<string, string>;

export class Metrics {
  private readonly registry = new Registry();
  private readonly counters = new Map<string, Counter>();
  private readonly gauges = new Map<string, Gauge>();
  private readonly histograms = new Map<string, Histogram>();

  constructor(options: { service: string; version: string; processMetrics: boolean }) {
    if (options.processMetrics) collectDefaultMetrics({ register: this.registry });
    this.set('signalbox_build_info', { service: options.service, version: options.version }, 1);
  }

  /** Adds to a counter. */
  count(name: CounterName, labels: Labels, amount = 1): void {
    this.counter(name).inc(labels, amount);
  }

  /** Sets a gauge. */
  set(name: GaugeName, labels: Labels, value: number): void {
    this.gauge(name).set(labels, value);
  }

  /** Adds to a gauge. */
  add(name: GaugeName, labels: Labels, amount: number): void {
    this.gauge(name).inc(labels, amount);
  }

  /** Forgets one series, e.g. of a deleted key. */
  forget(name: GaugeName, labels: Labels): void {
    this.gauges.get(name)?.remove(labels);
  }

  /** Puts a value (in the family's unit) into a histogram. */
  observe(name: HistogramName, labels: Labels, value: number): void {
    this.histogram(name).observe(labels, value);
  }

  /** Everything in Prometheus' text format. */
  text(): Promise<string> {
    return this.registry.metrics();
  }

  get contentType(): string {
    return this.registry.contentType;
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
    const made = new Histogram({
      name,
      help,
      labelNames: [...labels],
      buckets: [...buckets],
      registers: [this.registry],
    });
    this.histograms.set(name, made);
    return made;
  }
}
