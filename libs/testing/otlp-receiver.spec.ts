import { gzipSync } from 'node:zlib';
import { afterEach, expect, test, vi } from 'vitest';
import { SpanKind, startTelemetry, withSpan } from '#telemetry';
import { OtlpReceiver } from './otlp-receiver.js';

afterEach(() => vi.unstubAllEnvs());

test('receives what the SDK exports: services, parents, attributes, links', async () => {
  const receiver = await OtlpReceiver.start();
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', receiver.url);
  const telemetry = await startTelemetry({ service: 'router', exporting: true, version: '0' });
  const link = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  await withSpan('plan', { kind: SpanKind.SERVER, attributes: { model: 'm', count: -3, share: 0.5, ok: true } }, () =>
    withSpan('inner', { links: [link] }, () => {}),
  );
  await telemetry.shutdown(5_000);
  const outer = await receiver.until((span) => span.name === 'plan');
  const inner = await receiver.until((span) => span.name === 'inner');
  expect(outer).toMatchObject({ service: 'router', kind: 2, parentSpanId: '', status: 0 });
  expect(outer.attributes).toMatchObject({ model: 'm', count: -3, share: 0.5, ok: true });
  expect(inner).toMatchObject({ traceId: outer.traceId, parentSpanId: outer.spanId });
  expect(inner.links).toEqual([{ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) }]);
  expect(outer.endNanos).toBeGreaterThan(outer.startNanos);
  expect(receiver.trace(outer.traceId)).toHaveLength(2);
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
