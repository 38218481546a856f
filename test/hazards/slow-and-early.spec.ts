/** Clients that leave before anything was asked upstream, or take their answer slowly; and requests that end before they began: nothing of them stays behind. */
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { OpenAiUpstream, startSuite, type Suite, type SuiteProcess } from '#testing';
import { readUntil, slowAnswer } from './hazard-suite.js';

let suite: Suite;
let cloud: OpenAiUpstream;

beforeAll(async () => {
  cloud = await OpenAiUpstream.start();
  const entry = (name: string, more: object = {}) => ({
    model_name: name,
    litellm_params: { model: `openai/${name}`, api_base: `${cloud.url}/v1`, api_key: 'sk-up', ...more },
  });
  suite = await startSuite({
    config: {
      model_list: [entry('usual'), entry('thrice', { rpm: 3 }), entry('brisk', { timeout: 2 })],
      litellm_settings: { callbacks: ['prometheus'] },
      router_settings: { num_retries: 0 },
    },
  });
});
beforeEach(() => cloud.script.default({}));
afterAll(async () => {
  await suite?.stop();
  await cloud?.stop();
});

const ask = (
  model: string,
  headers: Record<string, string> = {},
  more: { stream?: boolean; signal?: AbortSignal } = {},
) =>
  fetch(`${suite.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${suite.adminKey}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }], stream: more.stream ?? false }),
    ...(more.signal === undefined ? {} : { signal: more.signal }),
  });
const posts = () => cloud.requests.filter(({ method }) => method === 'POST').length;

async function newKey(limits: object): Promise<Record<string, string>> {
  const made = await suite.fetch('/key/generate', { method: 'POST', body: limits });
  const { key } = (await made.json()) as { key: string };
  return { authorization: `Bearer ${key}` };
}

/** Asks while a service stands still, and leaves before it goes on. */
async function leaveWhileStopped(service: SuiteProcess, model: string, headers: Record<string, string>): Promise<void> {
  suite.kill(service, 'SIGSTOP');
  const client = new AbortController();
  const asked = ask(model, headers, { signal: client.signal }).catch(() => null);
  await wait(300);
  client.abort();
  await asked;
  // The ingress hears of it before the service answers.
  await wait(200);
  suite.kill(service, 'SIGCONT');
}

test('a client that leaves while its key is looked up is not asked for upstream', async () => {
  const headers = await newKey({});
  const before = posts();
  await leaveWhileStopped('accounting', 'usual', headers);
  expect((await ask('usual', headers)).status).toBe(200);
  await wait(300);
  expect(posts()).toBe(before + 1);
});

test('a client that leaves while its request is planned gives back what the plan counted', async () => {
  for (let n = 0; n < 3; n += 1) await leaveWhileStopped('router', 'thrice', {});
  const running = async () =>
    /^litellm_in_flight_requests (\d+)$/m.exec(await (await suite.fetch('/metrics')).text())?.[1];
  await expect.poll(running).toBe('0');
  const statuses: number[] = [];
  for (let n = 0; n < 3; n += 1) statuses.push((await ask('thrice')).status);
  expect(statuses).toEqual([200, 200, 200]);
});

test('a request with a header that cannot be read takes no place', async () => {
  const headers = await newKey({ max_parallel_requests: 1 });
  expect((await ask('usual', { ...headers, 'x-signalbox-max-wait': 'soon' })).status).toBe(400);
  expect((await ask('usual', headers)).status).toBe(200);
});

test('a client that takes its answer slowly is no silence of the upstream', async () => {
  const text = Array.from({ length: 300 }, (_none, n) => `${n} ${'x'.repeat(60_000)}`);
  cloud.script.default({ text, pieceDelayMs: 1 });
  const body = JSON.stringify({ model: 'brisk', messages: [{ role: 'user', content: 'Hi' }], stream: true });
  const { hostname, port, host } = new URL(suite.url);
  const socket = connect(Number(port), hostname).pause();
  const head = [
    'POST /v1/chat/completions HTTP/1.1',
    `host: ${host}`,
    `authorization: Bearer ${suite.adminKey}`,
    'content-type: application/json',
    `content-length: ${body.length}`,
    'connection: close',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  await wait(4_500);
  let end = '';
  socket.on('data', (bytes) => (end = (end + bytes.toString('latin1')).slice(-2_000)));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.resume();
  await closed;
  expect(end).toContain('[DONE]');
});

test('a stream that a shutdown cuts is told as a failure, not as a success', async () => {
  cloud.script.default(slowAnswer(400, 50));
  const old = suite.pid('ingress') ?? 0;
  const stream = await readUntil(await ask('usual', {}, { stream: true }), (text) => text.includes('w3'));
  suite.kill('ingress', 'SIGTERM');
  const text = await stream.rest();
  expect(text).toContain('server_shutting_down');
  await suite.restarted('ingress', old);
  const told = suite.records('ingress').findLast((record) => record['event'] === 'request');
  expect(told).toMatchObject({ success: false, error: 'server_shutting_down' });
});
