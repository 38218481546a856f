/** One entry of `model_list` that names a model at a provider. */
import type { z } from 'zod';
import type { BackendKind, DataPolicy, Deployment, SecretRef } from '#contracts';
import type { Provider } from '../providers.js';
import { ollamaKeyNames, samplingKeyNames, type LitellmParams, type ModelInfo } from '../schema/model-schema.js';
import { listOf } from '../schema/value-types.js';
import type { Path } from '../source/places.js';
import type { PlainMap } from '../source/plain-map.js';
import { readApiBase } from './api-base.js';
import type { BackendRegistry } from './backend-registry.js';
import { describePlace, secretAt, type BuildContext } from './build-context.js';
import { capabilitiesOf, factsOf, localPrice, modeOf, priceOf } from './model-facts.js';
import type { DeploymentDefaults } from './routing-settings.js';

/** An entry whose keys stand where they act. */
export interface Entry {
  readonly path: Path;
  readonly modelName: string;
  readonly params: z.output<typeof LitellmParams>;
  readonly info: z.output<typeof ModelInfo>;
  readonly infoAsWritten: PlainMap;
  readonly missing: readonly string[];
}

export interface Target {
  readonly provider: Provider;
  readonly model: string;
}

export interface DeploymentDraft {
  readonly path: Path;
  readonly backendHandle: string;
  readonly ownId: string | null;
  readonly deployment: Omit<Deployment, 'id' | 'backendId'>;
}

/** Stands for a host whose variable is not set; the domain can never exist (RFC 2606). */
export const unsetBase = 'http://unset.invalid';

/** The deployment of an entry; empty where it has errors, which are reported. */
export function buildDeployment(
  entry: Entry,
  target: Target,
  registry: BackendRegistry,
  defaults: DeploymentDefaults,
  context: BuildContext,
): DeploymentDraft[] {
  const { params, info, path } = entry;
  if (target.model.includes('*') && !entry.modelName.includes('*')) {
    context.problems.error([...path, 'model_name'], `must hold a '*', as the model '${params.model ?? ''}' does`);
    return [];
  }
  const apiBase = apiBaseOf(entry, target.provider, context);
  const placement = placementOf(entry, target, apiBase, defaults, context);
  if (apiBase === null || placement === null) return [];
  const key = keyOf(entry, target.provider, apiBase, context);
  const backendHandle = registry.add({
    kind: placement.kind,
    provider: target.provider.name,
    dialect: target.provider.dialect,
    apiBase,
    apiKey: key.ref,
    literalKey: key.literal,
    apiVersion: params.api_version ?? null,
    organization: params.organization ?? null,
    maxParallelRequests: placement.kind === 'local' ? hostSlots(params.max_parallel_requests, apiBase, defaults) : null,
  });
  const deployment = describeDeployment(entry, target, placement, key.missing, defaults, context);
  return [{ path, backendHandle, ownId: info.id ?? null, deployment }];
}

