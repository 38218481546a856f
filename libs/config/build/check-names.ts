/** Whether the names that aliases, fallbacks and tiers point at exist, and whether aliases run in circles. */
import type { RoutingSettings } from '#contracts';
import { didYouMean } from '../source/closest-name.js';
import { own } from '../source/plain-map.js';
import type { Path } from '../source/places.js';
import type { BuildContext } from './build-context.js';
import { fallbackKeys, fallbackReferences } from './fallbacks.js';
import type { ModelList } from './model-list.js';
import { aliasPath, type Settings } from './routing-settings.js';

export interface NamedModels {
  readonly models: ModelList;
  readonly routing: RoutingSettings;
  readonly settings: Settings;
  readonly keepWarm: readonly string[];
}

/** Reports every name that leads nowhere. Fallbacks may run in circles: each model is tried at most once. */
export function checkNames(named: NamedModels, context: BuildContext): void {
  const { models, routing } = named;
  const exact = new Set([...models.names, ...Object.keys(routing.aliases)]);
  const ids = new Set([
    ...models.deployments.map(({ id }) => String(id)),
    ...models.deployments.flatMap(writtenModels),
  ]);
  const patterns = [...models.names, ...models.deployments.map(({ modelName }) => modelName)].filter((name) =>
    name.includes('*'),
  );
  const exists = (name: string) =>
    exact.has(name) || ids.has(name) || patterns.some((pattern) => matches(pattern, name));
  const nowhere = (name: string) => `there is no model '${name}'.${didYouMean(name, exact)}`;
  checkAliases(named, exists, nowhere, context);
  checkFallbacks(named, exists, nowhere, context);
  checkTiers(named, exists, nowhere, context);
  for (const name of Object.keys(routing.groupRetryPolicy ?? {})) {
    const path = ['router_settings', 'model_group_retry_policy', name];
    if (!exists(name)) context.problems.warning(path, `these retries are never used: ${nowhere(name)}`);
  }
  for (const name of named.keepWarm) {
    const isInstalled = models.deployments.some((deployment) => deployment.upstreamModel === name);
    if (!exists(name) && !isInstalled) context.problems.warning(['signalbox', 'keep_warm'], nowhere(name));
  }
}

/** The upstream's own names are requested too, as in LiteLLM: `openai/gpt-4o`. */
const writtenModels = ({ provider, upstreamModel }: { provider: string; upstreamModel: string }) => [
  upstreamModel,
  `${provider}/${upstreamModel}`,
  ...(provider === 'ollama' ? [`ollama_chat/${upstreamModel}`] : []),
];

function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^]*')}$`).test(name);
}

type Exists = (name: string) => boolean;
type Nowhere = (name: string) => string;

function checkAliases(named: NamedModels, exists: Exists, nowhere: Nowhere, context: BuildContext): void {
  const { aliases } = named.routing;
  for (const [alias, { model }] of Object.entries(aliases)) {
    const path = aliasPath(alias, named.settings);
    if (!exists(model)) context.problems.error(path, nowhere(model));
    const circle = circleFrom(alias, (name) => aliasTarget(aliases, name));
    if (circle !== null) context.problems.error(path, `the aliases run in a circle: ${circle.join(' -> ')}`);
    if (named.models.names.has(alias) && model !== alias) {
      context.problems.warning(path, `hides the model of the same name; requests for '${alias}' go to '${model}'`);
    }
  }
}

/** A fallback that leads nowhere is a warning: the rest of its list still holds. */
function checkFallbacks(named: NamedModels, exists: Exists, nowhere: Nowhere, context: BuildContext): void {
  const { settings, models } = named;
  const warn = (name: string, path: Path, why: string) => {
    if (!exists(name)) context.problems.warning(path, `${why}: ${nowhere(name)}`);
  };
  for (const key of fallbackKeys) {
    for (const { name, path, isSource } of fallbackReferences(settings, key)) {
      if (name !== '*') warn(name, path, isSource ? 'these fallbacks are never used' : 'this fallback leads nowhere');
    }
  }
  const section = settings.router.default_fallbacks === undefined ? 'litellm_settings' : 'router_settings';
  for (const [index, name] of named.routing.defaultFallbacks.entries()) {
    warn(name, [section, 'default_fallbacks', index], 'this fallback leads nowhere');
  }
  for (const { fallbackModels, entryPath } of models.entries) {
    for (const name of fallbackModels)
      warn(name, [...entryPath, 'litellm_params', 'fallback_models'], 'this fallback leads nowhere');
  }
}

function checkTiers({ routing, models }: NamedModels, exists: Exists, nowhere: Nowhere, context: BuildContext): void {
  const routers = models.complexityRouters;
  const targets = (name: string): string[] => {
    const aliased = aliasTarget(routing.aliases, name);
    if (aliased.length > 0) return aliased;
    const found = routers.find(({ router }) => router.modelName === name)?.router;
    if (found === undefined) return [];
    return [...Object.values(found.tiers).flat(), ...(found.defaultModel === null ? [] : [found.defaultModel])];
  };
  for (const { router, path, defaultModelPath } of routers) {
    const tiersPath = [...path, 'litellm_params', 'complexity_router_config', 'tiers'];
    for (const [tier, names] of Object.entries(router.tiers)) {
      for (const name of names) if (!exists(name)) context.problems.error([...tiersPath, tier], nowhere(name));
    }
    const { defaultModel, modelName } = router;
    if (defaultModel !== null && !exists(defaultModel)) {
      context.problems.error(defaultModelPath, nowhere(defaultModel));
    }
    const circle = own(routing.aliases, modelName) === undefined ? circleFrom(modelName, targets) : null;
    if (circle !== null)
      context.problems.error(tiersPath, `the complexity router leads back to itself: ${circle.join(' -> ')}`);
  }
}

function aliasTarget(aliases: RoutingSettings['aliases'], name: string): string[] {
  const alias = own(aliases, name);
  return alias === undefined ? [] : [alias.model];
}

/** A way from `start` back to itself, or null. */
function circleFrom(start: string, next: (name: string) => readonly string[]): string[] | null {
  const seen = new Set<string>();
  const walk = (name: string, way: readonly string[]): string[] | null => {
    for (const target of next(name)) {
      if (target === start) return [...way, target];
      if (seen.has(target)) continue;
      seen.add(target);
      const found = walk(target, [...way, target]);
      if (found !== null) return found;
    }
    return null;
  };
  return walk(start, [start]);
}
