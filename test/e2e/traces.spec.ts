import { afterAll, beforeAll, expect, it } from 'vitest';
import { OllamaUpstream, OtlpReceiver, startSuite, type ReceivedSpan, type Suite } from '#testing';

let suite: Suite;
let ollama: OllamaUpstream;
let receiver: OtlpReceiver;

beforeAll(async () => {
  receiver = await OtlpReceiver.start();
  ollama = await OllamaUpstream.start({ models: [{ name: 'llama3.1:8b' }] });
  suite = await startSuite({
    config: {
      model_list: [{ model_name: 'house', litellm_params: { model: 'ollama/llama3.1:8b', api_base: ollama.url } }],
    },
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_BSP_SCHEDULE_DELAY: '100',
    },
  });
});

afterAll(async () => {
  await suite?.stop();
  await Promise.all([ollama?.stop(), receiver?.stop()]);
});

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const callerSpan = '00f067aa0ba902b7';

it('one request is one trace through all services, and joins the caller', async () => {
  const response = await suite.fetch('/v1/chat/completions', {
    method: 'POST',
    body: { model: 'house', stream: true, messages: [{ role: 'user', content: 'a secret question' }] },
    headers: { traceparent: `00-${traceId}-${callerSpan}-01` },
  });
  const body = await response.text();
  expect(body).toContain('[DONE]');
  expect(response.headers.get('x-trace-id')).toBe(traceId);
  const posted = await receiver.until(
    (span) => span.service === 'accounting' && span.links.some((link) => link.traceId === traceId),
  );
  expect(posted.traceId).not.toBe(traceId);
  await receiver.until((span) => span.traceId === traceId && span.parentSpanId === callerSpan);
  const spans = receiver.trace(traceId);
  expect(new Set(spans.map((span) => span.service))).toEqual(new Set(['ingress', 'router', 'provider-ollama']));
  const inference = spans.find((span) => span.name === 'chat llama3.1:8b');
  expect(inference?.attributes).toMatchObject({
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'ollama',
    'gen_ai.request.model': 'llama3.1:8b',
  });
  expect(rootOf(inference, spans)?.parentSpanId).toBe(callerSpan);
  expect(spans.length).toBeLessThan(20);
  expect(
    JSON.stringify(spans, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
  ).not.toContain('a secret question');
});

/** The outermost span above a span that was received. */
function rootOf(span: ReceivedSpan | undefined, spans: readonly ReceivedSpan[]): ReceivedSpan | undefined {
  const parent = spans.find((candidate) => candidate.spanId === span?.parentSpanId);
  return parent === undefined ? span : rootOf(parent, spans);
}
