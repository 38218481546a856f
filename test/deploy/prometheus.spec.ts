/** The rules of Prometheus: every alert is documented and tried both ways, and nothing asks for a metric that nobody has. */
import { describe, expect, it } from 'vitest';
import { errorTable } from '#contracts';
import { dashboardFiles } from '../../deploy/grafana/dashboards.js';
import { at, attempt, findProgram, list, services, text, textOf, yamlOf } from './deployment-files.js';
import { knownSeries, processMetricsText, processSeries, seriesIn } from './metric-names.js';

const promtool = findProgram(['promtool'], '--version');
const groups = list(at(yamlOf('deploy/prometheus/rules.yaml'), 'groups'));
const rules = groups.flatMap((group) => list(at(group, 'rules')));
const alerts = rules.filter((rule) => at(rule, 'alert') !== undefined);
const recorded = new Set(rules.map((rule) => at(rule, 'record')).filter((name) => typeof name === 'string'));

/** Uids of the dashboards. */
const dashboards = [...dashboardFiles().values()].map((source) => at(JSON.parse(source), 'uid'));

describe('alert rules', () => {
  const page = textOf('docs/operations/alerts.md');

  it.each(alerts.map((alert) => [text(at(alert, 'alert')), alert] as const))('%s is complete', (name, alert) => {
    expect(['warning', 'critical']).toContain(at(alert, 'labels', 'severity'));
    expect(text(at(alert, 'annotations', 'summary'))).not.toBe('');
    expect(text(at(alert, 'annotations', 'description'))).not.toBe('');
    expect(at(alert, 'annotations', 'runbook_url')).toMatch(new RegExp(`^https://.*/alerts#${name.toLowerCase()}$`));
    const [, board] =
      /^https:\/\/grafana\.example\/d\/([\w-]+)$/.exec(text(at(alert, 'annotations', 'dashboard_url'))) ?? [];
    expect(dashboards).toContain(board);
    expect(page).toMatch(new RegExp(`^## ${name}$`, 'm'));
  });

  it('each has a case that fires and one that stays quiet', () => {
    const cases = ['rules', 'spend']
      .flatMap((file) => list(at(yamlOf(`deploy/prometheus/${file}.test.yaml`), 'tests')))
      .flatMap((test) => list(at(test, 'alert_rule_test')));
    const fires = new Set(
      cases.filter((one) => list(at(one, 'exp_alerts')).length > 0).map((one) => at(one, 'alertname')),
    );
    const quiet = new Set(
      cases.filter((one) => list(at(one, 'exp_alerts')).length === 0).map((one) => at(one, 'alertname')),
    );
    const names = alerts.map((alert) => at(alert, 'alert'));
    expect(names.filter((name) => !fires.has(name))).toEqual([]);
    expect(names.filter((name) => !quiet.has(name))).toEqual([]);
  });

  it('counts as errors what is a fault of the gateway or an upstream, and nothing else', () => {
    const faults = Object.entries(errorTable).flatMap(([code, { status }]) => (status >= 500 ? [code] : []));
    const expected = ['failure', ...faults].sort();
    const patterns = rules.flatMap((rule) => [...text(at(rule, 'expr')).matchAll(/outcome=~"([^"]+)"/g)]);
    expect(patterns.length).toBeGreaterThan(0);
    for (const [, pattern] of patterns) expect((pattern ?? '').split('|').sort()).toEqual(expected);
  });

  it('asks only for metrics that the services have', async () => {
    const measured = await processMetricsText();
    expect(processSeries.filter((name) => !measured.includes(`\n${name} `))).toEqual([]);
    const known = knownSeries();
    const unknown = rules
      .flatMap((rule) => seriesIn(text(at(rule, 'expr'))))
      .filter((name) => !known.has(name) && !recorded.has(name));
    expect(unknown).toEqual([]);
  });
});

describe('prometheus.yaml', () => {
  it('scrapes each service with its component as label', () => {
    const targets = list(at(yamlOf('deploy/prometheus/prometheus.yaml'), 'scrape_configs', 0, 'static_configs'));
    expect(targets.map((target) => [at(target, 'targets', 0), at(target, 'labels', 'component')])).toEqual(
      services.map((service) => [`${service}:9464`, service]),
    );
  });
});

describe.skipIf(promtool === null)('promtool (skipped where it is not installed)', () => {
  it.each(['rules', 'spend'])('the cases of %s.test.yaml hold', (file) => {
    const result = attempt('promtool', ['test', 'rules', `deploy/prometheus/${file}.test.yaml`]);
    expect(result.code, result.output).toBe(0);
  });
});
