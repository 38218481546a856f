/** What a key may use: names, access groups and wildcards, for the key and for its team. */
import type { PlanQuery } from '#contracts';
import type { RouteIndex } from './route-index.js';
import { isWildcard, matchWildcard, wildcardPattern } from './wildcard.js';

/** LiteLLM's words for "no restriction of its own". */
const everything: readonly string[] = ['*', 'all-proxy-models', 'all-team-models'];

export type KeyScope = Pick<PlanQuery['key'], 'isAdmin' | 'models' | 'teamModels'>;

/**
 * True if the key and its team may use a model that goes by any of `names`: the name that was asked for, and those it is
 * an alias of. An empty list allows everything.
 */
export function mayUse(key: KeyScope, names: readonly string[], index: RouteIndex): boolean {
  return key.isAdmin || (listAllows(key.models, names, index) && listAllows(key.teamModels, names, index));
}

function listAllows(list: readonly string[], names: readonly string[], index: RouteIndex): boolean {
  return list.length === 0 || list.some((item) => itemAllows(item, names, index));
}

function itemAllows(item: string, names: readonly string[], index: RouteIndex): boolean {
  if (everything.includes(item) || names.includes(item)) return true;
  const members = index.accessGroups.get(item);
  if (members !== undefined && names.some((name) => members.has(name))) return true;
  if (!isWildcard(item)) return false;
  const pattern = wildcardPattern(item);
  return names.some((name) => matchWildcard(pattern, name) !== null);
}
