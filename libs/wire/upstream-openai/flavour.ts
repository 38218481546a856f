/**
 * How the OpenAI-compatible upstreams differ, one line of the table each. Adding a cloud that is like OpenAI needs nothing
 * here (it is `generic`); one that refuses or adds fields gets a line of its own. Sources: the providers' API references.
 */

/** How a wish to think is written: `reasoning_effort`, only on models known to reason, OpenRouter's object, DeepSeek's switch, or not. */
export type ReasoningForm = 'effort' | 'by-model' | 'object' | 'switch' | 'template' | 'none';

export interface OpenAiFlavour {
  readonly tokenLimit: 'max_tokens' | 'max_completion_tokens' | 'by-model';
  /** Knows `stream_options.include_usage`. The others send usage unasked, or refuse the field. */
  readonly asksForUsage: boolean;
  /** Several text parts stay a list; else they are joined, since many local engines want a string. */
  readonly partLists: boolean;
  /** Takes Anthropic's cache marks on content parts and tools. */
  readonly cacheControl: boolean;
  readonly reasoning: ReasoningForm;
  /** In what form thinking of earlier turns goes back. */
  readonly pastReasoning: 'details' | 'reasoning_content' | 'none';
  /** Wire names of parameters beyond OpenAI's; null = unknown there. */
  readonly topK: string | null;
  readonly minP: string | null;
  readonly repeatPenalty: string | null;
  readonly seed: string | null;
  /** What `tool_choice: required` is called. */
  readonly required: 'required' | 'any';
  /** OpenAI names of parameters that it refuses. `json_schema` stands for that kind of response_format. */
  readonly refuses: ReadonlySet<string>;
  /** Takes `name` on messages. */
  readonly names: boolean;
  /** Ids of tool calls must be nine letters and digits. */
  readonly shortCallIds: boolean;
  /** Takes `user`. */
  readonly user: boolean;
  /** Fields of a request's `extra` that go up. */
  readonly extra: ReadonlySet<string>;
  /** Whether parameters of the config that nobody knows go up: an operator who writes them for an unknown engine means them. */
  readonly takesUnknownParams: boolean;
  /** A finish reason `stop` beside tool calls means what it says. */
  readonly trustsStop: boolean;
}

const openAiExtra = [
  'service_tier',
  'verbosity',
  'modalities',
  'audio',
  'prediction',
  'store',
  'metadata',
  'moderation',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'safety_identifier',
  'web_search_options',
];

const openai: OpenAiFlavour = {
  tokenLimit: 'by-model',
  asksForUsage: true,
  partLists: true,
  cacheControl: false,
  reasoning: 'by-model',
  pastReasoning: 'none',
  topK: null,
  minP: null,
  repeatPenalty: null,
  seed: 'seed',
  required: 'required',
  refuses: new Set(),
  names: true,
  shortCallIds: false,
  user: true,
  extra: new Set(openAiExtra),
  takesUnknownParams: false,
  trustsStop: true,
};

const generic: OpenAiFlavour = {
  ...openai,
  tokenLimit: 'max_tokens',
  partLists: false,
  reasoning: 'effort',
  topK: 'top_k',
  minP: 'min_p',
  repeatPenalty: 'repetition_penalty',
  extra: new Set(['chat_template_kwargs']),
  takesUnknownParams: true,
  trustsStop: false,
};

