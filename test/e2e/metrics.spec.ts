/** After mixed traffic every panel, recording and alert finds what it asks for in what the services really expose. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { OllamaUpstream, OpenAiUpstream, OtlpReceiver, startSuite, type Suite } from '#testing';
import { dashboardFiles } from '../../deploy/grafana/dashboards.js';
import { at, list, services, text, yamlOf } from '../deploy/deployment-files.js';
import { fits, samplesIn, selectorsIn, type Sample } from '../deploy/exposed-series.js';

let suite: Suite;
let ollama: OllamaUpstream;
let cloud: OpenAiUpstream;
let receiver: OtlpReceiver;
let samples: Sample[] = [];

const refuse = { status: 500, body: { error: { message: 'boom' } } };
const messages = [{ role: 'user', content: 'Which lamp is lit?' }];
const chat = (body: object, key = suite.adminKey) =>
  suite.fetch('/v1/chat/completions', {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    body: { model: 'house', messages, ...body },
  });
const answered = async (body: object, key?: string) => {
  const response = await chat(body, key);
  await response.text();
  return response.status;
};

async function newKey(fields: object): Promise<string> {
  const response = await suite.fetch('/key/generate', { method: 'POST', body: fields });
  return z.object({ key: z.string() }).parse(await response.json()).key;
}

async function leave(): Promise<void> {
  cloud.script.next({ text: Array.from({ length: 500 }, () => 'word '), pieceDelayMs: 20 });
  const leaving = new AbortController();
  const response = await fetch(`${suite.url}/v1/chat/completions`, {
    method: 'POST',
    signal: leaving.signal,
    headers: { authorization: `Bearer ${suite.adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'sky', stream: true, messages }),
  });
  await response.body?.getReader().read();
  leaving.abort();
}

const metricsOf = async (service: (typeof services)[number], accept = 'text/plain') =>
  (await fetch(`http://127.0.0.1:${String(suite.managementPort(service))}/metrics`, { headers: { accept } })).text();
const scrape = async () =>
  (await Promise.all(services.map(async (service) => samplesIn(await metricsOf(service))))).flat();
const found = (name: string, matchers = '') => samples.filter((sample) => fits(sample, name, matchers));

beforeAll(async () => {
  [receiver, cloud, ollama] = await Promise.all([
    OtlpReceiver.start(),
    OpenAiUpstream.start(),
    OllamaUpstream.start({ models: [{ name: 'a:8b' }, { name: 'b:8b' }] }),
  ]);
  const price = { input_cost_per_token: 0.001, output_cost_per_token: 0.002 };
  const sky = { model: 'openai/gpt-4o-mini', api_base: `${cloud.url}/v1`, api_key: 'sk-up', ...price };
  suite = await startSuite({
    config: {
      model_list: [
        { model_name: 'house', litellm_params: { model: 'ollama_chat/a:8b', api_base: ollama.url } },
        { model_name: 'hut', litellm_params: { model: 'ollama_chat/b:8b', api_base: ollama.url } },
        { model_name: 'sky', litellm_params: sky },
        {
          model_name: 'dead',
          litellm_params: { model: 'openai/gpt-4o-mini', api_base: 'http://127.0.0.1:9/v1', api_key: 'k' },
        },
      ],
      router_settings: { num_retries: 0, fallbacks: [{ hut: ['sky'] }] },
    },
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url },
  });
  const poor = await newKey({ key_alias: 'poor', max_budget: 0.0001, budget_duration: '1d' });
  const rich = await newKey({ key_alias: 'rich', max_budget: 100, budget_duration: '1d' });
  await answered({ stream: true });
  await answered({ model: 'sky', stream: true }, rich);
  await answered({ model: 'sky', stream: true }, rich);
  await answered({ model: 'sky' }, poor);
  ollama.script.next({ refuse: { status: 500, body: { error: 'out of memory' } } });
  await answered({ model: 'hut' });
  await answered({ model: 'hut' });
  cloud.script.next({ refuse });
  await answered({ model: 'sky' });
  await answered({ model: 'dead' });
  await answered({ model: 'made-up' });
  await answered({}, 'sk-nobody-knows-this-key');
  await leave();
  // What is read in rounds comes with the next one.
  await vi.waitFor(
    async () => {
      samples = await scrape();
      const late = [
        found('signalbox_budget_used_ratio', 'budget="rich"'),
        found('signalbox_usage_pending'),
        found('signalbox_client_disconnects_total'),
        found('signalbox_cost_usd_total', 'provider="openai"'),
      ];
      expect(late.map((some) => some.length > 0)).toEqual([true, true, true, true]);
    },
    { timeout: 60_000, interval: 500 },
  );
});

afterAll(async () => {
  await suite?.stop();
  await Promise.all([ollama?.stop(), cloud?.stop(), receiver?.stop()]);
});

/** Answers to questions that only a bad day asks. */
const quiet = /signalbox_budget_reservation_error_nanodollars_total|signalbox_cache_requests_total/;
const emptyIn = (expression: string) =>
  selectorsIn(expression.replaceAll(/\$\w+/g, '.*'))
    .filter(({ name }) => name !== 'up' && !name.includes(':') && !quiet.test(name))
    .filter(({ name, matchers }) => found(name, matchers).length === 0)
    .map(({ name, matchers }) => `${name}{${matchers}}`);

