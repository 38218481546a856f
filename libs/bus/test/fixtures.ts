/** A bus and an opening for tests of the token stream. */
import { Bus } from '#bus';
import type { InferOpen } from '#contracts';
import { Logger, Metrics } from '#telemetry';
import { sampleOpening } from '#testing';

export function connectBus(url: string, name: string): Promise<Bus> {
  const metrics = new Metrics({ service: name, version: 'test', processMetrics: false });
  return Bus.connect({ url, user: null, password: null, name, logger: Logger.create(name, 'error'), metrics });
}

/** An opening whose request holds `text`. */
export function openingOf(text: string): InferOpen {
  return sampleOpening({ request: { text } });
}
