/** Fallback lists in their forms: `[{a: [b]}]`, `{a: [b]}`, `{a: b}`, and entries `{model: b}`. */
import { describeValue, isPlainMap, own } from '../source/plain-map.js';
import type { Path } from '../source/places.js';
import type { BuildContext } from './build-context.js';
import type { Settings } from './routing-settings.js';

export const fallbackKeys = ['fallbacks', 'context_window_fallbacks', 'content_policy_fallbacks'] as const;
type FallbackKey = (typeof fallbackKeys)[number];

/** Model -> its fallbacks in order. router_settings wins over litellm_settings. */
export function readFallbacks(settings: Settings, key: FallbackKey, context: BuildContext): Record<string, string[]> {
  const { path, value } = fallbacksAsWritten(settings, key);
  if (settings.router[key] !== undefined && settings.litellm[key] !== undefined) {
    context.problems.warning(['litellm_settings', key], `ignored: router_settings.${key} is set too, and wins`);
  }
  if (value === undefined) return {};
  const result: Record<string, string[]> = {};
  if (isPlainMap(value)) {
    context.problems.note(
      path,
      'read as a map from model to fallbacks; LiteLLM wants a list of maps and does not start',
    );
    for (const [model, targets] of Object.entries(value))
      addFallbacks(result, model, targets, [...path, model], context);
  } else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      if (!isPlainMap(item))
        context.problems.error([...path, index], `must be a map \`model: [fallbacks]\`, is ${describeValue(item)}`);
      else
        for (const [model, targets] of Object.entries(item))
          addFallbacks(result, model, targets, [...path, index, model], context);
    }
  } else context.problems.error(path, `must be a list of maps, is ${describeValue(value)}`);
  return result;
}

/** Every name in the fallbacks under `key` with its place, for the check that it exists. Faulty entries are left out. */
export function fallbackReferences(
  settings: Settings,
  key: FallbackKey,
): { name: string; path: Path; isSource: boolean }[] {
  const { path, value } = fallbacksAsWritten(settings, key);
  const maps: unknown[] = Array.isArray(value) ? value : [value];
  return maps.flatMap((map, index) => {
    const mapPath = Array.isArray(value) ? [...path, index] : path;
    return Object.entries(isPlainMap(map) ? map : {}).flatMap(([name, targets]) => {
      const at = [...mapPath, name];
      const list: unknown[] = Array.isArray(targets) ? targets : [targets];
      const found = list.flatMap((target, position) => {
        const model: unknown = isPlainMap(target) ? target['model'] : target;
        const targetPath = Array.isArray(targets) ? [...at, position] : at;
        return typeof model === 'string' ? [{ name: model, path: targetPath, isSource: false }] : [];
      });
      return [{ name, path: at, isSource: true }, ...found];
    });
  });
}

/** The value that counts, and where it stands. */
function fallbacksAsWritten({ router, litellm }: Settings, key: FallbackKey): { path: Path; value: unknown } {
  const section = router[key] === undefined ? 'litellm_settings' : 'router_settings';
  return { path: [section, key], value: router[key] ?? litellm[key] };
}

function addFallbacks(
  result: Record<string, string[]>,
  model: string,
  targets: unknown,
  path: Path,
  context: BuildContext,
): void {
  const names: string[] = [];
  const list: unknown[] = Array.isArray(targets) ? targets : [targets];
  for (const [index, target] of list.entries()) {
    const at = Array.isArray(targets) ? [...path, index] : path;
    if (typeof target === 'string') names.push(target);
    else if (isPlainMap(target) && typeof target['model'] === 'string') {
      names.push(target['model']);
      if (Object.keys(target).length > 1) context.problems.warning(at, 'only `model` of a fallback counts');
    } else context.problems.error(at, `must be the name of a model, is ${describeValue(target)}`);
  }
  if (own(result, model) !== undefined)
    context.problems.warning(path, `'${model}' has a list already; both are joined`);
  result[model] = [...new Set([...(own(result, model) ?? []), ...names])];
}
