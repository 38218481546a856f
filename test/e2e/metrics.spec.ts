/** After mixed traffic every panel, recording and alert finds what it asks for, also by a real Prometheus. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ReceivedSpan } from '#testing';
import { dashboardFiles } from '../../deploy/grafana/dashboards.js';
import { panelsOf } from '../deploy/dashboard-panels.js';
import { at, findProgram, list, services, text, yamlOf } from '../deploy/deployment-files.js';
import { fits, samplesIn, selectorsIn, type Sample } from '../deploy/exposed-series.js';
import { startTraffic, type Traffic } from './mixed-traffic.js';
import { PrometheusServer } from './prometheus-server.js';

const hasPrometheus = findProgram(['prometheus'], '--version') !== null;
const patiently = { timeout: 60_000, interval: 500 };

let traffic: Traffic;
let prometheus: PrometheusServer | null = null;
let samples: Sample[] = [];

const metricsOf = async (service: (typeof services)[number], accept = 'text/plain') => {
  const port = traffic.suite.managementPort(service);
  return (await fetch(`http://127.0.0.1:${String(port)}/metrics`, { headers: { accept } })).text();
};
const scrape = async () =>
  (await Promise.all(services.map(async (service) => samplesIn(await metricsOf(service))))).flat();
const found = (name: string, matchers = '') => samples.filter((sample) => fits(sample, name, matchers));

/** What the spend was an hour long a week ago: a day's traffic cannot have it. */
function lastWeek(): string {
  const labels = 'job="signalbox",component="accounting",model="sky",provider="openai"';
  const weekAgo = Math.floor(Date.now() / 1000) - 7 * 86_400;
  const lines = Array.from({ length: 181 }, (_none, minute) => {
    const second = weekAgo + 60 * (minute - 120);
    return `signalbox_cost_usd_total{${labels}} ${String(minute / 100)} ${String(second)}`;
  });
  return ['# TYPE signalbox_cost_usd counter', ...lines, '# EOF', ''].join('\n');
}

/** Resolves once Prometheus has seen every service as it is now, or later. */
async function scraped(): Promise<void> {
  const now = String(Date.now() / 1000);
  const seen = async () => (await prometheus?.query(`timestamp(up == 1) >= ${now}`))?.length;
  if (prometheus !== null) await vi.waitFor(async () => expect(await seen()).toBe(services.length), patiently);
}

beforeAll(async () => {
  traffic = await startTraffic();
  const portOf = (component: string) =>
    traffic.suite.managementPort(services.find((service) => service === component) ?? 'ingress');
  if (hasPrometheus) prometheus = await PrometheusServer.start({ portOf, history: lastWeek() });
  await traffic.round();
  await scraped();
  await traffic.accidents();
  await traffic.round();
  await traffic.ended();
  await traffic.hold();
  // What is read in rounds comes with the next one.
  await vi.waitFor(async () => {
    samples = await scrape();
    const late = [
      found('signalbox_budget_used_ratio', 'budget="rich"'),
      found('signalbox_usage_pending'),
      found('signalbox_client_disconnects_total'),
      found('signalbox_cost_usd_total', 'provider="openai"'),
    ];
    expect(late.map((some) => some.length > 0)).toEqual([true, true, true, true]);
  }, patiently);
});

afterAll(async () => {
  await prometheus?.stop();
  await traffic?.stop();
});

/** Optional panels are left out: nothing here has an exporter of NATS. */
const boards = [...dashboardFiles()].map(([name, source]): [string, unknown] => [name, JSON.parse(source)]);
const expressionsOf = (panel: unknown) =>
  list(at(panel, 'targets')).flatMap((target) => (at(target, 'expr') === undefined ? [] : text(at(target, 'expr'))));
const rules = list(at(yamlOf('deploy/prometheus/rules.yaml'), 'groups')).flatMap((group) => list(at(group, 'rules')));
const withoutVariables = (expression: string) =>
  expression.replaceAll('$__rate_interval', '5m').replaceAll(/\$\w+/g, '.*');

const emptyIn = (expression: string) =>
  selectorsIn(withoutVariables(expression))
    .filter(({ name }) => name !== 'up' && !name.includes(':'))
    .filter(({ name, matchers }) => found(name, matchers).length === 0)
    .map(({ name, matchers }) => `${name}{${matchers}}`);

