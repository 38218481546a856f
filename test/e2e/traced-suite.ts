/** The suite with traces exported to a receiver, and what tests of traces ask of it. */
import { expect } from 'vitest';
import { z } from 'zod';
import { OllamaUpstream, OpenAiUpstream, OtlpReceiver, startSuite, type ReceivedSpan, type Suite } from '#testing';
import { orphansIn, treeOf } from './trace-tree.js';

export const secret = 'a secret question';
export const callersTrace = '4bf92f3577b34da6a3ce929d0e0e4736';
export const callersSpan = '00f067aa0ba902b7';
export const traceparent = `00-${callersTrace}-${callersSpan}-01`;

export interface TracedSuite {
  readonly suite: Suite;
  readonly receiver: OtlpReceiver;
  readonly ollama: OllamaUpstream;
  readonly cloud: OpenAiUpstream;
  /** Asks `house` (local, falls back to `sky`) the secret question. */
  readonly chat: (body: object, headers?: Record<string, string>) => Promise<Response>;
  readonly newKey: (fields?: object) => Promise<string>;
  /** All spans of a trace, once its outermost, what each of them waited for and the posting of its usage have come. */
  readonly traceOf: (response: Response, postings?: number) => Promise<ReceivedSpan[]>;
  /** Postings of usage that link to a trace, or to a span of it. */
  readonly linksTo: (traceId: string, spanId?: string) => ReceivedSpan[];
  stop(): Promise<void>;
}

/** Starts it, exporting in a protocol; `signalbox` is that block of the config. */
export async function startTracedSuite(
  protocol: string,
  env: Record<string, string> = {},
  signalbox: object = {},
): Promise<TracedSuite> {
  const [receiver, ollama, cloud] = await Promise.all([
    OtlpReceiver.start(),
    OllamaUpstream.start({ models: [{ name: 'llama3.1:8b' }] }),
    OpenAiUpstream.start(),
  ]);
  const stopAll = () => Promise.all([ollama.stop(), cloud.stop(), receiver.stop()]);
  const sky = { model: 'openai/gpt-4o-mini', api_base: `${cloud.url}/v1`, api_key: 'sk-up' };
  const suite = await startSuite({
    config: {
      model_list: [
        { model_name: 'house', litellm_params: { model: 'ollama_chat/llama3.1:8b', api_base: ollama.url } },
        { model_name: 'sky', litellm_params: sky },
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
  }).catch(async (error: unknown) => {
    await stopAll();
    throw error;
  });
  const linksTo = (traceId: string, spanId?: string) => postingsOf(receiver.spans, traceId, spanId);
  return {
    suite,
    receiver,
    ollama,
    cloud,
    linksTo,
    chat: (body, headers = {}) =>
      suite.fetch('/v1/chat/completions', {
        method: 'POST',
        body: { model: 'house', messages: [{ role: 'user', content: secret }], ...body },
        headers,
      }),
    async newKey(fields = { max_budget: 5 }) {
      const response = await suite.fetch('/key/generate', { method: 'POST', body: fields });
      return z.object({ key: z.string() }).parse(await response.json()).key;
    },
    async traceOf(response, postings = 1) {
      const traceId = response.headers.get('x-trace-id') ?? '';
      const [, , rootId = ''] = (response.headers.get('traceresponse') ?? '').split('-');
      await receiver.until((span) => span.spanId === rootId);
      // Each attempt tells of its start too, whose posting says nothing of what it used.
      const posted = () =>
        receiver
          .trace(traceId)
          .filter(({ name, spanId }) => name === 'send usage.close' && linksTo(traceId, spanId).length > 0).length;
      await expect.poll(posted).toBeGreaterThanOrEqual(postings);
      await expect.poll(() => missingIn(receiver.trace(traceId), rootId)).toEqual([]);
      return receiver.trace(traceId);
    },
    async stop() {
      await suite.stop();
      await stopAll();
    },
  };
}

const postingsOf = (spans: readonly ReceivedSpan[], traceId: string, spanId: string | undefined) =>
  spans.filter(
    ({ name, links }) =>
      name === 'process usage' &&
      links.some((link) => link.traceId === traceId && (spanId ?? link.spanId) === link.spanId),
  );

/** Names of spans whose parent or whose answering side has not come (yet). */
function missingIn(spans: readonly ReceivedSpan[], rootId: string): string[] {
  const parents = new Set(spans.map(({ parentSpanId }) => parentSpanId));
  const chats = new Set(spans.filter(({ name }) => name.startsWith('chat ')).map(({ parentSpanId }) => parentSpanId));
  const unanswered = spans.filter(({ name, spanId }) => {
    if (name.startsWith('process infer.')) return !chats.has(spanId);
    return name.startsWith('request ') && !parents.has(spanId);
  });
  return [...orphansIn(spans, ({ spanId }) => spanId === rootId), ...unanswered.map(({ name }) => name)];
}

/** The only span, or the first, of a name; throws with the whole tree where there is none. */
export function named(spans: readonly ReceivedSpan[], name: string): ReceivedSpan {
  const found = spans.find((span) => span.name === name);
  if (found === undefined) throw new Error(`no span ${name} in\n${treeOf(spans).join('\n')}`);
  return found;
}

/** All that spans say, to look for what must not be in it. */
export const asText = (spans: readonly ReceivedSpan[]): string =>
  JSON.stringify(spans, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));

/** The tree without statements of the database and openings of usage, of which there may be several. */
export const shapeOf = (spans: readonly ReceivedSpan[]): string[] =>
  treeOf(
    spans.filter(({ name, attributes }) => name !== 'send usage.open' && attributes['db.system.name'] === undefined),
  );

/** Parts of trees, each beginning with a line break. */
export const shapes = {
  plan: `
  ingress CLIENT request router.plan
    router SERVER process router.plan
      router INTERNAL gateway.route.select`,
  localAttempt: `
  ingress INTERNAL gateway.attempt
    ingress CLIENT request infer.local.{backend}
      provider-ollama SERVER process infer.local.{backend}
        provider-ollama INTERNAL gateway.queue
        provider-ollama CLIENT chat llama3.1:8b
        provider-ollama PRODUCER send usage.close`,
  cloudAttempt: `
  ingress INTERNAL gateway.attempt
    ingress CLIENT request infer.cloud.{backend}
      provider-cloud SERVER process infer.cloud.{backend}
        provider-cloud CLIENT chat gpt-4o-mini
        provider-cloud PRODUCER send usage.close`,
};

/** The lines of a tree that a test expects. */
export const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');
