/**
 * The config file as a snapshot: text and environment in, settings and problems out. Reads no file and no clock.
 */
import { createHash } from 'node:crypto';
import type { ConfigProblem, ConfigSnapshot } from '#contracts';
import { isPlainMap, type PlainMap } from './source/plain-map.js';
import { checkSection, issueText, valueAt, warnOfUnknownKeys } from './source/check-section.js';
import { readFileTree, warnOfUnknownSections, type FileTree, type ReadInclude } from './source/file-tree.js';
import { relocateEntryKeys, relocateSettings } from './source/relocate.js';
import { replaceReferences, Variables, type DeclaredVariable } from './source/references.js';
import { inertSections, sections, settingSections } from './schema/file-schema.js';
import { CacheParams } from './schema/section-schemas.js';
import { inertKeys } from './schema/inert-keys.js';
import { describePlace, type BuildContext } from './build/build-context.js';
import { checkNames } from './build/check-names.js';
import { buildDeclaredKeys } from './build/declared-keys.js';
import { buildGeneralSettings } from './build/general-settings.js';
import { buildModelList } from './build/model-list.js';
import { buildRoutingSettings, deploymentDefaults } from './build/routing-settings.js';
import { variableName } from './secret.js';

export interface ConfigText {
  /** The file's path, as problems shall name it. */
  readonly path: string;
  readonly text: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of a file of `include`; without it, includes are an error. */
  readonly readInclude?: ReadInclude;
  /** IANA name that holds where the config names none; by default the machine's. */
  readonly timezone?: string;
}

export type LoadedConfig =
  | { readonly kind: 'ok'; readonly snapshot: ConfigSnapshot; readonly problems: ConfigProblem[] }
  | { readonly kind: 'invalid'; readonly problems: ConfigProblem[] };

const sectionNames = Object.keys(sections);

/** Loads a config file. All problems are found, not just the first; one error makes the file invalid. */
export function loadConfigFile(config: ConfigText): LoadedConfig {
  const isSection = (key: string) => sectionNames.includes(key);
  const tree = readFileTree(config.path, config.text, config.readInclude ?? (() => null), isSection);
  const { context, infoAsWritten } = prepare(tree, config);
  const snapshot = buildSnapshot(tree.root, infoAsWritten, config, context);
  const problems = tree.problems.sorted();
  if (tree.problems.hasErrors) return { kind: 'invalid', problems };
  return { kind: 'ok', snapshot: { ...snapshot, problems }, problems };
}

/** Brings everything to the place where it acts, and fills in the variables. */
function prepare(tree: FileTree, config: ConfigText): { context: BuildContext; infoAsWritten: PlainMap[] } {
  const { root, places, problems, includes } = tree;
  checkShapes(tree);
  const topLevel = new Set([...sectionNames, ...Object.keys(inertSections)]);
  relocateSettings(root, topLevel, places, problems);
  warnOfUnknownSections(root, sectionNames, inertSections, problems);
  const entries: unknown[] = Array.isArray(root['model_list']) ? root['model_list'] : [];
  const infoAsWritten: PlainMap[] = [];
  for (const [index, entry] of entries.entries()) {
    infoAsWritten.push(isPlainMap(entry) ? infoOf(entry['model_info']) : {});
    if (isPlainMap(entry)) relocateEntryKeys(entry, ['model_list', index], places, problems);
  }
  const place = { file: config.path, places, problems, includes };
  const variables = new Variables(config.env, declaredVariables(root, { ...place, ...emptyContext(config.env) }));
  applyCredentials(root, entries, tree);
  const references = replaceReferences(root, variables);
  return { context: { ...place, variables, references, fromEnvironment: references.fromEnvironment }, infoAsWritten };
}

/** Sections of the wrong type are reported and left out. */
function checkShapes({ root, problems }: FileTree): void {
  for (const [key, schema] of Object.entries(sections)) {
    const value = root[key];
    if (value === null) delete root[key];
    if (value === undefined || value === null) continue;
    const parsed = schema.safeParse(value);
    if (parsed.success) continue;
    for (const issue of parsed.error.issues) {
      const steps = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
      const isSecret = key === 'environment_variables' || key === 'credential_list';
      problems.error([key, ...steps], issueText(issue, valueAt(value, steps), isSecret));
    }
    if (parsed.error.issues.some((issue) => issue.path.length === 0) || key !== 'environment_variables')
      delete root[key];
  }
}

/** `model_info` for /v1/model/info: what the owner wrote, without keys. */
function infoOf(info: unknown): PlainMap {
  if (!isPlainMap(info)) return {};
  const copy: PlainMap = structuredClone(info);
  delete copy['api_key'];
  return copy;
}

const emptyContext = (env: ConfigText['env']) => ({
  variables: new Variables(env, new Map()),
  references: { fromEnvironment: new Set<string>(), missing: [] },
  fromEnvironment: new Set<string>(),
});

/** `environment_variables`: LiteLLM exports them to its process; here they win over the environment. */
function declaredVariables(root: PlainMap, context: BuildContext): Map<string, DeclaredVariable> {
  const declared = new Map<string, DeclaredVariable>();
  const written = root['environment_variables'];
  delete root['environment_variables'];
  for (const [name, value] of Object.entries(isPlainMap(written) ? written : {})) {
    const path = ['environment_variables', name];
    const other = variableName(value);
    if (other === null) {
      // Lists and maps were reported before.
      if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') continue;
      declared.set(name, { value: String(value), ref: { from: 'file', path: describePlace(path, context) } });
    } else {
      const text = context.variables.value(other);
      if (text === undefined) context.problems.warning(path, `the environment variable ${other} is not set`);
      else declared.set(name, { value: text, ref: { from: 'env', name: other } });
    }
  }
  return declared;
}

