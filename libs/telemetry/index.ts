/** Logs, metrics and traces. */
export { busAttributes, knowBusServer } from './bus-attributes.js';
export { genAi } from './gen-ai.js';
export { Logger } from './logger.js';
export type { LogLevel } from './logger.js';
export { Metrics } from './metrics.js';
export { metricFamilies } from './names.js';
export type { CounterName, GaugeName, HistogramName } from './names.js';
export { startTelemetry } from './start.js';
export type { SpanExport } from './span-export.js';
export type { Sampling } from './sampler.js';
export type { TelemetryHandle } from './start.js';
export {
  startSpan,
  withSpan,
  failSpan,
  describeSpan,
  isRecording,
  isTracing,
  markFailed,
  outsideTraces,
  probeAttribute,
  runInSpan,
  runInContext,
  requestContext,
  contextFromTraceparent,
  activeTraceparent,
  activeTraceId,
  traceparentOf,
  SpanKind,
} from './tracing.js';
export type { SpanOptions } from './tracing.js';
