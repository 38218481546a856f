/** Where a deployment lives: its host or account, the key for it, and what may happen to a prompt there. */
import type { BackendKind, DataPolicy, SecretRef } from '#contracts';
import type { Provider } from '../providers.js';
import type { Path } from '../source/places.js';
import { readApiBase } from './api-base.js';
import { variableName } from '../secret.js';
import { secretAt, type BuildContext } from './build-context.js';
import type { Entry, Target } from './entry.js';
import type { DeploymentDefaults } from './routing-settings.js';

/** Stands for a host whose variable is not set; the domain can never exist (RFC 2606). */
export const unsetBase = 'http://unset.invalid';

export interface Placement {
  readonly kind: BackendKind;
  readonly dataPolicy: DataPolicy;
}

/** Whether it stays in the house, and what may happen to a prompt there. */
export function placementOf(
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

export function apiBaseOf(entry: Entry, provider: Provider, context: BuildContext): string | null {
  const path = [...entry.path, 'litellm_params', 'api_base'];
  const variable = provider.baseVariable;
  const fromEnvironment = variable === null ? undefined : context.variables.value(variable);
  const written = entry.params.api_base ?? fromEnvironment;
  if (written === undefined) {
    if (provider.apiBase === null) context.problems.error(path, `is missing; ${provider.name}/ needs one`);
    return provider.apiBase;
  }
  const base = readApiBase(written, provider);
  if (base.kind === 'invalid') context.problems.error(path, base.message);
  else if (base.note !== null) context.problems.note(path, base.note);
  return base.kind === 'ok' ? base.url : null;
}

export interface UpstreamKey {
  readonly ref: SecretRef | null;
  /** The key itself where the file holds it, to tell accounts apart. */
  readonly literal: string | null;
  readonly missing: readonly string[];
}

/** The key as written, else the provider's own variable; the latter never goes to a host that is not the provider's. */
export function keyOf(entry: Entry, provider: Provider, apiBase: string, context: BuildContext): UpstreamKey {
  const path = [...entry.path, 'litellm_params', 'api_key'];
  const written = entry.params.api_key;
  if (written !== undefined) {
    const ref = secretAt(path, written, context);
    if (ref.from === 'file' && variableName(written) === null) {
      context.problems.note(
        path,
        'the key stands in the file, which must then be readable where the upstream is called',
      );
    }
    return { ref, literal: ref.from === 'file' ? written : null, missing: [] };
  }
  const variable = provider.keyVariable;
  if (variable === null || apiBase === unsetBase) return { ref: null, literal: null, missing: [] };
  const isElsewhere = entry.params.api_base !== undefined && apiBase !== provider.apiBase;
  if (provider.apiBase !== null && isElsewhere) {
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
