/** What a key may use: names, access groups and wildcards, for the key, for its team and for its user. */
import type { PlanQuery } from '#contracts';
import type { RouteIndex } from './route-index.js';
import { isWildcard, matchWildcard, wildcardPattern } from './wildcard.js';

/** LiteLLM's words for "no restriction of its own". */
const everything: readonly string[] = ['*', 'all-proxy-models', 'all-team-models'];

export type KeyScope = Pick<PlanQuery['key'], 'isAdmin' | 'models' | 'teamModels' | 'userModels'>;

/**
 * True if the key, its team and its user may use a model that goes by any of `names`: the name that was asked for, and
 * those it is an alias of. An empty list allows everything. `keyAlias` is a name of the key's own: its list alone may hold it.
 */
export function mayUse(key: KeyScope, names: readonly string[], index: RouteIndex, keyAlias?: string): boolean {
  if (key.isAdmin) return true;
  const ownNames = keyAlias === undefined ? names : [keyAlias, ...names];
  return (
    listAllows(key.models, ownNames, index) &&
    listAllows(key.teamModels, names, index) &&
    listAllows(key.userModels ?? [], names, index)
  );
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