describe('no panel is empty', () => {
  const boards = [...dashboardFiles()].map(([name, source]): [string, unknown] => [name, JSON.parse(source)]);
  it.each(boards)('%s', (_name, board) => {
    const expressions = list(at(board, 'panels')).flatMap((panel) =>
      list(at(panel, 'targets')).flatMap((target) =>
        at(target, 'expr') === undefined ? [] : text(at(target, 'expr')),
      ),
    );
    expect(expressions.length).toBeGreaterThan(0);
    expect(expressions.flatMap(emptyIn)).toEqual([]);
  });
});

it('no rule asks for what nobody exposes', () => {
  const rules = list(at(yamlOf('deploy/prometheus/rules.yaml'), 'groups')).flatMap((group) => list(at(group, 'rules')));
  expect(rules.flatMap((rule) => emptyIn(text(at(rule, 'expr'))))).toEqual([]);
});

it('names budgets, stages and reasons as they are', () => {
  const values = (name: string, label: string) => new Set(found(name).map(({ labels }) => labels.get(label)));
  expect(values('signalbox_budget_limit_usd', 'budget')).toEqual(new Set(['poor', 'rich']));
  expect(values('signalbox_overhead_seconds_count', 'stage')).toEqual(
    new Set(['auth', 'route', 'limits', 'other', 'bus']),
  );
  expect(found('signalbox_rejections_total', 'reason="invalid_api_key"')[0]?.value).toBeGreaterThan(0);
  expect(values('signalbox_requests_total', 'model').has('made-up')).toBe(false);
});

it('stays within ten thousand series', () => expect(samples.length).toBeLessThan(10_000));

it('latencies point to traces where OpenMetrics is asked for', async () => {
  const body = await metricsOf('ingress', 'application/openmetrics-text; version=1.0.0');
  expect(body.endsWith('# EOF\n')).toBe(true);
  const [, traceId = ''] =
    /signalbox_time_to_first_token_seconds_bucket\{.*# \{trace_id="([0-9a-f]{32})"\}/.exec(body) ?? [];
  expect(traceId).not.toBe('');
  await receiver.until((span) => span.traceId === traceId);
});

it('a refused config is counted from 0 on', async () => {
  const failures = () => found('signalbox_config_reload_failures_total')[0]?.value;
  expect(failures()).toBe(0);
  await suite.writeConfig('model_list: nonsense\n');
  await expect
    .poll(async () => {
      samples = await scrape();
      return failures();
    })
    .toBe(1);
});
