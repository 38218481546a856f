/** A bus and an opening for tests of the token stream. */
import { Bus } from '#bus';
import type { InferOpen } from '#contracts';
import { Logger, Metrics } from '#telemetry';
import { sampleOpening } from '#testing';

export function connectBus(url: string, name: string, metrics = metricsOf(name)): Promise<Bus> {
  return Bus.connect({ url, user: null, password: null, name, logger: Logger.create(name, 'error'), metrics });
}

export function metricsOf(name: string): Metrics {
  return new Metrics({ service: name, version: 'test', processMetrics: false });
}

/** An opening whose request holds `text`. */
export function openingOf(text: string): InferOpen {
  return sampleOpening({ request: { text } });
}
