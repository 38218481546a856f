/**
 * From the name a client asks for to a group of deployments: aliases, then complexity routers, then an exact group, a
 * wildcard, a deployment's id, and last the upstream's own name. LiteLLM's order, but aliases may point at aliases.
 */
import type { Plan, PlanQuery } from '#contracts';
import { withTag, type Candidate } from './candidate.js';
import { chooseTierModel, classify } from './complexity/classify.js';
import { mayUse } from './model-permission.js';
import type { RouteIndex } from './route-index.js';
import { fillCandidate } from './filled-candidate.js';
import { isWildcard, matchWildcard } from './wildcard.js';

export interface Resolution {
  /** Every name on the way: as asked, aliases, the router, its tier, the group. Fallbacks of each of them hold. */
  readonly path: readonly string[];
  /** The names of which a key must be allowed one. */
  readonly grantedBy: readonly string[];
  readonly group: string;
  readonly candidates: readonly Candidate[];
  readonly complexity: Plan['complexity'];
}

interface Target {
  readonly group: string;
  readonly pattern: string | null;
  readonly candidates: readonly Candidate[];
}

/** Where `name` leads, or null where no alias, router or deployment has it. Circles of aliases lead nowhere. */
export function resolveModel(
  name: string,
  query: PlanQuery,
  index: RouteIndex,
  random: () => number,
): Resolution | null {
  const path = [name];
  let grants: number | null = null;
  let complexity: Plan['complexity'] = null;
  let at = name;
  for (;;) {
    const next = index.snapshot.routing.aliases[at]?.model ?? null;
    const router = next === null ? index.routers.get(at) : undefined;
    if (next !== null) {
      at = next;
    } else if (router !== undefined) {
      const verdict = classify(router, query.lastUserText);
      const chosen = chooseTierModel(router, verdict, random);
      if (chosen === null) return null;
      grants ??= path.length;
      complexity ??= { tier: verdict.tier, score: verdict.score, cause: verdict.cause };
      at = chosen;
    } else break;
    if (path.includes(at)) return null;
    path.push(at);
  }
  const target = findTarget(at, query, index);
  if (target === null) return null;
  if (target.pattern !== null) path.push(target.pattern);
  else if (target.group !== at) path.push(target.group);
  const grantedBy = path.slice(0, grants ?? path.length);
  return { path, grantedBy, group: target.group, candidates: target.candidates, complexity };
}

/** A pattern itself is no model, and a deployment behind a pattern cannot be pinned: nobody knows which model is meant. */
function findTarget(name: string, query: PlanQuery, index: RouteIndex): Target | null {
  if (isWildcard(name)) return null;
  const exact = index.groups.get(name);
  if (exact !== undefined) return { group: name, pattern: null, candidates: exact };
  const matched = findByWildcard(name, index);
  if (matched !== null) return matched;
  const pinned = index.byId.get(name);
  if (pinned !== undefined && !isWildcard(pinned.upstreamModel)) {
    return { group: pinned.deployment.modelName, pattern: null, candidates: [pinned] };
  }
  const local = index.localNames.get(withTag(name));
  const tagged = local === undefined ? undefined : index.groups.get(local);
  if (local !== undefined && tagged !== undefined) return { group: local, pattern: null, candidates: tagged };
  return findByUpstream(name, query, index);
}

function findByWildcard(name: string, index: RouteIndex): Target | null {
  for (const group of index.wildcards) {
    const captured = matchWildcard(group.pattern, name);
    if (captured === null) continue;
    const candidates = group.candidates.map((candidate) => fillCandidate(candidate, captured));
    return { group: name, pattern: group.pattern.text, candidates };
  }
  return null;
}

/** The deployments behind a name that only a pattern has; null where none has it. */
export function wildcardCandidates(name: string, index: RouteIndex): readonly Candidate[] | null {
  return findByWildcard(name, index)?.candidates ?? null;
}

/** Several groups may hold the same upstream model: only those count that the key may use. */
function findByUpstream(name: string, query: PlanQuery, index: RouteIndex): Target | null {
  const all = index.byUpstream.get(name) ?? [];
  const allowed = all.filter((candidate) => mayUse(query.key, [candidate.deployment.modelName], index));
  const first = allowed[0] ?? all[0];
  if (first === undefined) return null;
  const group = first.deployment.modelName;
  return { group, pattern: null, candidates: allowed.length > 0 ? allowed : all };
}