/** Some figures are only read in rounds: what is missing is looked for again. */
const missing = (expressions: readonly string[]) =>
  expect.poll(async () => {
    const empty = expressions.flatMap(emptyIn);
    if (empty.length > 0) samples = await scrape();
    return empty;
  }, patiently);

describe('the services expose what is asked for', () => {
  it.each(boards)('by %s', async (_name, board) => {
    const expressions = panelsOf(board).flatMap(expressionsOf);
    expect(expressions.length).toBeGreaterThan(0);
    await missing(expressions).toEqual([]);
  });

  it('by the rules', () => missing(rules.map((rule) => text(at(rule, 'expr')))).toEqual([]));
});

/** Rightly at 0 as long as accounting, its disks, the hosts and the backend of traces are well. */
const calm = new Set([
  'Circuit',
  'Waiting in JetStream',
  'Consumer of usage',
  'Oldest waiting',
  'Waiting on disk',
  'Dead letters, 24 hours',
  'Spans that were lost',
]);

describe.skipIf(!hasPrometheus)('a real Prometheus (skipped where it is not installed)', () => {
  const server = () => {
    if (prometheus === null) throw new Error('Prometheus does not run');
    return prometheus;
  };

  it.each(boards)('no panel of %s is empty', async (_name, board) => {
    const problems = async () => {
      const answers = panelsOf(board).flatMap((panel) =>
        expressionsOf(panel).map(async (expression) => {
          const title = text(at(panel, 'title'));
          const values = (await server().query(withoutVariables(expression)))
            .map(({ value }) => value)
            .filter((value) => !Number.isNaN(value));
          if (values.length === 0) return `${title}: nothing for ${expression}`;
          return calm.has(title) || values.some((value) => value > 0) ? [] : `${title}: only 0 for ${expression}`;
        }),
      );
      return (await Promise.all(answers)).flat();
    };
    await expect.poll(problems, patiently).toEqual([]);
  });

  it('every variable of a dashboard has something to choose', async () => {
    const queries = boards.flatMap(([, board]) =>
      list(at(board, 'templating', 'list')).map((variable) => text(at(variable, 'query', 'query') ?? '')),
    );
    const asked = queries.flatMap((query) => [...query.matchAll(/^label_values\((\w+), (\w+)\)$/g)]);
    expect(asked.length).toBeGreaterThan(0);
    for (const [, metric = '', label = ''] of asked) expect(await server().valuesOf(metric, label)).not.toEqual([]);
  });

  it('keeps which traces the points of a heatmap lead to', async () => {
    const [exemplar] = await server().exemplars('signalbox_time_to_first_token_seconds_bucket');
    expect(exemplar).toBeDefined();
    await traffic.receiver.until((span) => span.traceId === exemplar?.['trace_id']);
  });

  it('every rule can be evaluated, and every recording has a value', async () => {
    const evaluated = await server().rules();
    expect(evaluated.length).toBe(rules.length);
    expect(evaluated.filter(({ health }) => health !== 'ok')).toEqual([]);
    const empty = async () => {
      const recorded = evaluated.filter(({ type }) => type === 'recording').map(({ name }) => name);
      const values = await Promise.all(recorded.map(async (name) => [name, await server().query(name)] as const));
      return values.filter(([, series]) => series.every(({ value }) => Number.isNaN(value))).map(([name]) => name);
    };
    await expect.poll(empty, patiently).toEqual([]);
  });

  it('the share of failures is 0 for a model without any', async () => {
    const shareOf = async (model: string) =>
      (await server().query(`signalbox:errors:ratio5m{model="${model}"}`)).map(({ value }) => value);
    expect([await shareOf('free'), await shareOf('broken')]).toEqual([[0], [1]]);
  });
});

