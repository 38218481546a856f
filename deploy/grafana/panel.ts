/** Panels and dashboards of Grafana as values. Everything is laid out from left to right in the order in which it is written. */

/** What a panel shows, and in which unit (Grafana's ids: reqps, s, percentunit, currencyUSD, bytes, short ...). */
export interface PanelSpec {
  readonly title: string;
  /** One sentence for somebody who sees it for the first time. */
  readonly description: string;
  readonly unit: string;
  readonly kind: 'timeseries' | 'stat' | 'bargauge' | 'heatmap' | 'table' | 'nodeGraph';
  /** Instead of queries: what is looked for in Jaeger; `graph` is the graph of services. */
  readonly traces?: TraceSearch | 'graph';
  /** Expression and legend of each line. */
  readonly queries: readonly (readonly [expression: string, legend: string])[];
  /** Of 24 columns. */
  readonly width?: number;
  readonly height?: number;
  /** Colours from a value on. */
  readonly thresholds?: readonly (readonly [from: number, color: string])[];
  readonly stacked?: boolean;
  readonly max?: number;
  readonly decimals?: number;
}

export interface TraceSearch {
  readonly service: string;
  readonly operation?: string;
  /** `name=value`, several separated by spaces. */
  readonly tags?: string;
  /** `10s` */
  readonly minDuration?: string;
}

export interface VariableSpec {
  readonly name: string;
  readonly label: string;
  /** Whose label values are offered. */
  readonly metric: string;
  readonly labelName: string;
}

export interface DashboardSpec {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly VariableSpec[];
  readonly rows: readonly RowSpec[];
}

export interface RowSpec {
  readonly title: string;
  readonly panels: readonly PanelSpec[];
  /** It asks for what not every installation has: it is closed until somebody opens it. */
  readonly optional?: true;
}

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

const columns = 24;
const prometheus = { type: 'prometheus', uid: '${DS_PROMETHEUS}' };
const jaeger = { type: 'jaeger', uid: '${DS_TRACES}' };
const letters = 'ABCDEFGHIJ';

/** The dashboard as Grafana stores it: no id, a fixed uid, its datasource chosen by a variable. */
export function dashboardOf(spec: DashboardSpec): Json {
  return {
    id: null,
    uid: spec.uid,
    title: spec.title,
    description: spec.description,
    tags: ['signalbox', 'llm-gateway'],
    timezone: 'browser',
    editable: true,
    graphTooltip: 1,
    schemaVersion: 39,
    version: 1,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    templating: { list: [...datasourceVariables(spec), ...spec.variables.map(variableOf)] },
    links: [{ type: 'dashboards', title: 'Signalbox', tags: ['signalbox'], asDropdown: true, keepTime: true }],
    panels: layOut(spec.rows),
  };
}

function datasourceVariables({ rows }: DashboardSpec): Json[] {
  const hasTraces = rows.some(({ panels }) => panels.some(({ traces }) => traces !== undefined));
  const variable = (name: string, label: string, query: string): Json => ({
    name,
    label,
    type: 'datasource',
    query,
    hide: 0,
    includeAll: false,
    multi: false,
  });
  return [
    variable('DS_PROMETHEUS', 'Prometheus', 'prometheus'),
    ...(hasTraces ? [variable('DS_TRACES', 'Traces', 'jaeger')] : []),
  ];
}

function variableOf({ name, label, metric, labelName }: VariableSpec): Json {
  return {
    name,
    label,
    type: 'query',
    datasource: prometheus,
    query: { query: `label_values(${metric}, ${labelName})`, refId: name },
    refresh: 2,
    sort: 1,
    includeAll: true,
    allValue: '.*',
    multi: true,
    current: { text: 'All', value: '$__all' },
  };
}

function layOut(rows: readonly RowSpec[]): Json[] {
  const placed: Json[] = [];
  let id = 1;
  let y = 0;
  for (const row of rows) {
    const { panels, height } = panelsIn(row, id + 1, y + 1);
    const isClosed = row.optional === true;
    placed.push({
      id,
      type: 'row',
      title: row.title,
      collapsed: isClosed,
      panels: isClosed ? panels : [],
      gridPos: { x: 0, y, w: columns, h: 1 },
    });
    if (!isClosed) placed.push(...panels);
    id += 1 + panels.length;
    y += isClosed ? 1 : 1 + height;
  }
  return placed;
}

