/**
 * Settings that stand in a section where LiteLLM would ignore them, but whose meaning is plain, move to where they act;
 * a note says so.
 */
import { inertKeys } from '../schema/inert-keys.js';
import { settingSections, type SettingSection } from '../schema/file-schema.js';
import { isPlainMap, type PlainMap } from './plain-map.js';
import type { Path, Places } from './places.js';
import type { Problems } from './problems.js';

/** Names that people type for another one. */
const otherNames: Readonly<Record<string, string>> = {
  enable_background_health_checks: 'background_health_checks',
  fallback_models: 'default_fallbacks',
};

const sectionNames: readonly SettingSection[] = [
  'litellm_settings',
  'router_settings',
  'general_settings',
  'signalbox',
];

const knows = (section: SettingSection, key: string) => Object.hasOwn(settingSections[section].shape, key);

/** Moves misplaced settings inside `root`, with their places. */
export function relocateSettings(
  root: PlainMap,
  topLevelKeys: ReadonlySet<string>,
  places: Places,
  problems: Problems,
): void {
  for (const from of [...sectionNames, null]) {
    const holder = from === null ? root : root[from];
    if (!isPlainMap(holder)) continue;
    for (const key of Object.keys(holder)) {
      if (from === null ? topLevelKeys.has(key) : knows(from, key)) continue;
      const name = otherNames[key] ?? key;
      const to = sectionNames.find((section) => knows(section, name));
      if (to === undefined || (from !== null && Object.hasOwn(inertKeys[from] ?? {}, key))) continue;
      moveKey(root, holder, from === null ? [key] : [from, key], [to, name], places, problems);
    }
  }
}

function moveKey(
  root: PlainMap,
  holder: PlainMap,
  from: Path,
  [section, name]: readonly [string, string],
  places: Places,
  problems: Problems,
): void {
  const key = String(from.at(-1));
  const target = (root[section] ??= {});
  if (!isPlainMap(target)) return;
  if (target[name] !== undefined) {
    problems.warning(from, `ignored: ${section}.${name} is set too, and stands where LiteLLM reads it`);
  } else {
    target[name] = holder[key];
    places.move([section, name], from);
    problems.note([section, name], `read as ${section}.${name}; LiteLLM ignores it here`);
  }
  delete holder[key];
}

/** Keys that act in `litellm_params` and are often put under `model_info`. */
const paramsKeys = [
  'api_base',
  'api_key',
  'api_version',
  'organization',
  'num_ctx',
  'keep_alive',
  'think',
  'extra_body',
  'extra_headers',
  'drop_params',
  'additional_drop_params',
];

/** Keys that act in `model_info` and are often put under `litellm_params`. */
const infoKeys = [
  'id',
  'mode',
  'base_model',
  'max_input_tokens',
  'max_output_tokens',
  'system_prompt',
  'system_prompt_mode',
  'data_policy',
  'access_groups',
  'supports_function_calling',
  'supports_vision',
  'supports_response_schema',
  'supports_reasoning',
  'load_timeout',
];

/** The limits and preferences that act in both; LiteLLM reads most of them only in `litellm_params`. */
const sharedKeys = [
  'rpm',
  'tpm',
  'order',
  'weight',
  'max_parallel_requests',
  'timeout',
  'stream_timeout',
  'num_retries',
  'tags',
  'fallback_models',
  'allowed_fails',
  'allowed_fails_policy',
  'cooldown_time',
];

const otherParamNames: Readonly<Record<string, string>> = { base_url: 'api_base', max_retries: 'num_retries' };

/** The same inside one entry of `model_list`: everything ends up where it acts. */
export function relocateEntryKeys(entry: PlainMap, path: Path, places: Places, problems: Problems): void {
  const params = (entry['litellm_params'] ??= {});
  const info = (entry['model_info'] ??= {});
  if (!isPlainMap(params) || !isPlainMap(info)) return;
  const move = (
    holder: PlainMap,
    key: string,
    from: Path,
    target: PlainMap,
    to: readonly [string, string],
    why: string,
  ) => {
    if (target[to[1]] === undefined) {
      target[to[1]] = holder[key];
      places.move([...path, ...to], [...path, ...from, key]);
      problems.note([...path, ...to], `read as ${to.join('.')}${why}`);
    } else {
      problems.warning([...path, ...from, key], `ignored: ${to.join('.')} is set too`);
    }
    delete holder[key];
  };
  const ignored = '; LiteLLM ignores it here';
  const whyOf = (key: string) =>
    key === 'rpm' || key === 'tpm' ? ", and enforced; LiteLLM's default strategy ignores it here" : ignored;
  for (const [key, name] of Object.entries(otherParamNames)) {
    if (params[key] !== undefined) move(params, key, ['litellm_params'], params, ['litellm_params', name], '');
  }
  for (const key of [...paramsKeys, ...sharedKeys]) {
    if (info[key] !== undefined) move(info, key, ['model_info'], params, ['litellm_params', key], whyOf(key));
    if (entry[key] !== undefined) move(entry, key, [], params, ['litellm_params', key], ignored);
  }
  for (const key of infoKeys) {
    if (params[key] !== undefined) move(params, key, ['litellm_params'], info, ['model_info', key], ignored);
    if (entry[key] !== undefined) move(entry, key, [], info, ['model_info', key], ignored);
  }
}