describe('traces', () => {
  const searches = boards
    .flatMap(([, board]) => panelsOf(board))
    .flatMap((panel) => list(at(panel, 'targets')).map((target) => [text(at(panel, 'title')), target] as const))
    .filter(([, target]) => at(target, 'queryType') === 'search');

  it.each(searches)('the table "%s" has lines', async (_title, search) => {
    await traffic.receiver.until((span) => finds(search, span));
  });

  it('latencies point to them where OpenMetrics is asked for', async () => {
    const body = await metricsOf('ingress', 'application/openmetrics-text; version=1.0.0');
    expect(body.endsWith('# EOF\n')).toBe(true);
    const [, traceId = ''] =
      /signalbox_time_to_first_token_seconds_bucket\{.*# \{trace_id="([0-9a-f]{32})"\}/.exec(body) ?? [];
    expect(traceId).not.toBe('');
    await traffic.receiver.until((span) => span.traceId === traceId);
  });
});

/** Whether Jaeger would list the span's trace: service, operation, tags and the least duration are those of one span. */
function finds(search: unknown, { service, name, attributes, status, startNanos, endNanos }: ReceivedSpan): boolean {
  const [tag = '', value] = text(at(search, 'tags') ?? '').split('=');
  const seconds = Number(/^(\d+)s$/.exec(text(at(search, 'minDuration') ?? '0s'))?.[1]);
  return (
    service === at(search, 'service') &&
    text(at(search, 'operation') ?? name) === name &&
    (tag === '' || (tag === 'error' ? status === 2 : attributes[tag] === value)) &&
    endNanos - startNanos >= BigInt(seconds) * 1_000_000_000n
  );
}

it('names budgets, stages and reasons as they are', () => {
  const values = (name: string, label: string) => new Set(found(name).map(({ labels }) => labels.get(label)));
  expect(values('signalbox_budget_limit_usd', 'budget')).toEqual(new Set(['poor', 'rich', 'crew']));
  expect(values('signalbox_overhead_seconds_count', 'stage')).toEqual(
    new Set(['auth', 'route', 'limits', 'other', 'bus']),
  );
  expect(found('signalbox_rejections_total', 'reason="invalid_api_key"')[0]?.value).toBeGreaterThan(0);
  expect(values('signalbox_requests_total', 'model').has('made-up')).toBe(false);
});

it('has the families of the GenAI conventions, since the config asks for them', () => {
  const server = 'gen_ai_provider_name="openai",gen_ai_request_model="sky"';
  const client = `${server},gen_ai_response_model!=""`;
  const expected = [
    ['gen_ai_server_request_duration_seconds_count', `${client},error_type=""`],
    ['gen_ai_server_request_duration_seconds_count', 'gen_ai_request_model="broken",error_type="upstream_error"'],
    ['gen_ai_server_time_to_first_token_seconds_count', client],
    ['gen_ai_server_time_per_output_token_seconds_count', client],
    ['gen_ai_client_operation_duration_seconds_count', `${client},error_type=""`],
    ['gen_ai_client_operation_time_to_first_chunk_seconds_count', client],
    ['gen_ai_client_operation_time_per_output_chunk_seconds_count', server],
    ['gen_ai_client_token_usage_count', `${client},gen_ai_token_type="input"`],
    ['gen_ai_client_token_usage_count', 'gen_ai_provider_name="ollama",gen_ai_token_type="output"'],
  ];
  expect(expected.filter(([name = '', matchers]) => !((found(name, matchers)[0]?.value ?? 0) > 0))).toEqual([]);
});

it('shows at 0 what may happen and did not: its first time is to be seen', () => {
  const at0 = [
    ['signalbox_account_problems_total', 'problem="no-credit"'],
    ['signalbox_budget_reservation_error_nanodollars_total', 'model="sky"'],
    ['signalbox_bus_errors_total', 'subject="accounting.key.lookup",error_type="bus_timeout"'],
    ['signalbox_cache_requests_total', 'result="error"'],
    // Refused before it was loaded.
    ['signalbox_model_load_seconds_count', 'model="c:8b"'],
    ['signalbox_usage_events_total', 'result="dead_letter"'],
  ];
  expect(at0.map(([name = '', matchers]) => [name, found(name, matchers)[0]?.value])).toEqual(
    at0.map(([name]) => [name, 0]),
  );
});

it('stays within ten thousand series', () => expect(samples.length).toBeLessThan(10_000));

it('counts a refused config once', () =>
  expect(found('signalbox_config_reload_failures_total').map(({ value }) => value)).toEqual([1]));