const flavours = {
  openai,
  azure: openai,
  generic,
  openrouter: {
    ...openai,
    tokenLimit: 'max_tokens',
    // Usage is always sent; the option is a deprecated no-op there.
    asksForUsage: false,
    cacheControl: true,
    reasoning: 'object',
    pastReasoning: 'details',
    topK: 'top_k',
    minP: 'min_p',
    repeatPenalty: 'repetition_penalty',
    extra: new Set([...openAiExtra, 'models', 'provider', 'plugins', 'transforms', 'route', 'top_a']),
    trustsStop: false,
  },
  groq: {
    ...generic,
    tokenLimit: 'max_completion_tokens',
    topK: null,
    minP: null,
    repeatPenalty: null,
    refuses: new Set(['n', 'logprobs', 'top_logprobs', 'logit_bias']),
    names: false,
    extra: new Set(['service_tier']),
    takesUnknownParams: false,
  },
  mistral: {
    ...generic,
    // Unknown fields are refused with 422, this one too.
    asksForUsage: false,
    partLists: true,
    reasoning: 'none',
    topK: null,
    minP: null,
    repeatPenalty: null,
    seed: 'random_seed',
    required: 'any',
    refuses: new Set(['logprobs', 'top_logprobs', 'logit_bias']),
    names: false,
    shortCallIds: true,
    user: false,
    extra: new Set(['prediction']),
    takesUnknownParams: false,
  },
  deepseek: {
    ...generic,
    reasoning: 'switch',
    pastReasoning: 'reasoning_content',
    topK: null,
    minP: null,
    repeatPenalty: null,
    seed: null,
    refuses: new Set(['n', 'logit_bias', 'json_schema']),
    user: false,
    extra: new Set(),
    takesUnknownParams: false,
  },
  xai: {
    ...generic,
    partLists: true,
    topK: null,
    minP: null,
    repeatPenalty: null,
    refuses: new Set(['logit_bias']),
    extra: new Set(),
    takesUnknownParams: false,
  },
  gemini: {
    ...generic,
    partLists: true,
    topK: null,
    minP: null,
    repeatPenalty: null,
    refuses: new Set(['logit_bias', 'logprobs', 'top_logprobs']),
    names: false,
    user: false,
    extra: new Set(),
    takesUnknownParams: false,
  },
  /** llama.cpp's server, llamafile, LM Studio. */
  llamacpp: {
    ...generic,
    reasoning: 'template',
    pastReasoning: 'reasoning_content',
    repeatPenalty: 'repeat_penalty',
  },
} as const satisfies Record<string, OpenAiFlavour>;

export type OpenAiFlavourName = keyof typeof flavours;

export function flavourOf(name: OpenAiFlavourName): OpenAiFlavour {
  return flavours[name];
}

const byProvider: ReadonlyMap<string, OpenAiFlavourName> = new Map([
  ['openai', 'openai'],
  ['azure', 'azure'],
  ['azure_ai', 'azure'],
  ['openrouter', 'openrouter'],
  ['groq', 'groq'],
  ['mistral', 'mistral'],
  ['codestral', 'mistral'],
  ['deepseek', 'deepseek'],
  ['xai', 'xai'],
  ['gemini', 'gemini'],
  ['google', 'gemini'],
  ['lm_studio', 'llamacpp'],
  ['llamafile', 'llamacpp'],
  ['llamacpp', 'llamacpp'],
]);

/**
 * The flavour of a provider's name as in the config. `openai` is how users spell any compatible server too, so it is taken at
 * its word only for OpenAI's own host; some other well-known hosts are recognised.
 */
export function flavourOfProvider(provider: string, apiBase: string): OpenAiFlavourName {
  const known = byProvider.get(provider) ?? 'generic';
  if (provider !== 'openai' && known !== 'generic') return known;
  const host = /^[a-z]+:\/\/([^/:?#]+)/iu.exec(apiBase)?.[1]?.toLowerCase() ?? '';
  for (const [domain, flavour] of byHost) if (host === domain || host.endsWith(`.${domain}`)) return flavour;
  return host === '' ? known : 'generic';
}

const byHost: readonly (readonly [domain: string, flavour: OpenAiFlavourName])[] = [
  ['openai.com', 'openai'],
  ['openai.azure.com', 'azure'],
  ['openrouter.ai', 'openrouter'],
  ['groq.com', 'groq'],
  ['mistral.ai', 'mistral'],
  ['deepseek.com', 'deepseek'],
  ['x.ai', 'xai'],
  ['generativelanguage.googleapis.com', 'gemini'],
];
