/** One entry of `model_list` that names a model at a provider. */
import type { Deployment } from '#contracts';
import type { Provider } from '../providers.js';
import { ollamaKeyNames, samplingKeyNames } from '../schema/model-schema.js';
import { listOf } from '../schema/value-types.js';
import type { Path } from '../source/places.js';
import type { PlainMap } from '../source/plain-map.js';
import type { BackendRegistry } from './backend-registry.js';
import { describePlace, type BuildContext } from './build-context.js';
import { capabilitiesOf, factsOf, localPrice, modeOf, priceOf, type WrittenCosts } from './model-facts.js';
import type { Entry, Target } from './entry.js';
import { readErrorClasses } from './error-classes.js';
import { apiBaseOf, keyOf, placementOf, type Placement } from './placement.js';
import type { DeploymentDefaults } from './routing-settings.js';

export interface DeploymentDraft {
  readonly path: Path;
  readonly backendHandle: string;
  readonly ownId: string | null;
  readonly deployment: Omit<Deployment, 'id' | 'backendId'>;
}

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
    allowedFailsPolicy: readErrorClasses(
      params.allowed_fails_policy ?? {},
      'AllowedFails',
      [...path, 'litellm_params', 'allowed_fails_policy'],
      context,
    ),
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
  'cache_creation_input_token_cost_above_1hr',
  'input_cost_per_request',
  'input_cost_per_second',
  'output_cost_per_second',
  'input_cost_per_image',
  'output_cost_per_image',
  'input_cost_per_character',
  'output_cost_per_character',
  'input_cost_per_query',
  'search_context_cost_per_query',
] as const;

function costsOf(source: WrittenCosts): WrittenCosts {
  return Object.fromEntries(costKeys.flatMap((key) => (source[key] === undefined ? [] : [[key, source[key]]])));
}