function describeDeployment(
  entry: Entry,
  { provider, model }: Target,
  { kind, dataPolicy }: Placement,
  missingKeys: readonly string[],
  defaults: DeploymentDefaults,
  context: BuildContext,
): Omit<Deployment, 'id' | 'backendId'> {
  const { params, info, path } = entry;
  const lookUp =
    info.base_model === undefined ? [model] : [info.base_model.replace(/^[a-z_]+\//, ''), info.base_model, model];
  const facts = factsOf(provider.name, lookUp);
  const mode = modeOf(info.mode, facts, model);
  noteReadings(entry, mode, context);
  const isFree = provider.name === 'openrouter' && model.endsWith(':free');
  const isLocal = kind === 'local' && dataPolicy === 'local';
  const written = { ...costsOf(info), ...costsOf(params) };
  const price = priceOf(written, kind, provider.name, lookUp);
  return {
    modelName: entry.modelName,
    provider: provider.name,
    upstreamModel: model,
    mode,
    order: params.order ?? null,
    weight: params.weight ?? null,
    rpm: params.rpm ?? (isFree ? openrouterFreeRpm : null),
    tpm: params.tpm ?? null,
    maxParallelRequests: params.max_parallel_requests ?? defaults.maxParallelRequests,
    timeoutMs: milliseconds(params.timeout) ?? defaults.timeoutMs,
    streamTimeoutMs: milliseconds(params.stream_timeout) ?? defaults.streamTimeoutMs,
    loadTimeoutMs: milliseconds(info.load_timeout) ?? defaults.loadTimeoutMs,
    numRetries: params.num_retries ?? null,
    allowedFails: params.allowed_fails ?? null,
    cooldownMs: params.cooldown_time === undefined ? null : params.cooldown_time * 1000,
    params: samplingOf(entry, provider, context),
    extraBody: params.extra_body ?? {},
    extraHeaders: params.extra_headers ?? {},
    dropParams: params.drop_params ?? defaults.dropParams,
    additionalDropParams: listOf(params.additional_drop_params),
    systemPrompt:
      info.system_prompt === undefined
        ? null
        : { text: info.system_prompt, mode: info.system_prompt_mode ?? 'prepend' },
    price: price === localPrice && !isLocal ? { ...localPrice, source: 'free' } : price,
    capabilities: capabilitiesOf(info, facts),
    maxInputTokens: info.max_input_tokens ?? params.num_ctx ?? facts?.maxInputTokens ?? null,
    maxOutputTokens: info.max_output_tokens ?? info.max_tokens ?? facts?.maxOutputTokens ?? null,
    dataPolicy,
    tags: listOf(params.tags),
    accessGroups: listOf(info.access_groups),
    fallbackModels: listOf(params.fallback_models),
    missingVariables: [...new Set([...entry.missing, ...missingKeys])],
    path: describePlace(path, context),
    modelInfo: entry.infoAsWritten,
  };
}

/** What is read otherwise than LiteLLM reads it, or that LiteLLM does not read at all. */
function noteReadings({ path, info, params }: Entry, mode: Deployment['mode'], context: BuildContext): void {
  const { problems } = context;
  if (info.mode === 'completion')
    problems.note([...path, 'model_info', 'mode'], "'completion' is read as chat: both endpoints work");
  if (info.system_prompt !== undefined) {
    problems.note(
      [...path, 'model_info', 'system_prompt'],
      'goes into every request for this name; LiteLLM ignores it',
    );
  }
  if (mode === 'embedding' && params.model?.startsWith('ollama_chat/') === true) {
    problems.note(
      [...path, 'litellm_params', 'model'],
      'served as an embedding model; LiteLLM refuses those under ollama_chat/',
    );
  }
}

/** OpenRouter's limit for free models, requests a minute (openrouter.ai/docs, "Rate limits"). */
const openrouterFreeRpm = 20;

/** Seconds as milliseconds; 0 counts as unset. */
const milliseconds = (seconds: number | undefined): number | null =>
  seconds === undefined || seconds === 0 ? null : seconds * 1000;

interface Placement {
  readonly kind: BackendKind;
  readonly dataPolicy: DataPolicy;
}

/** Whether it stays in the house, and what may happen to a prompt there. */
function placementOf(
  entry: Entry,
  { provider, model }: Target,
  apiBase: string | null,
  defaults: DeploymentDefaults,
  context: BuildContext,
): Placement | null {
  const policyPath = [...entry.path, 'model_info', 'data_policy'];
  const written = entry.info.data_policy ?? defaults.dataPolicies[provider.name];
  if (provider.kind === 'local')
    return { kind: 'local', dataPolicy: written ?? ollamaPolicy(provider, model, apiBase, entry.path, context) };
  if (written !== 'local') {
    const isFree = provider.name === 'openrouter' && model.endsWith(':free');
    return { kind: 'cloud', dataPolicy: written ?? (isFree ? 'may-train' : provider.dataPolicy) };
  }
  if (provider.name === 'openai' && apiBase !== provider.apiBase) return { kind: 'local', dataPolicy: 'local' };
  const advice =
    provider.name === 'openai'
      ? ': give the api_base of the local engine'
      : '; a local engine is openai/ with its api_base';
  context.problems.error(policyPath, `'local' cannot hold for ${provider.name}'s cloud${advice}`);
  return null;
}

/** Ollama's cloud models run at ollama.com, also when a local Ollama passes them on. */
function ollamaPolicy(
  provider: Provider,
  model: string,
  apiBase: string | null,
  path: Path,
  context: BuildContext,
): DataPolicy {
  const isCloud =
    provider.name === 'ollama' &&
    (/[:-]cloud$/.test(model) || /^https?:\/\/([^/]*\.)?ollama\.com(:|\/|$)/.test(apiBase ?? ''));
  if (!isCloud) return provider.dataPolicy;
  context.problems.note(
    [...path, 'litellm_params', 'model'],
    "runs in Ollama's cloud: its data policy is may-retain, not local",
  );
  return 'may-retain';
}

function apiBaseOf(entry: Entry, provider: Provider, context: BuildContext): string | null {
  const path = [...entry.path, 'litellm_params', 'api_base'];
  const written = entry.params.api_base;
  if (written === undefined) {
    if (provider.apiBase === null) context.problems.error(path, `is missing; ${provider.name}/ needs one`);
    return provider.apiBase;
  }
  const base = readApiBase(written, provider);
  if (base.kind === 'invalid') context.problems.error(path, base.message);
  else if (base.note !== null) context.problems.note(path, base.note);
  return base.kind === 'ok' ? base.url : null;
}

interface UpstreamKey {
  readonly ref: SecretRef | null;
  /** The key itself where the file holds it, to tell accounts apart. */
  readonly literal: string | null;
  readonly missing: readonly string[];
}

/** The key as written, else the provider's own variable; the latter never goes to a host that is not the provider's. */
function keyOf(entry: Entry, provider: Provider, apiBase: string, context: BuildContext): UpstreamKey {
  const path = [...entry.path, 'litellm_params', 'api_key'];
  const written = entry.params.api_key;
  if (written !== undefined) {
    const ref = secretAt(path, written, context);
    return { ref, literal: ref.from === 'file' ? written : null, missing: [] };
  }
  const variable = provider.keyVariable;
  if (variable === null || apiBase === unsetBase) return { ref: null, literal: null, missing: [] };
  if (provider.apiBase !== null && apiBase !== provider.apiBase) {
    if (context.variables.value(variable) !== undefined) {
      context.problems.note(
        path,
        `no key is sent to ${new URL(apiBase).host}; write api_key: os.environ/${variable} to send that one`,
      );
    }
    return { ref: null, literal: null, missing: [] };
  }
  const isSet = context.variables.value(variable) !== undefined;
  if (!isSet) {
    context.problems.warning(
      path,
      `is missing, and the environment variable ${variable} is not set: this deployment is out until it is`,
    );
  }
  return { ref: context.variables.ref(variable), literal: null, missing: isSet ? [] : [variable] };
}

function hostSlots(ofDeployment: number | undefined, apiBase: string, defaults: DeploymentDefaults): number | null {
  return defaults.hostParallelRequests[apiBase] ?? ofDeployment ?? null;
}

function samplingOf({ params, path }: Entry, provider: Provider, context: BuildContext): PlainMap {
  const values: PlainMap = { ...params };
  const isOllama = provider.dialect === 'ollama';
  const result: PlainMap = {};
  for (const key of [...samplingKeyNames, ...ollamaKeyNames]) {
    const value = values[key];
    if (value === undefined) continue;
    if (isOllama || samplingKeyNames.includes(key)) result[key] = value;
    else
      context.problems.warning([...path, 'litellm_params', key], `an option of Ollama, not sent to ${provider.name}`);
  }
  return result;
}

const costKeys = [
  'input_cost_per_token',
  'output_cost_per_token',
  'cache_read_input_token_cost',
  'cache_creation_input_token_cost',
  'input_cost_per_request',
] as const;

function costsOf(source: { readonly [Key in (typeof costKeys)[number]]?: number | undefined }) {
  return Object.fromEntries(costKeys.flatMap((key) => (source[key] === undefined ? [] : [[key, source[key]]])));
}
