import { describe, expect, it } from 'vitest';
import { BackendHealth } from '#contracts';
import { sampleDeployment } from '#testing';
import { countCooled, setBudgets, setFleet, type FleetFacts } from './gauges.js';
import { Series } from './series.js';

const deployment = sampleDeployment({
  id: 'd1',
  modelName: 'smart',
  backendId: 'gpu',
  upstreamModel: 'qwen3:14b',
});

function health(state: string): BackendHealth {
  const at = '2026-11-20T12:00:00Z';
  const unknown = { probeLatencyMs: null, version: null, installed: null, loaded: null };
  return BackendHealth.parse({ v: 1, backendId: 'gpu', state, reason: null, since: at, lastProbeAt: at, ...unknown });
}

function facts(state: string | null, coolingUntil: string | null, more: object = {}): FleetFacts {
  return {
    deployments: [{ ...deployment, ...more }],
    healthOf: () => (state === null ? null : health(state)),
    fleet: [{ deploymentId: 'd1', coolingUntil, inFlight: 3 }],
  };
}

function valueOf(series: Series, family: string): number | null {
  const line = series
    .text()
    .split('\n')
    .find((candidate) => new RegExp(`^${family}[ {]`).test(candidate));
  return line === undefined ? null : Number(line.slice(line.lastIndexOf(' ') + 1));
}

describe('the state of a deployment', () => {
  it.each([
    [null, null, {}, 0],
    ['healthy', null, {}, 0],
    ['degraded', null, {}, 1],
    ['unhealthy', null, {}, 2],
    ['healthy', '2026-11-20T12:01:00Z', {}, 2],
    ['healthy', null, { missingVariables: ['OPENAI_API_KEY'] }, 2],
  ])('with a host that is %j, cooling until %j, %j is %d', (state, cooling, more, expected) => {
    const series = new Series();
    setFleet(series, facts(state, cooling, more));
    expect(valueOf(series, 'litellm_deployment_state')).toBe(expected);
    expect(valueOf(series, 'litellm_in_flight_requests')).toBe(3);
  });

  it('is forgotten with the deployment', () => {
    const series = new Series();
    setFleet(series, facts('healthy', null));
    setFleet(series, { ...facts('healthy', null), deployments: [] });
    expect(valueOf(series, 'litellm_deployment_state')).toBeNull();
  });

  it('counts each cooling once', () => {
    const series = new Series();
    let seen = countCooled(series, facts('healthy', 'T1'), new Map());
    seen = countCooled(series, facts('healthy', 'T1'), seen);
    expect(valueOf(series, 'litellm_deployment_cooled_down_total')).toBe(1);
    seen = countCooled(series, facts('healthy', null), seen);
    countCooled(series, facts('healthy', 'T2'), seen);
    expect(valueOf(series, 'litellm_deployment_cooled_down_total')).toBe(2);
  });
});

it('budgets tell what is left, and owners without one tell nothing', () => {
  const series = new Series();
  const reset = '2026-11-20T18:00:00Z';
  setBudgets(
    series,
    {
      keys: [
        { token: 'k1', key_alias: 'laptop', spend: 4, max_budget: 10, budget_reset_at: reset },
        { token: 'k2', key_alias: null, spend: 4, max_budget: null, budget_reset_at: null },
      ],
      teams: [{ team_id: 't', team_alias: null, spend: 12, max_budget: 10, budget_reset_at: null }],
      users: [],
    },
    Date.parse('2026-11-20T12:00:00Z'),
  );
  expect(valueOf(series, 'litellm_remaining_api_key_budget_metric')).toBe(6);
  expect(valueOf(series, 'litellm_api_key_max_budget_metric')).toBe(10);
  expect(valueOf(series, 'litellm_api_key_budget_remaining_hours_metric')).toBe(6);
  expect(valueOf(series, 'litellm_remaining_team_budget_metric')).toBe(-2);
  expect(valueOf(series, 'litellm_team_budget_remaining_hours_metric')).toBeNull();
  expect(series.text()).not.toContain('k2');
});
