/**
 * The decision of the router: which deployments a request goes to, in which order, and why. Pure: the fleet's picture,
 * the indexed config, randomness and the clock are parameters. DESIGN section 5 in one function.
 */
import { GatewayError, type Plan, type PlanQuery } from '#contracts';
import type { Drop } from './candidate.js';
import { generalFallbacks, listedFallbacks } from './fallback-chain.js';
import type { FleetView } from './fleet/fleet-view.js';
import { mayUse } from './model-permission.js';
import { resolveModel, type Resolution } from './model-resolution.js';
import { PlanDraft } from './plan-draft.js';
import { forbiddenModel, noAttempt, unknownModel } from './route-failure.js';
import type { RouteIndex } from './route-index.js';

/**
 * The plan for a request. Throws GatewayError: model_not_found, model_not_allowed, no_healthy_backend,
 * data_policy_violation, context_length_exceeded, unsupported_parameter, rate_limit_exceeded.
 */
export function planRoute(
  query: PlanQuery,
  fleet: FleetView,
  index: RouteIndex,
  random: () => number,
  nowMs: number,
): Plan {
  const draft = new PlanDraft({ query, fleet, index, random, nowMs });
  const primary = resolvePrimary(draft);
  if (primary.path.length > 1) draft.note(`route: ${primary.path.join(' -> ')}`);
  if (primary.complexity !== null) {
    draft.note(
      `complexity: ${primary.complexity.tier}, score ${primary.complexity.score}, by ${primary.complexity.cause}`,
    );
  }
  draft.takesUp(primary.group, 'any');
  const { drops } = draft.addGroup(primary, { fallbackFrom: null, onlyAfter: 'any', truncates: false, retries: true });
  if (!query.overrides.disableFallbacks) {
    addTypedFallbacks(draft, primary, drops);
    addGeneralFallbacks(draft, primary);
  }
  if (index.snapshot.routing.contextOverflow === 'truncate') addTruncated(draft, primary, drops);
  if (!draft.startsWithAny) addOnTrial(draft, primary, drops);
  if (!draft.startsWithAny) throw noAttempt(query, drops, draft.reasons, draft.context.fleet);
  return draft.finish(primary);
}

/** Last of all, the deployments that were too small for the prompt, with the prompt cut to their size. */
function addTruncated(draft: PlanDraft, primary: Resolution, drops: readonly Drop[]): void {
  const candidates = drops.filter((drop) => drop.stage === 'context').map((drop) => drop.candidate);
  if (candidates.length === 0) return;
  const role = { fallbackFrom: null, onlyAfter: 'any', truncates: true, retries: true } as const;
  draft.addGroup({ ...primary, candidates }, role);
}

/** Where there is nothing else, the hosts that were down and are being tried again: by their first answer others know that they are back. */
function addOnTrial(draft: PlanDraft, primary: Resolution, drops: readonly Drop[]): void {
  const candidates = drops.filter((drop) => drop.stage === 'trial').map((drop) => drop.candidate);
  if (candidates.length === 0) return;
  const role = { fallbackFrom: null, onlyAfter: 'any', truncates: false, retries: true, joinsTrials: true } as const;
  draft.addGroup({ ...primary, candidates }, role);
}

/** The group that was asked for, if the key may have it. */
function resolvePrimary(draft: PlanDraft): Resolution {
  const { query, index, random } = draft.context;
  const found = resolveModel(query.model, query, index, random);
  if (found === null) return resolveUnknown(draft);
  if (!mayUse(query.key, found.grantedBy, index, query.keyAlias)) {
    throw forbiddenModel(query.keyAlias ?? query.model, query, index);
  }
  return found;
}

/** With `unknown_model: default`, the first default fallback that the key may use. */
function resolveUnknown(draft: PlanDraft): Resolution {
  const { query, index, random } = draft.context;
  const { unknownModel: rule, defaultFallbacks } = index.snapshot.routing;
  for (const name of rule === 'default' ? defaultFallbacks : []) {
    const found = resolveModel(name, query, index, random);
    if (found === null || !mayUse(query.key, found.grantedBy, index)) continue;
    return { ...found, path: [query.model, ...found.path] };
  }
  throw unknownModel(query, index);
}

/**
 * Models for prompts that are too long, and for refused contents. They answer only such failures, unless nothing of the
 * group holds the prompt, as far as that is known beforehand: then the former are the plan. A client's own lists stand
 * instead of the config's.
 */
