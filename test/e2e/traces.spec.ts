/** What an OTLP backend is sent for requests through the whole suite. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { OllamaUpstream, OpenAiUpstream, OtlpReceiver, startSuite, type ReceivedSpan, type Suite } from '#testing';
import { outliving, treeOf } from './trace-tree.js';

let suite: Suite;
let ollama: OllamaUpstream;
let cloud: OpenAiUpstream;
let receiver: OtlpReceiver;

const startWith = (protocol: string, env: Record<string, string> = {}) =>
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

/** All spans of a trace, once its outermost and the posting of its usage have come. */
async function traceOf(response: Response, postings = 1): Promise<ReceivedSpan[]> {
  const traceId = response.headers.get('x-trace-id') ?? '';
  const [, , rootId] = (response.headers.get('traceresponse') ?? '').split('-');
  await receiver.until((span) => span.spanId === rootId);
  await expect.poll(() => linksTo(traceId).length).toBeGreaterThanOrEqual(postings);
  await expect.poll(() => orphansIn(receiver.trace(traceId), rootId)).toEqual([]);
  return receiver.trace(traceId);
}

/** Names of spans whose parent has not come (yet). */
function orphansIn(spans: readonly ReceivedSpan[], rootId: string | undefined): string[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  return spans.filter((span) => span.spanId !== rootId && !ids.has(span.parentSpanId)).map(({ name }) => name);
}

const linksTo = (traceId: string) =>
  receiver.spans.filter((span) => span.name === 'process usage' && span.links.some((link) => link.traceId === traceId));
const named = (spans: readonly ReceivedSpan[], name: string) => {
  const found = spans.find((span) => span.name === name);
  if (found === undefined) throw new Error(`no span ${name} in\n${treeOf(spans).join('\n')}`);
  return found;
};
const asText = (spans: readonly ReceivedSpan[]) =>
  JSON.stringify(spans, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));

async function newKey(): Promise<string> {
  const response = await suite.fetch('/key/generate', { method: 'POST', body: { max_budget: 5 } });
  return z.object({ key: z.string() }).parse(await response.json()).key;
}

const callersTrace = '4bf92f3577b34da6a3ce929d0e0e4736';
const callersSpan = '00f067aa0ba902b7';

describe('over protobuf, everything sampled', () => {
  beforeAll(async () => {
    suite = await startWith('http/protobuf', { SIGNALBOX_TRACE_PROBES: '1' });
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
    console.log(treeOf(spans).join('\n'));
    expect(outliving(spans, 300)).toEqual([]);
    expect(asText(spans)).not.toContain(secret);
    expect(asText(spans)).not.toContain(key);
  });
});
