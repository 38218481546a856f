/** How spans leave the process: in batches over OTLP, with a count of those that do not. Loaded only where traces are exported. */
import { createNoopMeter, type Attributes, type Counter, type Meter, type MeterProvider } from '@opentelemetry/api';
import { BatchSpanProcessor, type SpanExporter, type SpanProcessor } from '@opentelemetry/sdk-trace';

export interface SpanExport {
  /** OTEL_EXPORTER_OTLP_PROTOCOL. */
  readonly protocol: string;
  /** OTEL_BSP_*; the SDK's defaults for what is left out. */
  readonly maxQueueSize?: number;
  readonly maxExportBatchSize?: number;
  readonly scheduledDelayMillis?: number;
  readonly exportTimeoutMillis?: number;
}

export type DroppedSpans = 'queue_full' | 'export_failed';

/** The exporter of a protocol; it reads where to, headers and the rest from OTEL_EXPORTER_OTLP_* itself. */
async function exporterOf(protocol: string): Promise<SpanExporter> {
  switch (protocol) {
    case 'grpc':
      return new (await import('@opentelemetry/exporter-trace-otlp-grpc')).OTLPTraceExporter();
    case 'http/json':
      return new (await import('@opentelemetry/exporter-trace-otlp-http')).OTLPTraceExporter();
    default:
      return new (await import('@opentelemetry/exporter-trace-otlp-proto')).OTLPTraceExporter();
  }
}

/** Sends spans in batches from a bounded queue; nothing waits for it, and what is lost is told to `onDropped`. */
export async function spanProcessorOf(
  { protocol, ...batches }: SpanExport,
  onDropped: (reason: DroppedSpans, spans: number) => void,
): Promise<SpanProcessor> {
  const exporter = await exporterOf(protocol);
  return new BatchSpanProcessor({ exporter, selfObsMeterProvider: listeningMeters(onDropped), ...batches });
}

/**
 * The SDK hides its queue, but reports each span that it is done with to a meter: as a success, with `error.type`
 * `queue_full`, or with the name of what the exporter failed with. The failures are all that is listened to.
 */
function listeningMeters(onDropped: (reason: DroppedSpans, spans: number) => void): MeterProvider {
  const deaf = createNoopMeter();
  const add = (spans: number, attributes?: Attributes) => {
    const error = attributes?.['error.type'];
    if (error !== undefined) onDropped(error === 'queue_full' ? error : 'export_failed', spans);
  };
  const meter: Meter = {
    createCounter: <A extends Attributes>(): Counter<A> => ({ add }),
    createUpDownCounter: (name, options) => deaf.createUpDownCounter(name, options),
    createGauge: (name, options) => deaf.createGauge(name, options),
    createHistogram: (name, options) => deaf.createHistogram(name, options),
    createObservableCounter: (name, options) => deaf.createObservableCounter(name, options),
    createObservableUpDownCounter: (name, options) => deaf.createObservableUpDownCounter(name, options),
    createObservableGauge: (name, options) => deaf.createObservableGauge(name, options),
    addBatchObservableCallback: (callback, observables) => deaf.addBatchObservableCallback(callback, observables),
    removeBatchObservableCallback: (callback, observables) => deaf.removeBatchObservableCallback(callback, observables),
  };
  return { getMeter: () => meter };
}
