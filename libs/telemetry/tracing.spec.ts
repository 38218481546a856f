import { context, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { AlwaysOnSampler, InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  activeTraceId,
  activeTraceparent,
  contextFromTraceparent,
  describeSpan,
  isRecording,
  markTracingDisabled,
  markTracingEnabled,
  outsideTraces,
  requestContext,
  runInContext,
  runInSpan,
  startSpan,
  withSpan,
} from './tracing.js';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const sampled = `00-${traceId}-00f067aa0ba902b7-01`;
const unsampled = `00-${traceId}-00f067aa0ba902b7-00`;
const exporter = new InMemorySpanExporter();

afterAll(markTracingDisabled);

describe('a traceparent', () => {
  it.each([
    [sampled, true],
    [unsampled, true],
    [`01-${traceId}-00f067aa0ba902b7-01-more`, true],
    [`00-${traceId}-00f067aa0ba902b7-01-more`, false],
    [`ff-${traceId}-00f067aa0ba902b7-01`, false],
    [`00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, false],
    [`00-${traceId.toUpperCase()}-00f067aa0ba902b7-01`, false],
    ['nonsense', false],
    [null, false],
  ])('%s is read: %s', (header, isRead) => {
    expect(contextFromTraceparent(header) !== ROOT_CONTEXT).toBe(isRead);
  });
});

describe('without an exporter', () => {
  it('a request has a trace id that travels, and no span', async () => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    await runInContext(requestContext(null), async () => {
      const id = activeTraceId();
      expect(id).toMatch(/^[0-9a-f]{32}$/);
      const entry = startSpan('POST /', { begins: 'entry' });
      expect(entry.spanContext().traceId).toBe(id);
      await withSpan('inner', {}, (span) => expect(span.isRecording()).toBe(false));
      expect(activeTraceparent()).toMatch(new RegExp(`^00-${String(id)}-[0-9a-f]{16}-00$`));
    });
  });
});

describe('with an exporter', () => {
  beforeAll(() => {
    const provider = new TracerProvider({
      sampler: new AlwaysOnSampler(),
      spanProcessors: [new SimpleSpanProcessor({ exporter })],
    });
    trace.setGlobalTracerProvider(provider);
    markTracingEnabled();
  });
  beforeEach(() => exporter.reset());

  const names = () => exporter.getFinishedSpans().map(({ name }) => name);

  it('an unsampled request makes no span, enters no context and asks for no attributes', async () => {
    await runInContext(contextFromTraceparent(unsampled), async () => {
      const outside = context.active();
      await withSpan('inner', {}, () => expect(context.active()).toBe(outside));
      runInSpan(startSpan('hop'), () => expect(context.active()).toBe(outside));
      describeSpan({ a: 1 });
      expect(isRecording()).toBe(false);
      expect(activeTraceparent()).toBe(unsampled);
    });
    expect(names()).toEqual([]);
  });

  it('background work outside a trace makes no span', async () => {
    await withSpan('request limits', {}, () => {});
    expect(names()).toEqual([]);
  });

  it('work that goes on after a request is no part of its trace', async () => {
    const { promise, resolve } = Promise.withResolvers<string | null>();
    await runInContext(contextFromTraceparent(sampled), () =>
      withSpan('outer', {}, () => {
        outsideTraces(() => setTimeout(() => resolve(activeTraceparent()), 1));
      }),
    );
    expect(await promise).toBeNull();
    expect(names()).toEqual(['outer']);
  });

  it('a sampled request has its spans, and a failure marks them', async () => {
    const work = runInContext(contextFromTraceparent(sampled), () =>
      withSpan('outer', {}, () =>
        withSpan('inner', {}, () => {
          throw Object.assign(new Error('a secret'), { code: 'upstream_timeout' });
        }),
      ),
    );
    await expect(work).rejects.toThrow('a secret');
    const spans = exporter.getFinishedSpans();
    expect(spans.map(({ name }) => name)).toEqual(['inner', 'outer']);
    for (const span of spans) {
      expect(span.attributes['error.type']).toBe('upstream_timeout');
      expect(JSON.stringify([span.status, span.events])).not.toContain('secret');
      expect(span.spanContext().traceId).toBe(traceId);
    }
  });

  it('a refusal says why and breaks nothing; a fault leaves its kind as an event', async () => {
    const rejectWith = (error: Error) => async () => {
      throw error;
    };
    const fail = (error: Error) =>
      runInContext(contextFromTraceparent(sampled), () => withSpan('step', {}, rejectWith(error)));
    const thrown = async (error: Error) => expect(fail(error)).rejects.toBe(error);
    await thrown(Object.assign(new Error('a secret'), { code: 'model_not_found', isFault: false }));
    await thrown(Object.assign(new TypeError('a secret'), { code: 'service_unavailable', errorType: 'bus_timeout' }));
    const [refused, failed] = exporter.getFinishedSpans();
    expect([refused?.status.code, refused?.attributes['error.type'], refused?.events]).toEqual([
      SpanStatusCode.UNSET,
      'model_not_found',
      [],
    ]);
    expect([failed?.status.code, failed?.attributes['error.type']]).toEqual([SpanStatusCode.ERROR, 'bus_timeout']);
    expect(failed?.events.map(({ name, attributes }) => [name, attributes])).toEqual([
      ['exception', { 'exception.type': 'TypeError', 'error.type': 'bus_timeout' }],
    ]);
  });

  it('a root stands alone, whatever is active', async () => {
    await runInContext(contextFromTraceparent(sampled), () =>
      withSpan('process usage', { begins: 'root', links: [sampled, sampled.replace(/01$/, '00'), 'broken'] }, () => {}),
    );
    const [span] = exporter.getFinishedSpans();
    expect(span?.spanContext().traceId).not.toBe(traceId);
    expect(span?.links.map((link) => link.context.traceId)).toEqual([traceId]);
  });
});
