/** `signalbox config check --explain MODEL`: the plan of a small request, as if every host were well. */
import { GatewayError, PlanQuery, type Attempt, type ConfigSnapshot } from '#contracts';
import { FleetView } from './fleet/fleet-view.js';
import { planRoute } from './route-decision.js';
import { buildRouteIndex } from './route-index.js';

/**
 * Lines for a terminal: the route, each attempt in order, and what was left out, or why there is no plan. Where lots
 * would be drawn, the first in the file wins, so that the answer is the same each time.
 */
export function explainPlan(snapshot: ConfigSnapshot, model: string): string[] {
  const index = buildRouteIndex(snapshot);
  const candidates = index.groups.get(model) ?? [];
  const mode = candidates[0]?.deployment.mode;
  const query = smallRequest(model, mode === 'completion' || mode === undefined ? 'chat' : mode);
  try {
    const plan = planRoute(query, new FleetView(index), index, () => 0.5, 0);
    const notes = plan.reasons.filter((reason) => !reason.startsWith('attempt '));
    return [
      `${model}: ${plan.attempts.length} attempts`,
      ...plan.attempts.map(describeAttempt),
      ...notes.map((note) => `note: ${note}`),
    ];
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const more = error.details.adminText?.split('\n').filter((line) => line !== '') ?? [];
    return [`${model}: no plan (${error.code}). ${error.message}`, ...more];
  }
}

function describeAttempt(attempt: Attempt, at: number): string {
  const when = attempt.onlyAfter === 'any' ? '' : `, only after ${attempt.onlyAfter}`;
  const from = attempt.fallbackFrom === null ? '' : `, fallback of ${attempt.fallbackFrom}`;
  const pause = attempt.delayMs === 0 ? '' : `, after ${attempt.delayMs} ms`;
  const where = `${attempt.upstreamModel} on ${attempt.backend.id} (${attempt.backend.apiBase})`;
  return `${at + 1}. ${attempt.modelGroup}: ${where}, ${attempt.why}${from}${when}${pause}`;
}

function smallRequest(model: string, endpoint: PlanQuery['endpoint']): PlanQuery {
  return PlanQuery.parse({
    v: 1,
    requestId: 'explain',
    model,
    endpoint,
    stream: false,
    needs: { tools: false, vision: false, jsonSchema: false, reasoning: false },
    inputTokens: 10,
    maxOutputTokens: null,
    key: { id: null, teamId: null, isAdmin: true, models: [], teamModels: [] },
    dataPolicy: null,
    overrides: {
      fallbacks: null,
      disableFallbacks: false,
      numRetries: null,
      timeoutMs: null,
      streamTimeoutMs: null,
      tags: [],
    },
    affinity: null,
    lastUserText: null,
    exclude: [],
  });
}
