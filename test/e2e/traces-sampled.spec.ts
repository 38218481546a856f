/** Where one request in ten is traced, all of it is, and nothing of the others. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  asText,
  callersSpan,
  callersTrace,
  lines,
  named,
  secret,
  shapeOf,
  shapes,
  startTracedSuite,
  traceparent,
  type TracedSuite,
} from './traced-suite.js';

let traced: TracedSuite;

describe('one request in ten', () => {
  beforeAll(async () => {
    traced = await startTracedSuite('http/json', {
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.1',
      SIGNALBOX_TRACE_INCOMING: 'link',
    });
  });
  afterAll(() => traced?.stop());

  it('exports all of a sampled request and nothing of the others', async () => {
    const unsampled: string[] = [];
    let sampled: Response | null = null;
    // The key asks for content, the config does not.
    const authorization = `Bearer ${await traced.newKey({ logging: 'full' })}`;
    // The first request with a key looks it up, which is no part of the tree below: it may be the sampled one.
    await (await traced.chat({}, { authorization })).text();
    for (let tries = 0; sampled === null && tries < 300; tries += 1) {
      const response = await traced.chat({}, { authorization, traceparent });
      const [, traceId = '', , flags] = (response.headers.get('traceresponse') ?? '').split('-');
      expect(response.headers.get('x-trace-id')).toBe(traceId);
      if (flags === '01') sampled = response;
      else unsampled.push(traceId);
    }
    if (sampled === null) throw new Error('none of 300 requests was sampled');
    const spans = await traced.traceOf(sampled);
    expect(asText(spans)).not.toContain(secret);
    expect(shapeOf(spans)).toEqual(
      lines(`
ingress SERVER POST /v1/chat/completions
  ingress INTERNAL gateway.authenticate${shapes.plan}
  ingress INTERNAL gateway.admit${shapes.localAttempt}`),
    );
    const request = named(spans, 'POST /v1/chat/completions');
    expect(request.parentSpanId).toBe('');
    expect(request.links).toEqual([{ traceId: callersTrace, spanId: callersSpan }]);
    expect(unsampled.flatMap((traceId) => [...traced.receiver.trace(traceId), ...traced.linksTo(traceId)])).toEqual([]);
  });
});
