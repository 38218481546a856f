/**
 * The providers by the prefix of `litellm_params.model`. A cloud that speaks OpenAI's API is one line here; its base ends
 * before `/chat/completions`. Sources: the providers' API references; Gemini's is its OpenAI-compatible endpoint.
 */
import type { BackendKind, DataPolicy, UpstreamDialect } from '#contracts';
import { providerOfModel } from '#pricing';
import { didYouMean } from './source/closest-name.js';

export interface Provider {
  /** Name of the kind of upstream: what logs, metrics and spend show. */
  readonly name: string;
  readonly dialect: UpstreamDialect;
  readonly kind: BackendKind;
  /** null: `api_base` must be given. */
  readonly apiBase: string | null;
  /** The variable that replaces `apiBase` where the config has none, as in LiteLLM; null: there is none. */
  readonly baseVariable: string | null;
  /** The variable that holds the key where the config has none; null: none is sent. */
  readonly keyVariable: string | null;
  /** What may happen to prompts there, unless the config says otherwise. */
  readonly dataPolicy: DataPolicy;
}

const local = (name: string, apiBase: string, dialect: UpstreamDialect = 'openai'): Provider => ({
  name,
  dialect,
  kind: 'local',
  apiBase,
  baseVariable: null,
  keyVariable: null,
  dataPolicy: 'local',
});

const cloud = (
  name: string,
  keyVariable: string,
  apiBase: string | null,
  dialect: UpstreamDialect = 'openai',
  baseVariable: string | null = null,
): Provider => ({
  name,
  dialect,
  kind: 'cloud',
  apiBase,
  baseVariable,
  keyVariable,
  dataPolicy: 'may-retain',
});

export const providers: Readonly<Record<string, Provider>> = {
  ollama: local('ollama', 'http://127.0.0.1:11434', 'ollama'),
  ollama_chat: local('ollama', 'http://127.0.0.1:11434', 'ollama'),
  lm_studio: local('lm_studio', 'http://127.0.0.1:1234/v1'),
  llamafile: local('llamafile', 'http://127.0.0.1:8080/v1'),
  hosted_vllm: local('hosted_vllm', 'http://127.0.0.1:8000/v1'),
  openai: cloud('openai', 'OPENAI_API_KEY', 'https://api.openai.com/v1'),
  anthropic: cloud('anthropic', 'ANTHROPIC_API_KEY', 'https://api.anthropic.com', 'anthropic'),
  openrouter: cloud(
    'openrouter',
    'OPENROUTER_API_KEY',
    'https://openrouter.ai/api/v1',
    'openai',
    'OPENROUTER_API_BASE',
  ),
  groq: cloud('groq', 'GROQ_API_KEY', 'https://api.groq.com/openai/v1'),
  mistral: cloud('mistral', 'MISTRAL_API_KEY', 'https://api.mistral.ai/v1'),
  deepseek: cloud('deepseek', 'DEEPSEEK_API_KEY', 'https://api.deepseek.com/v1'),
  together_ai: cloud('together_ai', 'TOGETHERAI_API_KEY', 'https://api.together.xyz/v1'),
  gemini: cloud('gemini', 'GEMINI_API_KEY', 'https://generativelanguage.googleapis.com/v1beta/openai'),
  xai: cloud('xai', 'XAI_API_KEY', 'https://api.x.ai/v1'),
  azure: cloud('azure', 'AZURE_API_KEY', null),
};

/** What `auto_router/...` and bare names lead to. */
export type ModelTarget =
  | { readonly kind: 'model'; readonly provider: Provider; readonly model: string; readonly prefix: string }
  | { readonly kind: 'complexity-router' }
  /** `*`: whatever provider the client's name has. */
  | { readonly kind: 'any-provider' }
  | { readonly kind: 'unsupported'; readonly message: string };

const bareNames: readonly (readonly [RegExp, string])[] = [
  [
    /^(gpt-|chatgpt-|o[1-9](-|$)|text-embedding-|text-moderation-|omni-moderation-|tts-1|whisper-1|dall-e-|ft:gpt-)/,
    'openai',
  ],
  [/^claude-/, 'anthropic'],
  [/^gemini-/, 'gemini'],
];

/** Resolves `provider/model` as LiteLLM does: the prefix ends at the first slash, a name without one is looked up. */
export function resolveModelName(name: string): ModelTarget {
  if (name === '*') return { kind: 'any-provider' };
  if (name === 'auto_router/complexity_router' || name.startsWith('auto_router/complexity_router/')) {
    return { kind: 'complexity-router' };
  }
  const slash = name.indexOf('/');
  const prefix = slash < 0 ? bareProvider(name) : name.slice(0, slash);
  const provider = prefix !== null && Object.hasOwn(providers, prefix) ? providers[prefix] : undefined;
  if (prefix === null) return { kind: 'unsupported', message: bareMessage(name) };
  if (provider === undefined) return { kind: 'unsupported', message: prefixMessage(prefix, name.slice(slash + 1)) };
  const model = name.slice(slash + 1);
  if (model === '') return { kind: 'unsupported', message: `'${name}' names no model behind the provider` };
  return { kind: 'model', provider, model, prefix };
}

function bareProvider(name: string): string | null {
  return bareNames.find(([form]) => form.test(name))?.[1] ?? providerOfModel(name);
}

function bareMessage(name: string): string {
  return `'${name}' has no provider in front; write e.g. 'ollama/${name}' or 'openai/${name}'`;
}

function prefixMessage(prefix: string, model: string): string {
  return (
    `the provider '${prefix}' is not supported.${didYouMean(prefix, Object.keys(providers))} ` +
    `If it speaks OpenAI's API, write 'openai/${model}' with its api_base and api_key`
  );
}

/** Providers that `*` stands for, with the bare names of each. */
export const wildcardNames: readonly { readonly prefix: string; readonly bare: readonly string[] }[] = [
  { prefix: 'openai', bare: ['gpt-*', 'o1*', 'o3*', 'o4*', 'text-embedding-*'] },
  { prefix: 'anthropic', bare: ['claude-*'] },
  { prefix: 'gemini', bare: ['gemini-*'] },
  { prefix: 'openrouter', bare: [] },
  { prefix: 'groq', bare: [] },
  { prefix: 'mistral', bare: [] },
  { prefix: 'deepseek', bare: [] },
  { prefix: 'together_ai', bare: [] },
  { prefix: 'xai', bare: [] },
];
