/** GET /metrics on the main port: the totals of all ingresses under LiteLLM's names, for who may see them. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OllamaUpstream, startSuite, type Suite } from '#testing';

let suite: Suite;
let ollama: OllamaUpstream;

function config(settings: object): object {
  return {
    model_list: [{ model_name: 'house', litellm_params: { model: 'ollama/llama3.1:8b', api_base: ollama.url } }],
    litellm_settings: settings,
  };
}

beforeAll(async () => {
  ollama = await OllamaUpstream.start({ models: [{ name: 'llama3.1:8b' }] });
  suite = await startSuite({ config: config({ callbacks: ['prometheus'] }) });
});

afterAll(async () => {
  await suite?.stop();
  await ollama?.stop();
});

/** The status, with the answer beside it for a test that fails. */
async function ask(model: string): Promise<string> {
  const messages = [{ role: 'user', content: 'Which lamp is lit?' }];
  const answer = await suite.fetch('/v1/chat/completions', { method: 'POST', body: { model, messages } });
  return `${String(answer.status)} ${await answer.text()}`;
}

it('asks for a key, and any key will do', async () => {
  expect((await fetch(`${suite.url}/metrics`)).status).toBe(401);
  const made = await suite.fetch('/key/generate', { method: 'POST', body: { key_alias: 'scraper', max_budget: 5 } });
  const { key } = (await made.json()) as { key: string };
  const answer = await fetch(`${suite.url}/metrics/`, { headers: { authorization: `Bearer ${key}` } });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toContain('text/plain; version=0.0.4');
  expect(await answer.text()).toMatch(/^litellm_remaining_api_key_budget_metric\{.*api_key_alias="scraper"\} 5$/m);
});

it('shows what the limits of a key left', async () => {
  const made = await suite.fetch('/key/generate', { method: 'POST', body: { key_alias: 'limited', rpm_limit: 10 } });
  const { key } = (await made.json()) as { key: string };
  const headers = { authorization: `Bearer ${key}` };
  const body = { model: 'house', messages: [{ role: 'user', content: 'Which lamp is lit?' }] };
  await (await suite.fetch('/v1/chat/completions', { method: 'POST', headers, body })).text();
  await expect
    .poll(async () => (await suite.fetch('/metrics')).text())
    .toMatch(/^litellm_remaining_api_key_requests_for_model\{.*api_key_alias="limited",model="house"\} 9$/m);
});

it('counts what was asked, answered and refused', async () => {
  expect(await ask('house')).toMatch(/^200 /);
  expect(await ask('nowhere')).toMatch(/^404 /);
  const text = await (await suite.fetch('/metrics')).text();
  const value = (pattern: RegExp) => Number(pattern.exec(text)?.[1]);
  expect(
    value(/^litellm_proxy_total_requests_metric_total\{.*requested_model="house".*status_code="200".*\} (\d+)$/m),
  ).toBe(1);
  expect(
    value(
      /^litellm_proxy_failed_requests_metric_total\{.*requested_model="nowhere".*exception_status="404".*\} (\d+)$/m,
    ),
  ).toBe(1);
  expect(value(/^litellm_total_tokens_metric_total\{.*model="llama3\.1:8b".*\} (\d+)$/m)).toBeGreaterThan(0);
  expect(value(/^litellm_deployment_state\{litellm_model_name="llama3\.1:8b".*\} (\d)$/m)).toBe(0);
  expect(text).not.toContain(ollama.url);
});

it('is open, or not there at all, as the config says', async () => {
  const statusOf = async () => (await fetch(`${suite.url}/metrics`)).status;
  await suite.writeConfig(config({ callbacks: ['prometheus'], require_auth_for_metrics_endpoint: false }));
  await expect.poll(statusOf, { timeout: 10_000 }).toBe(200);
  await suite.writeConfig(config({}));
  await expect.poll(statusOf, { timeout: 10_000 }).toBe(404);
});

it('is described for anyone, together with the rest of the API', async () => {
  const answer = await fetch(`${suite.url}/openapi.json`);
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({
    openapi: '3.1.0',
    paths: { '/metrics': { get: {} }, '/v1/chat/completions': { post: {} }, '/key/generate': { post: {} } },
  });
});
