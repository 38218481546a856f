/** `max_parallel_requests` of a cloud's deployment: requests wait for a place, as LiteLLM's users know it. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { OpenAiUpstream, startSuite, type Suite } from '#testing';

let suite: Suite;
let cloud: OpenAiUpstream;

beforeAll(async () => {
  cloud = await OpenAiUpstream.start();
  const params = { api_base: `${cloud.url}/v1`, api_key: 'sk-up' };
  suite = await startSuite({
    config: {
      model_list: [
        { model_name: 'two', litellm_params: { ...params, model: 'openai/two', max_parallel_requests: 2 } },
        { model_name: 'failing', litellm_params: { ...params, model: 'openai/failing' } },
      ],
      router_settings: { num_retries: 0, disable_cooldowns: true, fallbacks: [{ failing: ['two'] }] },
      signalbox: { max_queue_length: 5 },
    },
  });
});
beforeEach(() => {
  const refuse = { status: 500, body: { error: { message: 'broken' } } };
  cloud.script.default((model) => (model === 'failing' ? { refuse } : { delayMs: 400 }));
});
afterAll(async () => {
  await suite?.stop();
  await cloud?.stop();
});

const ask = (model: string, more: { headers?: Record<string, string>; stream?: boolean; signal?: AbortSignal } = {}) =>
  fetch(`${suite.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${suite.adminKey}`, 'content-type': 'application/json', ...more.headers },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }], stream: more.stream ?? false }),
    ...(more.signal === undefined ? {} : { signal: more.signal }),
  });
const toTwo = () =>
  cloud.requests.filter(
    ({ body }) => typeof body === 'object' && body !== null && 'model' in body && body.model === 'two',
  );

/** The most that ran at once since a number of requests. */
function mostAtOnce(since: number): number {
  const times = toTwo().slice(since);
  const end = (one: (typeof times)[number]) => one.endedAtMs ?? one.abortedAtMs ?? Infinity;
  return Math.max(
    ...times.map(
      (at) => times.filter((one) => one.receivedAtMs <= at.receivedAtMs && end(one) > at.receivedAtMs).length,
    ),
  );
}

test.each(['two', 'failing'])('all are answered, and no more than two run at once (%s)', async (model) => {
  const before = toTwo().length;
  const answers = await Promise.all(Array.from({ length: 6 }, () => ask(model)));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
  expect(toTwo()).toHaveLength(before + 6);
  expect(mostAtOnce(before)).toBe(2);
});

test('who may not wait is told when to come again, and a stream hears its place', async () => {
  cloud.script.default({ delayMs: 1_500 });
  const running = [ask('two'), ask('two')];
  await expect.poll(() => toTwo().filter(({ endedAtMs }) => endedAtMs === null).length).toBe(2);
  const hasty = await ask('two', { headers: { 'x-signalbox-max-wait': '0' } });
  expect(hasty.status).toBe(503);
  expect(Number(hasty.headers.get('retry-after'))).toBeGreaterThan(0);
  const waiting = Array.from({ length: 5 }, () => ask('two', { stream: true }));
  await Promise.all(running);
  const texts = await Promise.all(waiting.map(async (one) => (await one).text()));
  expect(texts.every((text) => text.includes('[DONE]'))).toBe(true);
  expect(texts.some((text) => text.includes(': queued position='))).toBe(true);
});

test('whoever leaves while it waits is never asked for upstream, and takes no place', async () => {
  cloud.script.default({ delayMs: 800 });
  const before = toTwo().length;
  const running = [ask('two'), ask('two')];
  await expect.poll(() => toTwo().length).toBe(before + 2);
  const client = new AbortController();
  const leaving = ask('two', { signal: client.signal }).catch(() => null);
  await expect.poll(async () => (await (await suite.fetch('/health')).text()).length).toBeGreaterThan(0);
  client.abort();
  await leaving;
  expect((await ask('two')).status).toBe(200);
  await Promise.all(running);
  expect(toTwo()).toHaveLength(before + 3);
});
