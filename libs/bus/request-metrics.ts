/** Metrics of requests over the bus, by subject: how long they took, and why they got no answer. */
import type { Metrics } from '#telemetry';
import { busErrorTypes } from './bus-failure.js';
import type { RequestObserver } from './rpc.js';

/** Measures each request. The errors of a subject are shown from its first request on, so that the first of them is seen. */
export function requestMetrics(metrics: Metrics): RequestObserver {
  const known = new Set<string>();
  return (subject, seconds, failure) => {
    if (!known.has(subject)) {
      known.add(subject);
      metrics.expect('signalbox_bus_errors_total', ...busErrorTypes.map((type) => ({ subject, error_type: type })));
    }
    metrics.observe('signalbox_bus_request_duration_seconds', { subject }, seconds);
    if (failure !== null) metrics.count('signalbox_bus_errors_total', { subject, error_type: failure });
  };
}