/** The panels of a row, numbered from an id and placed from a line on. */
function panelsIn(row: RowSpec, firstId: number, firstY: number): { panels: Json[]; height: number } {
  const panels: Json[] = [];
  let x = 0;
  let y = firstY;
  let lineHeight = 0;
  for (const panel of row.panels) {
    const width = panel.width ?? 8;
    const height = panel.height ?? 8;
    if (x + width > columns) {
      x = 0;
      y += lineHeight;
      lineHeight = 0;
    }
    panels.push(panelOf(panel, firstId + panels.length, { x, y, w: width, h: height }));
    x += width;
    lineHeight = Math.max(lineHeight, height);
  }
  return { panels, height: y + lineHeight - firstY };
}

function panelOf(panel: PanelSpec, id: number, gridPos: Json): Json {
  return {
    id,
    type: panel.kind,
    title: panel.title,
    description: panel.description,
    datasource: panel.traces === undefined ? prometheus : jaeger,
    gridPos,
    targets:
      panel.traces === undefined
        ? panel.queries.map(([expression, legend], index) => targetOf(panel, expression, legend, letters[index] ?? 'Z'))
        : [traceTargetOf(panel.traces)],
    fieldConfig: { defaults: defaultsOf(panel), overrides: [] },
    options: optionsOf(panel),
    ...(panel.kind === 'table' && panel.traces === undefined
      ? { transformations: [{ id: 'organize', options: { excludeByName: { Time: true } } }] }
      : {}),
  };
}

function traceTargetOf(search: TraceSearch | 'graph'): Json {
  const asked: Json =
    search === 'graph' ? { queryType: 'dependencyGraph' } : { queryType: 'search', limit: 20, ...search };
  return { refId: 'A', datasource: jaeger, ...asked };
}

function targetOf({ kind }: PanelSpec, expression: string, legend: string, refId: string): Json {
  const isNow = kind === 'stat' || kind === 'bargauge' || kind === 'table';
  return {
    refId,
    datasource: prometheus,
    expr: expression,
    legendFormat: legend,
    format: kind === 'heatmap' ? 'heatmap' : kind === 'table' ? 'table' : 'time_series',
    instant: isNow,
    range: !isNow,
    exemplar: !isNow && expression.includes('_bucket'),
  };
}

function defaultsOf({ unit, thresholds, stacked, max, decimals, kind }: PanelSpec): Json {
  const steps = [{ color: 'green', value: null }, ...(thresholds ?? []).map(([value, color]) => ({ color, value }))];
  return {
    unit,
    ...(decimals === undefined ? {} : { decimals }),
    ...(max === undefined ? {} : { min: 0, max }),
    color: { mode: thresholds === undefined ? 'palette-classic' : 'thresholds' },
    thresholds: { mode: 'absolute', steps },
    ...(kind === 'timeseries'
      ? {
          custom: {
            drawStyle: 'line',
            lineWidth: 1,
            fillOpacity: stacked === true ? 30 : 5,
            showPoints: 'never',
            spanNulls: false,
            stacking: { mode: stacked === true ? 'normal' : 'none', group: 'A' },
          },
        }
      : {}),
  };
}

function optionsOf({ kind }: PanelSpec): Json {
  switch (kind) {
    case 'timeseries':
      return { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } };
    case 'stat':
      return {
        colorMode: 'value',
        graphMode: 'none',
        textMode: 'auto',
        reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
      };
    case 'bargauge':
      return {
        displayMode: 'lcd',
        orientation: 'horizontal',
        reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
      };
    case 'heatmap':
      return {
        calculate: false,
        color: { mode: 'scheme', scheme: 'Oranges', steps: 64 },
        yAxis: { unit: 's' },
        exemplars: { color: 'rgba(255,0,255,0.7)' },
      };
    case 'nodeGraph':
      return {};
    case 'table':
      return { showHeader: true, footer: { show: false } };
  }
}
