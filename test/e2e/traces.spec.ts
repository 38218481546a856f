/** What an OTLP backend is sent for requests through the whole suite. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { OllamaUpstream, OpenAiUpstream, OtlpReceiver, startSuite, type ReceivedSpan, type Suite } from '#testing';
import { outliving, treeOf } from './trace-tree.js';

let suite: Suite;
let ollama: OllamaUpstream;
let cloud: OpenAiUpstream;
let receiver: OtlpReceiver;

const startWith = (protocol: string, env: Record<string, string> = {}, signalbox: object = {}) =>
  startSuite({
    config: {
      model_list: [
        { model_name: 'house', litellm_params: { model: 'ollama_chat/llama3.1:8b', api_base: ollama.url } },
        {
          model_name: 'sky',
          litellm_params: { model: 'openai/gpt-4o-mini', api_base: `${cloud.url}/v1`, api_key: 'sk-up' },
        },
      ],
      router_settings: { num_retries: 0, fallbacks: [{ house: ['sky'] }] },
      signalbox,
    },
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_BSP_SCHEDULE_DELAY: '100',
      ...env,
    },
  });

beforeAll(async () => {
  receiver = await OtlpReceiver.start();
  [ollama, cloud] = await Promise.all([
    OllamaUpstream.start({ models: [{ name: 'llama3.1:8b' }] }),
    OpenAiUpstream.start(),
  ]);
});

afterAll(() => Promise.all([ollama?.stop(), cloud?.stop(), receiver?.stop()]));

const secret = 'a secret question';
const chat = (body: object, headers: Record<string, string> = {}) =>
  suite.fetch('/v1/chat/completions', {
    method: 'POST',
    body: { model: 'house', messages: [{ role: 'user', content: secret }], ...body },
    headers,
  });

/** All spans of a trace, once its outermost, what each of them waited for and the posting of its usage have come. */
async function traceOf(response: Response, postings = 1): Promise<ReceivedSpan[]> {
  const traceId = response.headers.get('x-trace-id') ?? '';
  const [, , rootId] = (response.headers.get('traceresponse') ?? '').split('-');
  await receiver.until((span) => span.spanId === rootId);
  await expect.poll(() => postedOf(traceId)).toBeGreaterThanOrEqual(postings);
  await expect.poll(() => missingIn(receiver.trace(traceId), rootId)).toEqual([]);
  return receiver.trace(traceId);
}

/** How many attempts are in the ledger: each tells of its start too, whose posting says nothing of what it used. */
const postedOf = (traceId: string) =>
  receiver
    .trace(traceId)
    .filter(({ name, spanId }) => name === 'send usage.close' && linksTo(traceId, spanId).length > 0).length;

/** Names of spans whose parent or whose answering side has not come (yet). */
function missingIn(spans: readonly ReceivedSpan[], rootId: string | undefined): string[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const parents = new Set(spans.map(({ parentSpanId }) => parentSpanId));
  const chats = new Set(spans.filter(({ name }) => name.startsWith('chat ')).map(({ parentSpanId }) => parentSpanId));
  return spans
    .filter(({ name, spanId, parentSpanId }) => {
      if (spanId !== rootId && !ids.has(parentSpanId)) return true;
      if (name.startsWith('process infer.')) return !chats.has(spanId);
      return name.startsWith('request ') && !parents.has(spanId);
    })
    .map(({ name }) => name);
}

const linksTo = (traceId: string, spanId?: string) =>
  receiver.spans.filter(
    ({ name, links }) =>
      name === 'process usage' &&
      links.some((link) => link.traceId === traceId && (spanId ?? link.spanId) === link.spanId),
  );
const named = (spans: readonly ReceivedSpan[], name: string) => {
  const found = spans.find((span) => span.name === name);
  if (found === undefined) throw new Error(`no span ${name} in\n${treeOf(spans).join('\n')}`);
  return found;
};
const asText = (spans: readonly ReceivedSpan[]) =>
  JSON.stringify(spans, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));

async function newKey(fields: object = { max_budget: 5 }): Promise<string> {
  const response = await suite.fetch('/key/generate', { method: 'POST', body: fields });
  return z.object({ key: z.string() }).parse(await response.json()).key;
}

