/** The dashboards: as generated, complete, and asking only for metrics and labels that the services have. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorTable } from '#contracts';
import { dashboardFiles } from '../../deploy/grafana/dashboards.js';
import { serverFaults } from '../../deploy/grafana/expressions.js';
import { optionalPanelsOf, panelsOf } from './dashboard-panels.js';
import { at, attempt, findProgram, list, root, services, text, textOf } from './deployment-files.js';
import { exporterSeries, knownSeries, seriesIn, unknownLabelsIn } from './metric-names.js';

const folder = 'deploy/helm/signalbox/files/dashboards';
const files = [...dashboardFiles()];
const boards = files.map(([name, source]): [string, unknown] => [name, JSON.parse(source)]);
const everyPanelOf = (board: unknown) => [...panelsOf(board), ...optionalPanelsOf(board)];
const isOfTraces = (panel: unknown) => at(panel, 'datasource', 'type') === 'jaeger';
const expressionsOf = (panel: unknown) =>
  isOfTraces(panel) ? [] : list(at(panel, 'targets')).map((target) => text(at(target, 'expr')));
/** Grafana's own variables are no PromQL. */
const plain = (expression: string) => expression.replaceAll('$__rate_interval', '5m').replaceAll(/\$\w+/g, '.*');

describe('dashboards', () => {
  it('are checked in as they are generated', () => {
    expect(readdirSync(join(root, folder)).sort()).toEqual(files.map(([name]) => name).sort());
    for (const [name, source] of files)
      expect(textOf(`${folder}/${name}`), `run deploy/grafana/generate.mjs`).toBe(source);
  });

  it('have different uids, no id, and choose their datasource by a variable', () => {
    expect(new Set(boards.map(([, board]) => at(board, 'uid'))).size).toBe(boards.length);
    for (const [name, board] of boards) {
      expect(at(board, 'id'), name).toBeNull();
      expect(at(board, '__inputs'), name).toBeUndefined();
      const variables = list(at(board, 'templating', 'list'));
      expect(
        variables.some((one) => at(one, 'type') === 'datasource' && at(one, 'name') === 'DS_PROMETHEUS'),
        name,
      ).toBe(true);
      for (const panel of everyPanelOf(board)) {
        const uid = text(at(panel, 'datasource', 'uid'));
        expect(variables.map((one) => `\${${text(at(one, 'name'))}}`)).toContain(uid);
      }
    }
  });

  it.each(boards)('%s: every panel has a description, a unit and a query of its own', (_name, board) => {
    for (const panel of everyPanelOf(board)) {
      const title = text(at(panel, 'title'));
      expect(text(at(panel, 'description')).length, title).toBeGreaterThan(10);
      expect(at(panel, 'fieldConfig', 'defaults', 'unit'), title).toEqual(expect.any(String));
      expect(list(at(panel, 'targets')).length, title).toBeGreaterThan(0);
    }
  });

  it.each(boards)('%s: panels do not overlap', (_name, board) => {
    const taken = new Set<string>();
    for (const panel of list(at(board, 'panels'))) {
      const [x, y, w, h] = ['x', 'y', 'w', 'h'].map((side) => Number(at(panel, 'gridPos', side)));
      for (let column = x ?? 0; column < (x ?? 0) + (w ?? 0); column += 1) {
        expect(column).toBeLessThan(24);
        for (let row = y ?? 0; row < (y ?? 0) + (h ?? 0); row += 1) {
          expect(taken.has(`${column},${row}`), text(at(panel, 'title'))).toBe(false);
          taken.add(`${column},${row}`);
        }
      }
    }
  });

  it.each(boards)('%s: every metric and label is one of the services', (_name, board) => {
    const known = knownSeries();
    const asked = [
      ...panelsOf(board).flatMap((panel) => expressionsOf(panel)),
      ...list(at(board, 'templating', 'list')).flatMap(
        (one) => /label_values\((\w+),/.exec(text(at(one, 'query', 'query') ?? ''))?.[1] ?? [],
      ),
    ].map(plain);
    expect(asked.flatMap((expression) => seriesIn(expression)).filter((name) => !known.has(name))).toEqual([]);
    expect(asked.flatMap((expression) => unknownLabelsIn(expression))).toEqual([]);
  });

  it('ask for the series of the NATS exporter in closed rows that say they are optional, and there for nothing else', () => {
    const isExporters = (name: string) => name in exporterSeries;
    const closed = boards.flatMap(([, board]) =>
      list(at(board, 'panels')).filter((row) => at(row, 'type') === 'row' && at(row, 'collapsed') === true),
    );
    expect(closed.length).toBeGreaterThan(0);
    for (const row of closed) expect(text(at(row, 'title'))).toContain('(optional)');
    const asked = boards.flatMap(([, board]) => optionalPanelsOf(board).flatMap((panel) => expressionsOf(panel)));
    const series = new Set(asked.map(plain).flatMap((expression) => seriesIn(expression)));
    expect([...series].filter((name) => !isExporters(name))).toEqual([]);
    expect(Object.keys(exporterSeries).filter((name) => !series.has(name))).toEqual([]);
    expect(asked.flatMap((expression) => unknownLabelsIn(plain(expression)))).toEqual([]);
  });

  it('look in traces for services, attributes and spans that there are', () => {
    const searches = boards
      .flatMap(([, board]) => panelsOf(board).filter(isOfTraces))
      .flatMap((panel) => list(at(panel, 'targets')))
      .filter((target) => at(target, 'queryType') === 'search');
    expect(searches.length).toBeGreaterThan(3);
    for (const search of searches) {
      expect(services).toContain(at(search, 'service'));
      const [name = '', value = ''] = text(at(search, 'tags') ?? 'error=true').split('=');
      expect(['error', 'gateway.outcome']).toContain(name);
      if (name === 'gateway.outcome') expect([...Object.keys(errorTable), 'client_disconnected']).toContain(value);
      expect(['process usage', undefined]).toContain(at(search, 'operation'));
    }
  });

  it('count the same faults as the alerts', () => {
    const faults = Object.entries(errorTable).flatMap(([code, { status }]) => (status >= 500 ? [code] : []));
    expect(serverFaults.split('|').sort()).toEqual(['failure', ...faults].sort());
  });
});

describe.skipIf(findProgram(['promtool'], '--version') === null)('promtool (skipped where it is not installed)', () => {
  it('understands every expression', async () => {
    const { mkdtempSync, rmSync, writeFileSync } = await import('node:fs');
    const { tmpdir } = await import('node:os');
    const place = mkdtempSync(join(tmpdir(), 'signalbox-rules-'));
    const expressions = boards
      .flatMap(([, board]) => everyPanelOf(board).flatMap((panel) => expressionsOf(panel)))
      .map(plain);
    const rules = expressions.map((expr, index) => ({ record: `expression:${String(index)}`, expr }));
    writeFileSync(join(place, 'rules.yaml'), JSON.stringify({ groups: [{ name: 'all', rules }] }));
    const result = attempt('promtool', ['check', 'rules', join(place, 'rules.yaml')]);
    rmSync(place, { recursive: true });
    expect(result.code, result.output).toBe(0);
  });
});
