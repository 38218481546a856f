/** Which models come after a group, by the config's lists. Circles are cut by whoever walks them: each model once. */
import type { RoutingSettings } from '#contracts';
import type { Resolution } from './model-resolution.js';

type FallbackMap = RoutingSettings['fallbacks'];

/** The list of a name; a client may ask for `constructor` too. */
const listOf = (map: FallbackMap, name: string) => (Object.hasOwn(map, name) ? map[name] : undefined);

/**
 * The lists of every name on the way to a group, one after the other: of the name that was asked for, of the aliases, of
 * the complexity router and its tier, of the group. Where none of them has a list, that of `*`.
 */
export function listedFallbacks(map: FallbackMap, path: readonly string[]): string[] {
  const listed = unique(path.flatMap((name) => listOf(map, name) ?? listOf(map, withoutProvider(name)) ?? []));
  return listed.length > 0 ? listed : [...(map['*'] ?? [])];
}

/** The general fallbacks of a group: the lists, then `fallback_models` of its deployments. */
export function generalFallbacks(resolution: Resolution, routing: RoutingSettings): string[] {
  const own = resolution.candidates.flatMap((candidate) => candidate.deployment.fallbackModels);
  return unique([...listedFallbacks(routing.fallbacks, resolution.path), ...own]);
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}

function withoutProvider(name: string): string {
  return name.slice(name.indexOf('/') + 1);
}