/** `litellm_credential_name`: the values of that credential fill up litellm_params. */
function applyCredentials(root: PlainMap, entries: readonly unknown[], { places, problems }: FileTree): void {
  const list: unknown[] = Array.isArray(root['credential_list']) ? root['credential_list'] : [];
  for (const [index, entry] of entries.entries()) {
    const params = isPlainMap(entry) ? entry['litellm_params'] : undefined;
    if (!isPlainMap(params) || params['litellm_credential_name'] === undefined) continue;
    const name = params['litellm_credential_name'];
    const at = list.findIndex((credential) => isPlainMap(credential) && credential['credential_name'] === name);
    const credential = list[at];
    const values = isPlainMap(credential) ? credential['credential_values'] : undefined;
    const paramsPath = ['model_list', index, 'litellm_params'];
    if (!isPlainMap(values)) {
      problems.error([...paramsPath, 'litellm_credential_name'], 'no entry of credential_list has this name');
      continue;
    }
    for (const [key, value] of Object.entries(values)) {
      if (params[key] !== undefined) continue;
      params[key] = value;
      places.move([...paramsPath, key], ['credential_list', at, 'credential_values', key]);
    }
  }
}

function buildSnapshot(
  root: PlainMap,
  infoAsWritten: readonly PlainMap[],
  config: ConfigText,
  context: BuildContext,
): ConfigSnapshot {
  const settings = {
    litellm:
      checkSection(settingSections.litellm_settings, root['litellm_settings'], ['litellm_settings'], context) ?? {},
    router: checkSection(settingSections.router_settings, root['router_settings'], ['router_settings'], context) ?? {},
    general:
      checkSection(settingSections.general_settings, root['general_settings'], ['general_settings'], context) ?? {},
    signalbox: checkSection(settingSections.signalbox, root['signalbox'], ['signalbox'], context) ?? {},
  };
  for (const name of ['litellm_settings', 'router_settings', 'general_settings'] as const) {
    warnOfUnknownKeys(
      root[name],
      [name],
      Object.keys(settingSections[name].shape),
      inertKeys[name] ?? {},
      context.problems,
    );
  }
  const { litellm_settings: litellm } = root;
  warnOfUnknownKeys(
    isPlainMap(litellm) ? litellm['cache_params'] : undefined,
    ['litellm_settings', 'cache_params'],
    Object.keys(CacheParams.shape),
    inertKeys['cache_params'] ?? {},
    context.problems,
  );
  const entries: unknown[] = Array.isArray(root['model_list']) ? root['model_list'] : [];
  if (entries.length === 0 && !context.problems.hasErrors) {
    context.problems.warning(['model_list'], 'there are no models');
  }
  const models = buildModelList(entries, infoAsWritten, deploymentDefaults(settings), context);
  const routing = buildRoutingSettings(settings, context);
  const timezone = config.timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  const general = buildGeneralSettings(settings, timezone, context);
  const keys = isPlainMap(root['key_management']) ? root['key_management']['keys'] : undefined;
  warnOfUnknownKeys(root['key_management'], ['key_management'], ['keys'], {}, context.problems);
  const masterKey = settings.general.master_key ?? 'os.environ/LITELLM_MASTER_KEY';
  const declaredKeys = buildDeclaredKeys(Array.isArray(keys) ? keys : [], masterKey, context);
  checkNames({ models, routing, settings, keepWarm: general.keepWarm }, context);
  warnOfUnset(context);
  const complexityRouters = models.complexityRouters.map(({ router }) => router);
  return withRevision(
    {
      v: 1,
      revision: '',
      backends: [...models.backends],
      deployments: [...models.deployments],
      complexityRouters,
      routing,
      general,
      declaredKeys,
      discoverBackends: [],
      problems: [],
      refused: null,
    },
    secretFingerprint(root, context.variables),
  );
}

/** Variables that are not set elsewhere than at deployments, keys and the two settings that have their own word for it. */
function warnOfUnset(context: BuildContext): void {
  for (const { path, name } of context.references.missing) {
    const [section, key] = path;
    if (section === 'model_list' || section === 'key_management' || section === 'credential_list') continue;
    if (section === 'general_settings' && (key === 'master_key' || key === 'database_url')) continue;
    context.problems.warning(path, `the environment variable ${name} is not set; the setting is left out`);
  }
}

/**
 * The snapshot with its revision: a hash of its contents (not of its problems). `fingerprint` stands for what the
 * contents only refer to.
 */
export function withRevision(snapshot: ConfigSnapshot, fingerprint = ''): ConfigSnapshot {
  const { revision: _revision, problems: _problems, refused: _refused, ...contents } = snapshot;
  const hash = createHash('sha256').update(fingerprint).update(canonicalJson(contents));
  return { ...snapshot, revision: hash.digest('hex').slice(0, 16) };
}

/** Changes when a key that stands in the file changes, so that services read it again. Too short to try guesses against. */
function secretFingerprint(root: PlainMap, variables: Variables): string {
  return createHash('sha256')
    .update(canonicalJson([root, variables.declaredTexts()]))
    .digest('hex')
    .slice(0, 4);
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    isPlainMap(item) ? Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1))) : item,
  );
}