function addTypedFallbacks(draft: PlanDraft, primary: Resolution, drops: readonly Drop[]): void {
  const { query, index } = draft.context;
  const { routing } = index.snapshot;
  const { contextWindowFallbacks: forLength, contentPolicyFallbacks: forContent } = query.overrides;
  checkChosen(draft, forLength ?? [], 'context_window_fallbacks');
  checkChosen(draft, forContent ?? [], 'content_policy_fallbacks');
  const overflows = draft.isEmpty && drops.some((drop) => drop.stage === 'context');
  for (const name of forLength ?? listedFallbacks(routing.contextWindowFallbacks, primary.path)) {
    addFallback(draft, name, primary.group, overflows ? 'any' : 'context_length_exceeded');
  }
  for (const name of forContent ?? listedFallbacks(routing.contentPolicyFallbacks, primary.path)) {
    addFallback(draft, name, primary.group, 'content_policy_violation');
  }
}

/** A fallback's own lists answer such failures of it, unless the client named others. */
function addTypedFallbacksOf(draft: PlanDraft, { group, path }: Resolution): void {
  const { query, index } = draft.context;
  const { contextWindowFallbacks, contentPolicyFallbacks } = index.snapshot.routing;
  const { overrides } = query;
  const ofKind = (map: typeof contextWindowFallbacks, chosen: unknown) =>
    chosen === undefined ? listedFallbacks(map, path) : [];
  for (const name of ofKind(contextWindowFallbacks, overrides.contextWindowFallbacks))
    addFallback(draft, name, group, 'context_length_exceeded');
  for (const name of ofKind(contentPolicyFallbacks, overrides.contentPolicyFallbacks))
    addFallback(draft, name, group, 'content_policy_violation');
}

/**
 * Breadth first: what the owner listed for the asked model, in his order, then the lists of those models, and last
 * default_fallbacks. A client's own list stands instead of all that.
 */
function addGeneralFallbacks(draft: PlanDraft, primary: Resolution): void {
  const { query, index } = draft.context;
  const { routing } = index.snapshot;
  const chosen = query.overrides.fallbacks;
  if (chosen !== null) checkChosen(draft, chosen, 'fallbacks');
  const queue = (chosen ?? generalFallbacks(primary, routing)).map((name) => ({ name, from: primary.group }));
  let defaultsAdded = chosen !== null;
  let used = 0;
  for (let at = 0; ; at += 1) {
    if (at >= queue.length && !defaultsAdded) {
      defaultsAdded = true;
      queue.push(...routing.defaultFallbacks.map((name) => ({ name, from: primary.group })));
    }
    const next = queue[at];
    if (next === undefined) return;
    if (used >= routing.maxFallbacks) {
      draft.note(`max_fallbacks is ${routing.maxFallbacks}: ${next.name} and what follows are left out`);
      return;
    }
    const added = addFallback(draft, next.name, next.from, 'any');
    if (added === null) continue;
    if (added.count > 0) used += 1;
    if (chosen === null) {
      if (added.count > 0) addTypedFallbacksOf(draft, added.resolution);
      const from = added.resolution.group;
      queue.push(...generalFallbacks(added.resolution, routing).map((name) => ({ name, from })));
    }
  }
}

/** What a client names must exist and be allowed to its key; configured fallbacks of an allowed model always are. */
function checkChosen(draft: PlanDraft, names: readonly string[], param: string): void {
  const { query, index, random } = draft.context;
  for (const name of names) {
    const found = resolveModel(name, query, index, random);
    if (found === null) throw new GatewayError('model_not_found', { model: name, param });
    if (!mayUse(query.key, found.grantedBy, index)) throw forbiddenModel(name, query, index);
  }
}

type OnlyAfter = Plan['attempts'][number]['onlyAfter'];

/** Adds one fallback; null where it leads nowhere or its model was taken up before. */
function addFallback(
  draft: PlanDraft,
  name: string,
  from: string,
  onlyAfter: OnlyAfter,
): { resolution: Resolution; count: number } | null {
  const { query, index, random } = draft.context;
  const resolution = resolveModel(name, query, index, random);
  if (resolution === null) {
    draft.note(`fallback ${name} of ${from} leads nowhere`);
    return null;
  }
  if (!draft.takesUp(resolution.group, onlyAfter)) return null;
  const retries = onlyAfter === 'any';
  const { added } = draft.addGroup(resolution, { fallbackFrom: from, onlyAfter, truncates: false, retries });
  return { resolution, count: added };
}
