/** The worker's end of a token stream in the trace of its request. */
import type { StreamSender } from '#bus';
import { busAttributes, contextFromTraceparent, runInContext, SpanKind, withSpan } from '#telemetry';

/** Serves a stream inside its request's trace, with one span for all of it. `subject` is the template, without a backend. */
export function inWorkerSpan(subject: string, stream: StreamSender, work: () => Promise<void>): Promise<void> {
  const attributes = busAttributes('process', subject);
  return runInContext(contextFromTraceparent(stream.traceparent), () =>
    withSpan(`process ${subject}`, { kind: SpanKind.SERVER, attributes }, work),
  );
}
