import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { AlwaysOnSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { Metrics } from './metrics.js';
import { contextFromTraceparent, markTracingDisabled, markTracingEnabled, runInContext } from './tracing.js';

const made = () => new Metrics({ service: 'test', version: '1', processMetrics: true });
const request = { route: 'openai-chat', model: 'm', outcome: 'success' };
const openMetrics = 'application/openmetrics-text; version=1.0.0, text/plain; q=0.5';

afterAll(markTracingDisabled);

it('writes both formats, one after the other and at once, with the same names', async () => {
  const metrics = made();
  metrics.count('signalbox_fallbacks_total', { from_model: 'a', to_model: 'b', reason: 'upstream_error' });
  const answers = await Promise.all([metrics.answer(null), metrics.answer(openMetrics), metrics.answer('text/plain')]);
  const [plain, open, again] = answers.map(({ text }) => text.split('\n').filter((line) => line.includes('fallbacks')));
  expect(plain).toEqual([
    '# HELP signalbox_fallbacks_total Moves to another model',
    '# TYPE signalbox_fallbacks_total counter',
    'signalbox_fallbacks_total{from_model="a",to_model="b",reason="upstream_error"} 1',
  ]);
  expect(again).toEqual(plain);
  expect(open).toEqual([
    '# HELP signalbox_fallbacks Moves to another model',
    '# TYPE signalbox_fallbacks counter',
    'signalbox_fallbacks_total{from_model="a",to_model="b",reason="upstream_error"} 1',
  ]);
  expect(answers.map(({ contentType }) => contentType.split(';')[0])).toEqual([
    'text/plain',
    'application/openmetrics-text',
    'text/plain',
  ]);
  expect(answers[1]?.text.endsWith('# EOF\n')).toBe(true);
});

it('says what it was built from, where that is known', async () => {
  const built = new Metrics({ service: 'router', version: '1.2.3', commit: 'c0ffee', processMetrics: false });
  expect(await built.text()).toContain('signalbox_build_info{service="router",version="1.2.3",commit="c0ffee"} 1');
  expect(await made().text()).toContain('signalbox_build_info{service="test",version="1",commit=""} 1');
});

it('a counter that is expected is there before its first event', async () => {
  const metrics = made();
  metrics.expect('signalbox_usage_events_total', { result: 'stored' }, { result: 'dead_letter' });
  expect(await metrics.text()).toContain('signalbox_usage_events_total{result="dead_letter"} 0');
});

it('a histogram that is expected is there before its first value, and keeps what it has', async () => {
  const metrics = made();
  const labels = { backend: 'gpu-1', model: 'm' };
  const count = async () => /model_load_seconds_count\{.*\} (\d+)/.exec(await metrics.text())?.[1];
  metrics.expect('signalbox_model_load_seconds', labels);
  expect(await count()).toBe('0');
  metrics.observe('signalbox_model_load_seconds', labels, 3);
  metrics.expect('signalbox_model_load_seconds', labels);
  expect(await count()).toBe('1');
});

it('a latency of a recorded request names its trace, in OpenMetrics only', async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new TracerProvider({ sampler: new AlwaysOnSampler() }));
  markTracingEnabled();
  const metrics = made();
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const measure = () => metrics.observe('signalbox_request_duration_seconds', request, 0.2);
  runInContext(contextFromTraceparent(`00-${traceId}-00f067aa0ba902b7-01`), measure);
  runInContext(ROOT_CONTEXT, measure);
  const { text } = await metrics.answer(openMetrics);
  expect(text).toMatch(new RegExp(`_bucket\\{le="0.25",.*\\} 2 # \\{trace_id="${traceId}"\\} 0.2 `));
  expect(await metrics.text()).not.toContain(traceId);
});

it('replaces all series of a gauge', async () => {
  const metrics = made();
  const series = (budget: string) => [{ labels: { scope: 'key', budget }, value: 1 }];
  metrics.setAll('signalbox_budget_limit_usd', series('old'));
  metrics.setAll('signalbox_budget_limit_usd', series('new'));
  expect((await metrics.text()).match(/signalbox_budget_limit_usd\{.*/g)).toEqual([
    'signalbox_budget_limit_usd{scope="key",budget="new"} 1',
  ]);
});

it('stays bounded and readable whatever names clients make up', async () => {
  const metrics = made();
  const hostile = fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.constantFrom('"} 1\nfake 1', '\\', '\n'));
  fc.assert(
    fc.property(hostile, (model) =>
      metrics.count('signalbox_attempts_total', { backend: 'b', model, outcome: 'success', error_type: '' }),
    ),
    { numRuns: 2_000 },
  );
  const lines = (await metrics.text()).split('\n').filter((line) => line.startsWith('signalbox_attempts_total'));
  expect(lines.length).toBeLessThanOrEqual(501);
  for (const line of lines) expect(line).toMatch(/^signalbox_attempts_total\{(?:\w+="(?:[^"\\]|\\.)*",?)+\} \d+$/);
  const sum = lines.reduce((total, line) => total + Number(line.split(' ').at(-1)), 0);
  expect(sum).toBe(2_000);
  expect(lines.some((line) => line.includes('model="other"'))).toBe(true);
});
