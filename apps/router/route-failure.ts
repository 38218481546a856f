/** Why there is no plan, as the error that the client gets and the text that an admin reads beside it. */
import { GatewayError, type ErrorDetails, type PlanQuery } from '#contracts';
import { dropStages, type Drop, type DropStage } from './candidate.js';
import { closestNames } from './closest-names.js';
import { contextLimitOf } from './context-size.js';
import type { FleetView } from './fleet/fleet-view.js';
import { visibleNames } from './model-cards.js';
import type { RouteIndex } from './route-index.js';

const defaultRetryAfterMs = 5_000;
const shortestRetryAfterMs = 1_000;
const mostAdminLines = 12;

/** 404: nobody has this name; with the closest names that the key may use. */
export function unknownModel(query: PlanQuery, index: RouteIndex): GatewayError {
  const names = closestNames(query.model, visibleNames(index, query.key));
  const hint = names.length === 0 ? {} : { hint: `Did you mean ${names.map((name) => `'${name}'`).join(' or ')}?` };
  return new GatewayError('model_not_found', { model: query.model, param: 'model', ...hint });
}

/** 403: the key may not use it. */
export function forbiddenModel(model: string, query: PlanQuery, index: RouteIndex): GatewayError {
  const names = visibleNames(index, query.key).slice(0, 5);
  const hint = names.length === 0 ? {} : { hint: `It may use ${names.map((name) => `'${name}'`).join(', ')}.` };
  return new GatewayError('model_not_allowed', { model, param: 'model', ...hint });
}

/**
 * The error for a group of which nothing could be used, after its fallbacks: that of the deployment which came furthest
 * through the rules, because that one is closest to working.
 */
export function noAttempt(
  query: PlanQuery,
  drops: readonly Drop[],
  reasons: readonly string[],
  fleet: FleetView,
): GatewayError {
  const stage = furthestStage(drops);
  const concerned = drops.filter((drop) => drop.stage === stage);
  const base: ErrorDetails = { model: query.model, adminText: adminText(drops, reasons) };
  if (stage === 'capability') {
    const message = `The model '${query.model}' ${concerned[0]?.reason ?? 'cannot serve this request'}.`;
    return new GatewayError('unsupported_parameter', { ...base, message, ...neededParam(query) });
  }
  if (stage === 'policy') {
    return new GatewayError('data_policy_violation', { ...base, limit: query.dataPolicy ?? 'none' });
  }
  if (stage === 'context') {
    const message = contextText(query, concerned, fleet);
    return new GatewayError('context_length_exceeded', { ...base, param: 'messages', message });
  }
  if (stage === 'limits') {
    const limit = concerned[0]?.reason ?? 'its limits are used up';
    const message = `Rate limit reached for the model '${query.model}': ${limit}.`;
    return new GatewayError('rate_limit_exceeded', { ...base, message, retryAfterMs: retryAfterMs(concerned) });
  }
  return new GatewayError('no_healthy_backend', { ...base, ...hintOf(stage), retryAfterMs: retryAfterMs(drops) });
}

function furthestStage(drops: readonly Drop[]): DropStage | null {
  let furthest = -1;
  for (const drop of drops) furthest = Math.max(furthest, dropStages.indexOf(drop.stage));
  return dropStages[furthest] ?? null;
}

/** Public words for a group that cannot serve now; the reasons themselves are for admins. */
const hints: Partial<Record<DropStage, string>> = {
  installed: 'None of its hosts has the model installed.',
  variables: 'It is not fully configured.',
  tags: 'No deployment has the tags of the request.',
  cooldown: 'Its backends failed a moment ago and are being rested.',
  health: 'Its backends are down.',
};

function hintOf(stage: DropStage | null): { hint?: string } {
  const hint = stage === null ? undefined : hints[stage];
  return hint === undefined ? {} : { hint };
}

function neededParam(query: PlanQuery): { param?: string } {
  if (query.needs.tools || query.needs.nativeTool !== undefined) return { param: 'tools' };
  if (query.needs.jsonSchema) return { param: 'response_format' };
  if (query.needs.reasoning) return { param: 'reasoning_effort' };
  return query.needs.vision ? { param: 'messages' } : { param: 'model' };
}

function contextText(query: PlanQuery, drops: readonly Drop[], fleet: FleetView): string {
  const largest = Math.max(0, ...drops.map((drop) => contextLimitOf(drop.candidate, fleet) ?? 0));
  return (
    `This model's maximum context length is ${largest} tokens. ` +
    `However, your prompt has about ${query.inputTokens} tokens. Please shorten it.`
  );
}

function retryAfterMs(drops: readonly Drop[]): number {
  const known = drops.flatMap((drop) => drop.retryAfterMs ?? []);
  return known.length === 0 ? defaultRetryAfterMs : Math.max(shortestRetryAfterMs, Math.ceil(Math.min(...known)));
}

/** Reasons of all candidates, and the commands that would install what is missing. */
function adminText(drops: readonly Drop[], reasons: readonly string[]): string {
  const pulls = drops
    .filter((drop) => drop.stage === 'installed')
    .map((drop) => `On ${drop.candidate.backend.apiBase}: ollama pull ${drop.candidate.upstreamModel}`);
  return [...new Set(pulls), ...reasons].slice(0, mostAdminLines).join('\n');
}
