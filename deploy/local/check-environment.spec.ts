import { describe, expect, test } from 'vitest';
import { Environment } from '../../libs/config/index.js';
import { checkEnvironment } from './check-environment.mjs';

const readable = {
  SIGNALBOX_DRAIN_SECONDS: '2.5',
  SIGNALBOX_MANAGEMENT_PORT: '0',
  SIGNALBOX_NATS_REPLICAS: '3',
  SIGNALBOX_TRACE_PROBES: '0.5',
  OTEL_TRACES_SAMPLER_ARG: '1',
  SIGNALBOX_LOG_LEVEL: 'warn',
  SIGNALBOX_TRACE_INCOMING: 'link',
};

describe('the environment of the launcher', () => {
  test.each([
    ['SIGNALBOX_DRAIN_SECONDS', 'x'],
    ['SIGNALBOX_DRAIN_SECONDS', '-1'],
    ['SIGNALBOX_DRAIN_SECONDS', '30s'],
    ['SIGNALBOX_MANAGEMENT_PORT', '99999'],
    ['SIGNALBOX_MANAGEMENT_PORT', 'http'],
    ['SIGNALBOX_NATS_REPLICAS', '1.5'],
    ['SIGNALBOX_TRACE_PROBES', 'half'],
    ['OTEL_TRACES_SAMPLER_ARG', '2'],
    ['SIGNALBOX_LOG_LEVEL', 'verbose'],
    ['SIGNALBOX_TRACE_INCOMING', 'yes'],
  ])('%s=%s is refused by its name, as the services would', (name, value) => {
    expect(() => checkEnvironment({ ...readable, [name]: value })).toThrow(`${name} must be`);
    expect(() => Environment.parse({ [name]: value })).toThrow(name);
  });

  test('names all at once', () => {
    const both = { SIGNALBOX_DRAIN_SECONDS: 'x', SIGNALBOX_NATS_REPLICAS: 'y' };
    expect(() => checkEnvironment(both)).toThrow(/SIGNALBOX_DRAIN_SECONDS[^]*\n[^]*SIGNALBOX_NATS_REPLICAS/);
  });

  test.each([{}, { SIGNALBOX_DRAIN_SECONDS: '' }, readable])('%j is read', (env) => {
    expect(() => checkEnvironment(env)).not.toThrow();
    expect(() => Environment.parse(env)).not.toThrow();
  });
});
