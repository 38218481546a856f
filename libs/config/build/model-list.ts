/** `model_list` as deployments and complexity routers. */
import type { Backend, Deployment } from '#contracts';
import { isPlainMap, type PlainMap } from '../source/plain-map.js';
import { checkSection, warnOfUnknownKeys } from '../source/check-section.js';
import { closestName } from '../source/closest-name.js';
import type { Path } from '../source/places.js';
import { inertKeys } from '../schema/inert-keys.js';
import { LitellmParams, ModelEntry, ModelInfo } from '../schema/model-schema.js';
import { resolveModelName, wildcardNames } from '../providers.js';
import { BackendRegistry } from './backend-registry.js';
import { missingUnder, type BuildContext } from './build-context.js';
import { buildComplexityRouter, type PlacedRouter } from './complexity-router.js';
import { buildDeployment, type DeploymentDraft } from './deployment.js';
import type { Entry } from './entry.js';
import { uniqueIds } from './deployment-id.js';
import { unsetBase } from './placement.js';
import type { DeploymentDefaults } from './routing-settings.js';

export interface ModelList {
  readonly backends: readonly Backend[];
  readonly deployments: readonly Deployment[];
  readonly complexityRouters: readonly PlacedRouter[];
  /** The fallbacks that stand at entries, with their places. */
  readonly entries: readonly { readonly fallbackModels: readonly string[]; readonly entryPath: Path }[];
  /** Every `model_name`, also of entries with errors: references to them are no second error. */
  readonly names: ReadonlySet<string>;
}

/** Builds all entries; those with errors are reported and left out. */
export function buildModelList(
  entries: readonly unknown[],
  infoAsWritten: readonly PlainMap[],
  defaults: DeploymentDefaults,
  context: BuildContext,
): ModelList {
  const registry = new BackendRegistry();
  const drafts: DeploymentDraft[] = [];
  const complexityRouters: PlacedRouter[] = [];
  const names = new Set<string>();
  for (const [index, raw] of entries.entries()) {
    const path = ['model_list', index];
    const entry = readEntry(raw, path, infoAsWritten[index] ?? {}, context);
    if (isPlainMap(raw) && typeof raw['model_name'] === 'string') names.add(raw['model_name']);
    if (entry === null) continue;
    const target = resolveModelName(entry.params.model ?? '');
    if (target.kind === 'unsupported') context.problems.error([...path, 'litellm_params', 'model'], target.message);
    else if (target.kind === 'complexity-router') complexityRouters.push(...buildComplexityRouter(entry, context));
    else if (target.kind === 'any-provider') drafts.push(...expandAnyProvider(entry, registry, defaults, context));
    else drafts.push(...buildDeployment(entry, target, registry, defaults, context));
  }
  const backends = registry.finish();
  const deployments = uniqueIds(drafts, backends, context);
  const fallbacks = drafts.map(({ path, deployment }) => ({
    entryPath: path,
    fallbackModels: deployment.fallbackModels,
  }));
  return { backends: [...backends.values()], deployments, complexityRouters, entries: fallbacks, names };
}

function readEntry(raw: unknown, path: Path, info: PlainMap, context: BuildContext): Entry | null {
  const { problems } = context;
  const missing = missingUnder(path, context);
  for (const { path: at, name } of missing) {
    problems.warning(at, `the environment variable ${name} is not set: this deployment is out until it is`);
  }
  if (isPlainMap(raw) && isPlainMap(raw['litellm_params'])) fillUnset(raw['litellm_params'], missing);
  const head = checkSection(ModelEntry, raw, path, context);
  warnOfUnknownKeys(raw, path, Object.keys(ModelEntry.shape), {}, problems);
  // Without its name an entry is of no use, but what else is wrong with it is told all the same.
  const parts = head ?? mapsOf(raw);
  const params = checkSection(LitellmParams, parts.litellm_params, [...path, 'litellm_params'], context);
  if (isPlainMap(raw) && params?.model === undefined) requireModel(raw['litellm_params'], path, context);
  if (head === null && params?.model !== undefined) requireProvider(params.model, path, context);
  const advice = ' To send it upstream, put it under extra_body.';
  const paramsPath = [...path, 'litellm_params'];
  const inert = inertKeys['litellm_params'] ?? {};
  warnOfUnknownKeys(parts.litellm_params, paramsPath, Object.keys(LitellmParams.shape), inert, problems, advice);
  const modelInfo = checkSection(ModelInfo, parts.model_info, [...path, 'model_info'], context);
  warnOfTypos(parts.model_info, [...path, 'model_info'], context);
  if (head === null || params === null || params.model === undefined || modelInfo === null) return null;
  return {
    path,
    modelName: head.model_name.replace('(.*)', '*'),
    params,
    info: modelInfo,
    infoAsWritten: info,
    missing: [...new Set(missing.map(({ name }) => name))],
  };
}