const callersTrace = '4bf92f3577b34da6a3ce929d0e0e4736';
const callersSpan = '00f067aa0ba902b7';

/** The tree without statements of the database and openings of usage, of which there may be several. */
const shapeOf = (spans: readonly ReceivedSpan[]) =>
  treeOf(
    spans.filter(({ name, attributes }) => name !== 'send usage.open' && attributes['db.system.name'] === undefined),
  );

const localAttempt = `
  ingress INTERNAL gateway.attempt
    ingress CLIENT request infer.local.{backend}
      provider-ollama SERVER process infer.local.{backend}
        provider-ollama INTERNAL gateway.queue
        provider-ollama CLIENT chat llama3.1:8b
        provider-ollama PRODUCER send usage.close`;
const cloudAttempt = `
  ingress INTERNAL gateway.attempt
    ingress CLIENT request infer.cloud.{backend}
      provider-cloud SERVER process infer.cloud.{backend}
        provider-cloud CLIENT chat gpt-4o-mini
        provider-cloud PRODUCER send usage.close`;
const plan = `
  ingress CLIENT request router.plan
    router SERVER process router.plan
      router INTERNAL gateway.route.select`;
const lines = (text: string) => text.split('\n').filter((line) => line !== '');

describe('over protobuf, everything sampled', () => {
  beforeAll(async () => {
    suite = await startWith('http/protobuf', { SIGNALBOX_TRACE_PROBES: '1' }, { trace_content: 'span' });
  });
  afterAll(() => suite?.stop());

  it('a stream with a fallback is one tree through the services, and joins its caller', async () => {
    ollama.script.next({ refuse: { status: 500, body: { error: 'out of memory' } } });
    const key = await newKey();
    const response = await chat(
      { stream: true, temperature: 0.5, max_tokens: 50 },
      { authorization: `Bearer ${key}`, traceparent: `00-${callersTrace}-${callersSpan}-01` },
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
      accounting SERVER process accounting.key.lookup${plan}
  ingress INTERNAL gateway.admit
    ingress CLIENT request accounting.budget.lease
      accounting SERVER process accounting.budget.lease${localAttempt}${cloudAttempt}`),
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
    await (
      await chat({ model: 'sky' }, { traceparent: `00-${callersTrace}-${callersSpan}-01`, baggage: 'a=b' })
    ).text();
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
});

describe('over JSON, one request in ten', () => {
  beforeAll(async () => {
    suite = await startWith('http/json', {
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.1',
      SIGNALBOX_TRACE_INCOMING: 'link',
    });
  });
  afterAll(() => suite?.stop());

  it('exports all of a sampled request and nothing of the others', async () => {
    const unsampled: string[] = [];
    let sampled: Response | null = null;
    // The key asks for content, the config does not.
    const authorization = `Bearer ${await newKey({ logging: 'full' })}`;
    // The first request with a key looks it up, which is no part of the tree below: it may be the sampled one.
    await (await chat({}, { authorization })).text();
    for (let tries = 0; sampled === null && tries < 300; tries += 1) {
      const response = await chat({}, { authorization, traceparent: `00-${callersTrace}-${callersSpan}-01` });
      const [, traceId = '', , flags] = (response.headers.get('traceresponse') ?? '').split('-');
      expect(response.headers.get('x-trace-id')).toBe(traceId);
      if (flags === '01') sampled = response;
      else unsampled.push(traceId);
    }
    if (sampled === null) throw new Error('none of 300 requests was sampled');
    const spans = await traceOf(sampled);
    expect(asText(spans)).not.toContain(secret);
    expect(shapeOf(spans)).toEqual(
      lines(`
ingress SERVER POST /v1/chat/completions
  ingress INTERNAL gateway.authenticate${plan}
  ingress INTERNAL gateway.admit${localAttempt}`),
    );
    const request = named(spans, 'POST /v1/chat/completions');
    expect(request.parentSpanId).toBe('');
    expect(request.links).toEqual([{ traceId: callersTrace, spanId: callersSpan }]);
    expect(unsampled.flatMap((traceId) => [...receiver.trace(traceId), ...linksTo(traceId)])).toEqual([]);
  });
});
