/** Starts the exporter of traces where one is configured (OTEL_EXPORTER_OTLP_ENDPOINT), and the context manager always. */
import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import type { Metrics } from './metrics.js';
import type { Sampling } from './sampler.js';
import type { SpanExport } from './span-export.js';
import { markTracingDisabled, markTracingEnabled } from './tracing.js';

export interface TelemetryHandle {
  /** Sends what is left and stops; never longer than `timeoutMs`. */
  shutdown(timeoutMs: number): Promise<void>;
}

const dropped = 'signalbox_trace_spans_dropped_total';

/**
 * The SDK is loaded only when it is needed: it costs 30 MB in each process. Its own variables (OTEL_EXPORTER_OTLP_*,
 * OTEL_RESOURCE_ATTRIBUTES) are read by itself. `exporting` is null where no traces are exported. An exporter that
 * cannot send harms no request; the spans that it loses are counted.
 */
export async function startTelemetry(options: {
  service: string;
  exporting: SpanExport | null;
  version: string;
  sampling: Sampling;
  metrics: Metrics;
}): Promise<TelemetryHandle> {
  const { exporting, metrics } = options;
  if (exporting === null) {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    return { shutdown: async () => markTracingDisabled() };
  }
  const { NodeSDK } = await import('@opentelemetry/sdk-node');
  const { resourceFromAttributes } = await import('@opentelemetry/resources');
  const { samplerOf } = await import('./sampler.js');
  const { spanProcessorOf } = await import('./span-export.js');
  metrics.expect(dropped, { reason: 'queue_full' }, { reason: 'export_failed' });
  const processor = await spanProcessorOf(exporting, (reason, spans) => metrics.count(dropped, { reason }, spans));
  const sdk = new NodeSDK({
    resource: resourceFromAttributes({
      'service.name': options.service,
      'service.namespace': 'signalbox',
      'service.version': options.version,
    }),
    sampler: samplerOf(options.sampling),
    spanProcessors: [processor],
    instrumentations: [],
    metricReaders: [],
    logRecordProcessors: [],
  });
  sdk.start();
  markTracingEnabled();
  return {
    shutdown: async (timeoutMs) => {
      await Promise.race([
        sdk.shutdown().catch(() => {}),
        new Promise<void>((resolve) => {
          setTimeout(resolve, timeoutMs).unref();
        }),
      ]);
      markTracingDisabled();
    },
  };
}
