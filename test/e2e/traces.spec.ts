/** What an OTLP backend is sent for requests through the whole suite, whichever form it takes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReceivedSpan } from '#testing';
import { orphansIn, outliving, treeOf } from './trace-tree.js';
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
let suite: TracedSuite['suite'];
let receiver: TracedSuite['receiver'];
let ollama: TracedSuite['ollama'];
let cloud: TracedSuite['cloud'];
let chat: TracedSuite['chat'];
let newKey: TracedSuite['newKey'];
let traceOf: TracedSuite['traceOf'];
let linksTo: TracedSuite['linksTo'];

const lengthMs = ({ startNanos, endNanos }: ReceivedSpan) => Number(endNanos - startNanos) / 1e6;
/** The caller's own span is the caller's to send. */
const isOutermost = ({ parentSpanId }: ReceivedSpan) => parentSpanId === '' || parentSpanId === callersSpan;

describe.each(['http/protobuf', 'http/json'])('over %s, everything sampled', (protocol) => {
  beforeAll(async () => {
    traced = await startTracedSuite(protocol, { SIGNALBOX_TRACE_PROBES: '1' }, { trace_content: 'span' });
    ({ suite, receiver, ollama, cloud, chat, newKey, traceOf, linksTo } = traced);
  });
  afterAll(() => traced?.stop());

  it('a stream with a fallback is one tree through the services, and joins its caller', async () => {
    ollama.script.next({ refuse: { status: 500, body: { error: 'out of memory' } } });
    const key = await newKey();
    const response = await chat(
      { stream: true, temperature: 0.5, max_tokens: 50 },
      { authorization: `Bearer ${key}`, traceparent },
    );
    expect(await response.text()).toContain('[DONE]');
    expect(response.headers.get('x-trace-id')).toBe(callersTrace);
    expect(response.headers.get('traceresponse')).toMatch(new RegExp(`^00-${callersTrace}-[0-9a-f]{16}-01$`));
    const spans = await traceOf(response, 1);
    expect(shapeOf(spans)).toEqual(
      lines(`
ingress SERVER POST /v1/chat/completions
  ingress INTERNAL gateway.authenticate
    ingress CLIENT request accounting.key.lookup
      accounting SERVER process accounting.key.lookup${shapes.plan}
  ingress INTERNAL gateway.admit
    ingress CLIENT request accounting.budget.lease
      accounting SERVER process accounting.budget.lease${shapes.localAttempt}${shapes.cloudAttempt}`),
    );
    expect(outliving(spans, 300)).toEqual([]);
    const text = asText(spans);
    for (const hidden of [secret, key, 'out of memory', 'Green']) expect(text).not.toContain(hidden);

    const request = named(spans, 'POST /v1/chat/completions');
    expect(request).toMatchObject({ parentSpanId: callersSpan, status: 0 });
    expect(request.attributes).toMatchObject({
      'http.request.method': 'POST',
      'http.route': '/v1/chat/completions',
      'http.response.status_code': 200,
      'gateway.request_id': response.headers.get('x-request-id'),
      'gateway.model.requested': 'house',
      'gateway.model.served': 'sky',
      'gateway.provider': 'openai',
      'gateway.stream': true,
      'gateway.outcome': 'success',
      'gateway.attempt.count': 2,
      'gateway.fallback.count': 1,
      'gateway.cost_usd': expect.any(Number),
      'gateway.tokens.output': expect.any(Number),
    });
    expect(request.events).toEqual([
      {
        name: 'gateway.fallback',
        attributes: expect.objectContaining({ 'gateway.fallback.from': 'house', 'gateway.fallback.to': 'sky' }),
      },
      { name: 'gateway.first_byte', attributes: {} },
    ]);
    const attempts = spans.filter(({ name }) => name === 'gateway.attempt');
    expect(attempts.map(({ status, attributes }) => [status, attributes['error.type']])).toEqual([
      [2, 'upstream_error'],
      [0, undefined],
    ]);
    expect(attempts[1]?.attributes['gateway.fallback.from']).toBe('house');
    expect(named(spans, 'chat llama3.1:8b')).toMatchObject({ status: 2 });

    const inference = named(spans, 'chat gpt-4o-mini');
    expect(inference).toMatchObject({ status: 0 });
    expect(inference.attributes).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-4o-mini',
      'gateway.model.alias': 'house',
      'gen_ai.request.stream': true,
      'gen_ai.request.temperature': 0.5,
      'gen_ai.request.max_tokens': 50,
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(cloud.url).port),
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.response.id': expect.any(String),
      'gen_ai.response.model': expect.any(String),
      'gen_ai.usage.input_tokens': expect.any(Number),
      'gen_ai.usage.output_tokens': expect.any(Number),
    });
    const firstChunk = Number(inference.attributes['gen_ai.response.time_to_first_chunk']);
    expect(firstChunk).toBeGreaterThan(0);
    expect(firstChunk).toBeLessThanOrEqual(Number(request.endNanos - request.startNanos) / 1e9);
    // Only this span counts as a generation: otherwise trace viewers add its tokens up twice.
    expect(spans.filter(({ attributes }) => attributes['gen_ai.usage.input_tokens'] !== undefined)).toHaveLength(1);

    const whole = named(await traceOf(await chat({ model: 'sky' })), 'chat gpt-4o-mini');
    expect(whole.attributes).not.toHaveProperty('gen_ai.response.time_to_first_chunk');
    expect(named(spans, 'request router.plan').attributes).toMatchObject({
      'messaging.system': 'nats',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'router.plan',
      'server.address': '127.0.0.1',
      'server.port': expect.any(Number),
    });
    expect(named(spans, 'process infer.cloud.{backend}').attributes).toMatchObject({
      'messaging.operation.type': 'process',
      'messaging.destination.template': 'infer.cloud.{backend}',
    });

    const lookUp = named(spans, 'process accounting.key.lookup');
    const statements = spans.filter(({ parentSpanId }) => parentSpanId === lookUp.spanId);
    expect(statements.map(({ name, kind }) => [name.split(' ')[0], kind])).toContainEqual(['SELECT', 3]);
  });

  it('shows prompt and answer of a key that asks for it, on the span of the model only', async () => {
    const key = await newKey({ logging: 'full' });
    ollama.script.next({ text: ['Green', ' it is, ask me@home.org'] });
    const response = await chat({ stream: true }, { authorization: `Bearer ${key}` });
    await response.text();
    const spans = await traceOf(response);
    const inference = named(spans, 'chat llama3.1:8b');
    const shown = (name: string): unknown => JSON.parse(String(inference.attributes[name]));
    expect(shown('gen_ai.input.messages')).toEqual([{ role: 'user', parts: [{ type: 'text', content: secret }] }]);
    expect(shown('gen_ai.output.messages')).toEqual([
      { role: 'assistant', parts: [{ type: 'text', content: 'Green it is, ask [email]' }], finish_reason: 'stop' },
    ]);
    expect(asText(spans.filter((span) => span !== inference))).not.toMatch(/secret question|Green/);

    const mustStay = await chat({}, { authorization: `Bearer ${key}`, 'x-signalbox-data-policy': 'local' });
    expect(asText(await traceOf(mustStay))).not.toContain(secret);
  });

  it('a request says when a budget that it is charged to is nearly used up', async () => {
    const authorization = `Bearer ${await newKey({ max_requests_budget: 5 })}`;
    const events = async () => {
      const spans = await traceOf(await chat({}, { authorization }));
      return named(spans, 'POST /v1/chat/completions').events.filter(({ name }) => name === 'gateway.budget.warning');
    };
    for (let used = 0; used < 4; used += 1) expect(await events()).toEqual([]);
    expect((await events()).map(({ attributes }) => attributes)).toEqual([
      { 'gateway.budget.scope': 'key', 'gateway.budget.unit': 'requests', 'gateway.budget.used_ratio': 0.8 },
    ]);
    const refused = await chat({}, { authorization });
    expect(refused.status).toBe(429);
    const spans = await traceOf(refused, 0);
    expect(named(spans, 'POST /v1/chat/completions').attributes).toMatchObject({
      'gateway.outcome': 'insufficient_quota',
      'error.type': 'insufficient_quota',
      'gateway.model.requested': 'house',
      'gateway.key.id': expect.any(String),
    });
    // Nothing is broken: a collector that keeps what failed must not keep this.
    expect(spans.map(({ status }) => status)).not.toContain(2);
  });

  it('its usage is posted in a trace of its own, which links to what was sent', async () => {
    const response = await chat({ model: 'sky' });
    const spans = await traceOf(response, 1);
    const sent = named(spans, 'send usage.close');
    const [posting] = linksTo(sent.traceId, sent.spanId);
    expect(posting).toMatchObject({ service: 'accounting', kind: 5, parentSpanId: '' });
    expect(posting?.traceId).not.toBe(sent.traceId);
    expect(posting?.links).toContainEqual({ traceId: sent.traceId, spanId: sent.spanId });
    expect(posting?.attributes).toMatchObject({ 'messaging.system': 'nats', 'messaging.operation.type': 'process' });
  });

  it('has as many spans for a long answer as for a short one', async () => {
    const counts: number[] = [];
    for (const pieces of [2, 300]) {
      ollama.script.next({ text: Array.from({ length: pieces }, () => 'word ') });
      const response = await chat({ stream: true });
      await response.text();
      counts.push((await traceOf(response)).length);
    }
    expect(counts[1]).toBe(counts[0]);
  });

  it('tells a local engine of the trace, and no cloud', async () => {
    const local = await chat({});
    const inference = named(await traceOf(local), 'chat llama3.1:8b');
    const asked = ollama.server.to('/api/chat').at(-1);
    expect(asked?.headers['traceparent']).toBe(`00-${inference.traceId}-${inference.spanId}-01`);
    await (await chat({ model: 'sky' }, { traceparent, baggage: 'a=b' })).text();
    const { headers } = cloud.requests.at(-1) ?? { headers: {} };
    expect(Object.keys(headers).filter((name) => /^(trace|baggage)/.test(name))).toEqual([]);
  });

  it('a refused request has its trace and its headers too', async () => {
    const response = await chat({}, { authorization: 'Bearer sk-nobody-knows-this-key' });
    expect(response.status).toBe(401);
    const spans = await traceOf(response, 0);
    const request = named(spans, 'POST /v1/chat/completions');
    expect(request.attributes).toMatchObject({ 'error.type': 'invalid_api_key', 'http.response.status_code': 401 });
    expect(spans.map(({ status }) => status)).not.toContain(2);
    expect(asText(spans)).not.toContain('nobody-knows');
  });

  it('an unknown path names no span', async () => {
    const response = await suite.fetch('/made/up/by/a/scanner');
    expect(response.status).toBe(404);
    expect((await traceOf(response, 0)).map(({ name }) => name)).toEqual(['GET']);
  });

  it('a client that leaves is no fault, and what it left ends with it', async () => {
    ollama.script.next({ text: Array.from({ length: 500 }, () => 'word '), pieceDelayMs: 20 });
    const leaving = new AbortController();
    const response = await fetch(`${suite.url}/v1/chat/completions`, {
      method: 'POST',
      signal: leaving.signal,
      headers: { authorization: `Bearer ${suite.adminKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'house', stream: true, messages: [{ role: 'user', content: 'count' }] }),
    });
    await response.body?.getReader().read();
    leaving.abort();
    const spans = await traceOf(response);
    const request = named(spans, 'POST /v1/chat/completions');
    expect(request).toMatchObject({ status: 0 });
    expect(request.attributes['gateway.outcome']).toBe('client_disconnected');
    expect(request.events.map(({ name }) => name)).toContain('gateway.client_disconnect');
    expect(outliving(spans, 300)).toEqual([]);
  });

  it('a caller that does not sample is not sampled, but keeps its trace id', async () => {
    const unsampled = 'c'.repeat(32);
    const response = await chat({}, { traceparent: `00-${unsampled}-${callersSpan}-00` });
    expect(response.headers.get('x-trace-id')).toBe(unsampled);
    expect(response.headers.get('traceresponse')).toMatch(new RegExp(`^00-${unsampled}-[0-9a-f]{16}-00$`));
    await traceOf(await chat({}));
    expect(receiver.trace(unsampled)).toEqual([]);
    expect(linksTo(unsampled)).toEqual([]);
  });

  it('stays open in every service until its stream ends', async () => {
    ollama.script.next({ text: Array.from({ length: 10 }, () => 'word '), pieceDelayMs: 60 });
    const response = await chat({ stream: true });
    await response.text();
    const spans = await traceOf(response);
    const inference = named(spans, 'chat llama3.1:8b');
    const outer = ['process infer.local.{backend}', 'request infer.local.{backend}', 'POST /v1/chat/completions'];
    for (const span of [inference, ...outer.map((name) => named(spans, name))])
      expect(lengthMs(span), span.name).toBeGreaterThan(500);
    // The ingress reads the last frame after the engine sent it; the worker ends its own spans behind that.
    const request = named(spans, 'request infer.local.{backend}');
    expect(Number(request.endNanos - inference.endNanos) / 1e6).toBeGreaterThan(-300);
  });

  it('probes are traces of their own, and all six services export', async () => {
    const probes = () =>
      receiver.spans.filter(({ service, name }) => service === 'health' && name.startsWith('probe '));
    await expect
      .poll(() => probes().map(({ traceId }) => treeOf(receiver.trace(traceId)).join('\n')))
      .toContainEqual(
        expect.stringMatching(
          /^health INTERNAL probe \S+\n {2}health CLIENT request probe.\{backend\}\n {4}provider-\w+ SERVER process probe.\{backend\}$/,
        ),
      );
    expect(new Set(receiver.spans.map(({ service }) => service)).size).toBe(6);
    const roots = receiver.spans
      .filter(({ parentSpanId }) => parentSpanId === '')
      .map(({ name }) => name.split(' ')[0]);
    expect(new Set(roots)).toEqual(new Set(['GET', 'POST', 'probe', 'process']));
  });

  it('all of it came in that form, with no orphan, and nothing outlives its parent', async () => {
    const type = protocol === 'http/json' ? 'application/json' : 'application/x-protobuf';
    expect(new Set(receiver.exports.map(({ headers }) => headers['content-type']))).toEqual(new Set([type]));
    const traces = () => [...new Set(receiver.spans.map(({ traceId }) => traceId))].map((id) => receiver.trace(id));
    const orphans = () => traces().flatMap((spans) => orphansIn(spans, isOutermost));
    await expect.poll(orphans).toEqual([]);
    expect(traces().flatMap((spans) => outliving(spans, 300))).toEqual([]);
  });
});
