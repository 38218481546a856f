/** Spans that are not exported are counted, and whoever makes them is not bothered. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import { Metrics } from './metrics.js';
import type { SpanExport } from './span-export.js';
import { startTelemetry, type TelemetryHandle } from './start.js';
import { withSpan } from './tracing.js';

let server: Server | null = null;
let telemetry: TelemetryHandle | null = null;
let metrics: Metrics;

/** Starts the SDK with a collector that answers as `answer` does. */
async function start(answer: RequestListener, exporting: Partial<SpanExport> = {}): Promise<void> {
  const collector = createServer(answer);
  server = collector;
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const address: AddressInfo | string | null = collector.address();
  if (address === null || typeof address === 'string') throw new Error('the collector has no port');
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', `http://127.0.0.1:${String(address.port)}`);
  metrics = new Metrics({ service: 'test', version: '0', processMetrics: false });
  telemetry = await startTelemetry({
    service: 'test',
    exporting: { protocol: 'http/protobuf', scheduledDelayMillis: 10, ...exporting },
    version: '0',
    sampling: { sampler: 'always_on', ratio: 1, probeRatio: 0 },
    metrics,
  });
}

afterEach(async () => {
  await telemetry?.shutdown(100);
  server?.closeAllConnections();
  server?.close();
  vi.unstubAllEnvs();
});

async function makeSpans(count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) await withSpan('work', { begins: 'root' }, () => {});
}

async function dropped(reason: string): Promise<number> {
  const [, count] = new RegExp(`spans_dropped_total\\{reason="${reason}"\\} (\\d+)`).exec(await metrics.text()) ?? [];
  return Number(count);
}

it.each(['http/protobuf', 'http/json'])('a collector that refuses costs the batch, over %s', async (protocol) => {
  await start((_request, response) => response.writeHead(400).end(), { protocol });
  expect(await dropped('export_failed')).toBe(0);
  await makeSpans(3);
  await vi.waitFor(async () => expect(await dropped('export_failed')).toBe(3));
  expect(await dropped('queue_full')).toBe(0);
});

it('what a full queue cannot take is counted, while the collector does not answer', async () => {
  await start(() => {}, { maxQueueSize: 4, maxExportBatchSize: 2 });
  // Two on their way, four waiting; the rest finds no place.
  await makeSpans(10);
  expect(await dropped('queue_full')).toBe(4);
  expect(await dropped('export_failed')).toBe(0);
});

it('a collector that takes everything leaves nothing to count', async () => {
  let batches = 0;
  await start((request, response) => {
    batches += 1;
    request.resume().on('end', () => response.writeHead(200).end());
  });
  await makeSpans(3);
  await vi.waitFor(() => expect(batches).toBeGreaterThan(0));
  await telemetry?.shutdown(1_000);
  expect([await dropped('queue_full'), await dropped('export_failed')]).toEqual([0, 0]);
});
