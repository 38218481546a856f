import { gzipSync } from 'node:zlib';
import { afterEach, expect, test, vi } from 'vitest';
import { Metrics, SpanKind, startTelemetry, withSpan } from '#telemetry';
import { OtlpReceiver } from './otlp-receiver.js';

afterEach(() => vi.unstubAllEnvs());

const sampling = { sampler: 'always_on', ratio: 1, probeRatio: 0 };

test('receives what the SDK exports: services, parents, attributes, links', async () => {
  const receiver = await OtlpReceiver.start();
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', receiver.url);
  const metrics = new Metrics({ service: 'router', version: '0', processMetrics: false });
  const exporting = { protocol: 'http/protobuf' };
  const telemetry = await startTelemetry({ service: 'router', exporting, version: '0', sampling, metrics });
  const link = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  const attributes = { model: 'm', count: -3, share: 0.5, ok: true, list: ['a', 'b'] };
  await withSpan('plan', { kind: SpanKind.SERVER, begins: 'entry', attributes }, () =>
    withSpan('inner', { links: [link] }, (span) => void span.addEvent('moved', { to: 'b' })),
  );
  await telemetry.shutdown(5_000);
  const outer = await receiver.until((span) => span.name === 'plan');
  const inner = await receiver.until((span) => span.name === 'inner');
  expect(outer).toMatchObject({ service: 'router', kind: 2, parentSpanId: '', status: 0 });
  expect(outer.attributes).toMatchObject(attributes);
  expect(inner).toMatchObject({ traceId: outer.traceId, parentSpanId: outer.spanId });
  expect(inner.events).toEqual([{ name: 'moved', attributes: { to: 'b' } }]);
  expect(inner.links).toEqual([{ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) }]);
  expect(outer.endNanos).toBeGreaterThan(outer.startNanos);
  expect(receiver.trace(outer.traceId)).toHaveLength(2);
  expect(await metrics.text()).toContain('signalbox_trace_spans_dropped_total{reason="export_failed"} 0');
  await receiver.stop();
});

test('reads JSON and gzip', async () => {
  const receiver = await OtlpReceiver.start();
  const span = { name: 's', traceId: 'a', spanId: 'b', kind: 1, startTimeUnixNano: '1', endTimeUnixNano: '2' };
  const attributes = [{ key: 'service.name', value: { stringValue: 'ingress' } }];
  const body = JSON.stringify({ resourceSpans: [{ resource: { attributes }, scopeSpans: [{ spans: [span] }] }] });
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
  await fetch(`${receiver.url}/v1/traces`, { method: 'POST', headers, body: gzipSync(body) });
  expect(receiver.spans).toMatchObject([{ name: 's', service: 'ingress', startNanos: 1n, status: 0 }]);
  await receiver.stop();
});
