import { expect, it } from 'vitest';
import { Metrics } from '#telemetry';
import { requestMetrics } from './request-metrics.js';

it('shows the errors of a subject at 0 from its first request on, and counts them', async () => {
  const metrics = new Metrics({ service: 'test', version: '1', processMetrics: false });
  const measure = requestMetrics(metrics);
  const errors = async () =>
    Object.fromEntries(
      [...(await metrics.text()).matchAll(/bus_errors_total\{subject="router.plan",error_type="(\w+)"\} (\d+)/g)].map(
        ([, type = '', number]) => [type, Number(number)],
      ),
    );
  expect(await errors()).toEqual({});
  measure('router.plan', 0.01, null);
  const none = { bus_timeout: 0, bus_no_responders: 0, bus_disconnected: 0, internal_error: 0 };
  expect(await errors()).toEqual(none);
  measure('router.plan', 0.01, 'bus_timeout');
  expect(await errors()).toEqual({ ...none, bus_timeout: 1 });
});
