/** Metrics that are read when somebody asks: states of deployments, and what is left of budgets. Pure. */
import type { BackendHealth, Deployment } from '#contracts';
import { deploymentLabels, none } from './count-request.js';
import type { Series } from './series.js';

export interface FleetFacts {
  readonly deployments: readonly Deployment[];
  readonly healthOf: (backendId: string) => BackendHealth | null;
  readonly fleet: readonly {
    readonly deploymentId: string;
    readonly coolingUntil: string | null;
    readonly inFlight: number;
  }[];
}

/** Sets the states of all deployments; those that are configured no more are forgotten. */
export function setFleet(series: Series, facts: FleetFacts): void {
  series.clear('litellm_deployment_state');
  const cooling = new Set(
    facts.fleet.filter((entry) => entry.coolingUntil !== null).map((entry) => entry.deploymentId),
  );
  for (const deployment of facts.deployments) {
    const labels = deploymentLabels({ ...deployment, deploymentId: deployment.id });
    series.set('litellm_deployment_state', labels, stateOf(deployment, facts, cooling));
  }
  series.set(
    'litellm_in_flight_requests',
    {},
    facts.fleet.reduce((sum, entry) => sum + entry.inFlight, 0),
  );
}

function stateOf(deployment: Deployment, facts: FleetFacts, cooling: ReadonlySet<string>): number {
  const state = facts.healthOf(deployment.backendId)?.state;
  if (state === 'unhealthy' || deployment.missingVariables.length > 0 || cooling.has(deployment.id)) return 2;
  return state === 'degraded' ? 1 : 0;
}

/** Counts the deployments that cool down now and did not, or not until this time, when they were looked at before. */
export function countCooled(
  series: Series,
  facts: FleetFacts,
  before: ReadonlyMap<string, string>,
): Map<string, string> {
  const now = new Map<string, string>();
  const deployments = new Map<string, Deployment>(facts.deployments.map((deployment) => [deployment.id, deployment]));
  for (const { deploymentId, coolingUntil } of facts.fleet) {
    if (coolingUntil === null) continue;
    now.set(deploymentId, coolingUntil);
    const deployment = deployments.get(deploymentId);
    if (deployment === undefined || before.get(deploymentId) === coolingUntil) continue;
    series.add('litellm_deployment_cooled_down_total', {
      ...deploymentLabels({ ...deployment, deploymentId }),
      exception_status: none,
    });
  }
  return now;
}

interface Limited {
  readonly spend: number;
  readonly max_budget: number | null;
  readonly budget_reset_at: string | null;
}

export interface Budgets {
  readonly keys: readonly (Limited & { readonly token: string; readonly key_alias: string | null })[];
  readonly teams: readonly (Limited & { readonly team_id: string; readonly team_alias: string | null })[];
  readonly users: readonly (Limited & { readonly user_id: string })[];
}

const hourMs = 3_600_000;

/** Sets what is left of every budget; owners without one are left out. */
export function setBudgets(series: Series, budgets: Budgets, nowMs: number): void {
  for (const family of budgetFamilies) series.clear(family);
  for (const key of budgets.keys) {
    const labels = { hashed_api_key: key.token, api_key_alias: key.key_alias ?? none };
    set(key, nowMs, {
      limit: (usd) => series.set('litellm_api_key_max_budget_metric', labels, usd),
      left: (usd) => series.set('litellm_remaining_api_key_budget_metric', labels, usd),
      hours: (hours) => series.set('litellm_api_key_budget_remaining_hours_metric', labels, hours),
    });
  }
  for (const team of budgets.teams) {
    const labels = { team: team.team_id, team_alias: team.team_alias ?? none };
    set(team, nowMs, {
      limit: (usd) => series.set('litellm_team_max_budget_metric', labels, usd),
      left: (usd) => series.set('litellm_remaining_team_budget_metric', labels, usd),
      hours: (hours) => series.set('litellm_team_budget_remaining_hours_metric', labels, hours),
    });
  }
  for (const user of budgets.users) {
    const labels = { user: user.user_id };
    set(user, nowMs, {
      limit: (usd) => series.set('litellm_user_max_budget_metric', labels, usd),
      left: (usd) => series.set('litellm_remaining_user_budget_metric', labels, usd),
      hours: (hours) => series.set('litellm_user_budget_remaining_hours_metric', labels, hours),
    });
  }
}

const budgetFamilies = [
  'litellm_api_key_max_budget_metric',
  'litellm_remaining_api_key_budget_metric',
  'litellm_api_key_budget_remaining_hours_metric',
  'litellm_team_max_budget_metric',
  'litellm_remaining_team_budget_metric',
  'litellm_team_budget_remaining_hours_metric',
  'litellm_user_max_budget_metric',
  'litellm_remaining_user_budget_metric',
  'litellm_user_budget_remaining_hours_metric',
] as const;

function set(
  owner: Limited,
  nowMs: number,
  to: { limit: (usd: number) => void; left: (usd: number) => void; hours: (hours: number) => void },
): void {
  if (owner.max_budget === null) return;
  to.limit(owner.max_budget);
  to.left(owner.max_budget - owner.spend);
  if (owner.budget_reset_at !== null) to.hours(Math.max(0, (Date.parse(owner.budget_reset_at) - nowMs) / hourMs));
}
