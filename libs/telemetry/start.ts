/** Starts the exporter of traces where one is configured (OTEL_EXPORTER_OTLP_ENDPOINT), and the context manager always. */
import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import type { Sampling } from './sampler.js';
import { markTracingDisabled, markTracingEnabled } from './tracing.js';

export interface TelemetryHandle {
  /** Sends what is left and stops; never longer than `timeoutMs`. */
  shutdown(timeoutMs: number): Promise<void>;
}

/**
 * The SDK is loaded only when it is needed: it costs 30 MB in each process. Its own variables (OTEL_EXPORTER_OTLP_*,
 * OTEL_BSP_*, OTEL_RESOURCE_ATTRIBUTES) are read by itself.
 */
export async function startTelemetry(options: {
  service: string;
  exporting: boolean;
  version: string;
  sampling: Sampling;
}): Promise<TelemetryHandle> {
  if (!options.exporting) {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    return { shutdown: async () => markTracingDisabled() };
  }
  const { NodeSDK } = await import('@opentelemetry/sdk-node');
  const { resourceFromAttributes } = await import('@opentelemetry/resources');
  const { samplerOf } = await import('./sampler.js');
  const sdk = new NodeSDK({
    resource: resourceFromAttributes({
      'service.name': options.service,
      'service.namespace': 'signalbox',
      'service.version': options.version,
    }),
    sampler: samplerOf(options.sampling),
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