/** The parts of an entry that can be checked without the whole. */
function mapsOf(raw: unknown): { litellm_params?: PlainMap; model_info?: PlainMap } {
  const { litellm_params: params, model_info: info }: PlainMap = isPlainMap(raw) ? raw : {};
  return {
    ...(isPlainMap(params) ? { litellm_params: params } : {}),
    ...(isPlainMap(info) ? { model_info: info } : {}),
  };
}

function requireProvider(model: string, path: Path, context: BuildContext): void {
  const target = resolveModelName(model);
  if (target.kind === 'unsupported') context.problems.error([...path, 'litellm_params', 'model'], target.message);
}

/** An entry whose model or host is an unset variable is kept, out of service, so that errors can name the variable. */
function fillUnset(params: PlainMap, missing: readonly { readonly path: Path }[]): void {
  const keys = new Set(missing.map(({ path }) => path[3]));
  if (keys.has('model')) params['model'] = 'openai/unset';
  if (keys.has('model') || keys.has('api_base')) params['api_base'] = unsetBase;
}

function requireModel(params: unknown, path: Path, context: BuildContext): void {
  if (params === undefined || params === null) context.problems.error([...path, 'litellm_params'], 'is missing');
  else if (isPlainMap(params) && params['model'] === undefined) {
    context.problems.error([...path, 'litellm_params', 'model'], 'is missing');
  }
}

/** model_info is free, but a mistyped `data_policy` must not pass for a remark. */
function warnOfTypos(info: unknown, path: Path, context: BuildContext): void {
  const known = Object.keys(ModelInfo.shape);
  for (const key of isPlainMap(info) ? Object.keys(info) : []) {
    const meant = known.includes(key) || key.length < 4 ? null : closestName(key, known);
    if (meant !== null) context.problems.warning([...path, key], `kept, but without effect. Did you mean '${meant}'?`);
  }
}

/** `model: "*"`: each provider whose key is there, under its prefix and its models' bare names. */
function expandAnyProvider(
  entry: Entry,
  registry: BackendRegistry,
  defaults: DeploymentDefaults,
  context: BuildContext,
): DeploymentDraft[] {
  if (!entry.modelName.includes('*')) {
    context.problems.error([...entry.path, 'model_name'], "must hold a '*', as the model does");
    return [];
  }
  const drafts: DeploymentDraft[] = [];
  for (const { prefix, bare } of wildcardNames) {
    const target = resolveModelName(`${prefix}/*`);
    if (target.kind !== 'model') continue;
    const { keyVariable } = target.provider;
    if (keyVariable === null || context.variables.value(keyVariable) === undefined) continue;
    for (const pattern of [`${prefix}/*`, ...bare]) {
      const model = pattern.replace(`${prefix}/`, '');
      drafts.push(
        ...buildDeployment({ ...entry, modelName: pattern }, { ...target, model }, registry, defaults, context),
      );
    }
  }
  const offered = drafts.map((draft) => draft.deployment.modelName).join(', ');
  const text = offered === '' ? 'offers nothing: no API key of a provider is set' : `read as ${offered}`;
  context.problems[offered === '' ? 'warning' : 'note']([...entry.path, 'litellm_params', 'model'], text);
  return drafts;
}
