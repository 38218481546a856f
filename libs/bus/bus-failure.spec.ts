import { expect, it } from 'vitest';
import { GatewayError } from '#contracts';
import { BusFailure, busErrorTypeOf } from './bus-failure.js';

it.each([
  ['no answer in time', new BusFailure('bus_timeout', 'router.plan'), 'bus_timeout'],
  ['nobody there', new BusFailure('bus_no_responders', 'router.plan'), 'bus_no_responders'],
  ['a handler that broke', new GatewayError('internal_error'), 'internal_error'],
  ['something unheard of', new Error('?'), '_OTHER'],
  ['a refusal', new GatewayError('model_not_found', { model: 'm' }), null],
  ['a refusal for want of a backend', new GatewayError('no_healthy_backend'), null],
  ['a caller that went away', new DOMException('aborted', 'AbortError'), null],
])('%s counts as %s', (_what, error, type) => {
  expect(busErrorTypeOf(error)).toBe(type);
});

it('is service_unavailable to whoever asked, and says why to an admin only', () => {
  const failure = new BusFailure('bus_timeout', 'router.plan');
  expect(failure.code).toBe('service_unavailable');
  expect(failure.details.adminText).toBe('router.plan: it did not answer in time');
  expect(failure.message).not.toContain('router.plan');
});
