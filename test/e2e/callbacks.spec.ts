/** Langfuse and its like: what they are sent, by which callback, and what they never see. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { OpenAiUpstream, OtlpReceiver, startSuite, type ReceivedSpan, type Suite } from '#testing';

let suite: Suite;
let cloud: OpenAiUpstream;
let langfuse: OtlpReceiver;

const configOf = (callbacks: object) => ({
  model_list: [
    {
      model_name: 'sky',
      litellm_params: {
        model: 'openai/gpt-4o-mini',
        api_base: `${cloud.url}/v1`,
        api_key: 'sk-up',
        input_cost_per_token: 0.001,
        output_cost_per_token: 0.002,
      },
    },
  ],
  router_settings: { num_retries: 0 },
  litellm_settings: callbacks,
});

beforeAll(async () => {
  [cloud, langfuse] = await Promise.all([OpenAiUpstream.start(), OtlpReceiver.start()]);
  suite = await startSuite({
    config: configOf({ success_callback: ['langfuse'], failure_callback: ['langfuse'] }),
    env: { LANGFUSE_PUBLIC_KEY: 'pk-lf-1', LANGFUSE_SECRET_KEY: 'sk-lf-2', LANGFUSE_HOST: langfuse.url },
  });
});
afterAll(async () => {
  await suite?.stop();
  await Promise.all([cloud?.stop(), langfuse?.stop()]);
});

const question = 'what is behind the blue door';
async function ask(body: object = {}, key = suite.adminKey): Promise<{ response: Response; trace: string }> {
  const response = await suite.fetch('/v1/chat/completions', {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    body: { model: 'sky', messages: [{ role: 'user', content: question }], ...body },
  });
  await response.text();
  return { response, trace: response.headers.get('x-trace-id') ?? '' };
}
async function newKey(fields: object): Promise<string> {
  const response = await suite.fetch('/key/generate', { method: 'POST', body: fields });
  return z.object({ key: z.string() }).parse(await response.json()).key;
}

const byKind = (spans: readonly ReceivedSpan[], kind: number) => spans.find((span) => span.kind === kind);

it('a request arrives with model, usage, cost, user, session, tags and metadata, under the trace id of its answer', async () => {
  const key = await newKey({ key_alias: 'laptop', tags: ['home'] });
  const metadata = { session_id: 'evening', trace_name: 'door', colour: 'blue' };
  const { trace } = await ask({ user: 'anna', metadata, temperature: 0.5 }, key);
  await expect.poll(() => langfuse.trace(trace).length).toBe(2);
  const spans = langfuse.trace(trace);
  const [whole, generation] = [byKind(spans, 2), byKind(spans, 3)];
  expect(whole).toMatchObject({ name: 'door', parentSpanId: '', status: 0, service: 'signalbox' });
  expect(whole?.attributes).toMatchObject({
    'user.id': 'anna',
    'session.id': 'evening',
    'langfuse.trace.tags': ['home'],
    'langfuse.trace.metadata.colour': 'blue',
    'langfuse.trace.metadata.user_api_key_alias': 'laptop',
  });
  expect(generation?.parentSpanId).toBe(whole?.spanId);
  expect(generation?.attributes).toMatchObject({
    'langfuse.observation.type': 'generation',
    'gen_ai.request.model': 'gpt-4o-mini',
    'gen_ai.usage.input_tokens': expect.any(Number),
    'gen_ai.usage.output_tokens': expect.any(Number),
  });
  const { total } = z
    .object({ total: z.number() })
    .parse(JSON.parse(String(generation?.attributes['langfuse.observation.cost_details'])));
  expect(total).toBeGreaterThan(0);
  const sent = langfuse.exports.find((one) => one.spans.some((span) => span.traceId === trace));
  expect(sent?.path).toBe('/api/public/otel/v1/traces');
  expect(sent?.headers.authorization).toBe(`Basic ${Buffer.from('pk-lf-1:sk-lf-2').toString('base64')}`);
});

it('content goes along only for keys that allow it, and never where the data must stay', async () => {
  const full = await newKey({ logging: 'full' });
  const texts: string[] = [];
  for (const [key, stream] of [
    [await newKey({}), false],
    [full, false],
    [full, true],
  ] as const) {
    const { trace } = await ask({ stream }, key);
    await expect.poll(() => langfuse.trace(trace).length).toBe(2);
    texts.push(JSON.stringify(langfuse.trace(trace).map(({ attributes }) => attributes)));
  }
  expect(texts.map((text) => text.includes(question))).toEqual([false, true, true]);
  expect(texts.map((text) => text.includes('clear road'))).toEqual([false, true, true]);
  expect(texts.join()).not.toContain('data:');
});

it('failures are told too, and only to those who want them', async () => {
  const refuse = { status: 500, body: { error: { message: 'boom behind the blue door' } } };
  cloud.script.next({ refuse });
  const failed = await ask();
  expect(failed.response.status).toBeGreaterThanOrEqual(500);
  await expect.poll(() => langfuse.trace(failed.trace).length).toBe(2);
  for (const span of langfuse.trace(failed.trace)) {
    expect(span.status).toBe(2);
    expect(span.attributes['langfuse.observation.level']).toBe('ERROR');
  }
  expect(JSON.stringify(langfuse.trace(failed.trace).map(({ attributes }) => attributes))).not.toContain('boom');

  await suite.writeConfig(configOf({ success_callback: ['langfuse'] }));
  await expect
    .poll(async () => {
      cloud.script.next({ refuse });
      const { trace } = await ask();
      const answered = await ask();
      await expect.poll(() => langfuse.trace(answered.trace).length).toBe(2);
      return langfuse.trace(trace).length;
    })
    .toBe(0);
});
