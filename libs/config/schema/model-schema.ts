/** `model_list`: one entry is one deployment. */
import { z } from 'zod';
import { dataPolicies, tierNames } from '#contracts';
import {
  amountUsd,
  anyNumber,
  anything,
  choice,
  count,
  flag,
  freeMap,
  limit,
  names,
  required,
  seconds,
  special,
  shortText,
  text,
} from './value-types.js';

const searchSizes = ['search_context_size_low', 'search_context_size_medium', 'search_context_size_high'] as const;

const costKeys = {
  input_cost_per_token: amountUsd('Price of an input token. Wins over the price table', { default: 'the price table' }),
  output_cost_per_token: amountUsd('Price of an output token', { default: 'the price table' }),
  cache_read_input_token_cost: amountUsd("Price of an input token read from the provider's cache"),
  cache_creation_input_token_cost: amountUsd("Price of an input token written to the provider's cache"),
  cache_creation_input_token_cost_above_1hr: amountUsd('Price of an input token that its cache keeps for an hour', {
    default: 'cache_creation_input_token_cost',
  }),
  input_cost_per_request: amountUsd('Price of each request beside its tokens'),
  input_cost_per_second: amountUsd('Price of a second of audio that is transcribed'),
  output_cost_per_second: amountUsd('Price of a second of speech', { default: 'input_cost_per_second' }),
  input_cost_per_image: amountUsd('Price of an image, where `output_cost_per_image` is not set'),
  output_cost_per_image: amountUsd('Price of an image that is made'),
  input_cost_per_character: amountUsd('Price of a character that is spoken'),
  output_cost_per_character: amountUsd('The same, where `input_cost_per_character` is not set'),
  input_cost_per_query: amountUsd('Price of a rerank'),
  search_context_cost_per_query: special(
    z.partialRecord(z.enum(searchSizes), z.number().nonnegative()),
    "Price of a search by the provider's own tool: `search_context_size_medium`, else the largest that is named",
    { unit: 'USD', default: 'the price table' },
  ),
};

const limitKeys = {
  rpm: limit('Requests that this deployment takes', { unit: 'per minute' }),
  tpm: limit('Tokens that this deployment takes', { unit: 'per minute' }),
  order: special(z.number().int(), 'Preference inside a model: all of order 1 are tried before order 2', {
    default: 'last',
  }),
  weight: special(z.number().nonnegative(), 'Share of the traffic under simple-shuffle', { default: '1' }),
  max_parallel_requests: limit('Requests that may run at once', { default: "the host's own number" }),
  timeout: seconds('Wait for a whole answer or, in a stream, for its next bytes', 'router_settings.timeout'),
  stream_timeout: seconds('Wait for the first token', 'router_settings.stream_timeout'),
  num_retries: count('Tries after the first one on the same model', { default: 'router_settings.num_retries' }),
  allowed_fails: count('Failures a minute before it rests', { default: 'router_settings.allowed_fails' }),
  allowed_fails_policy: freeMap('The same by class of error, e.g. `TimeoutErrorAllowedFails: 10`'),
  cooldown_time: seconds('How long it rests', 'router_settings.cooldown_time'),
  tags: names('Tags for tag routing'),
  fallback_models: names('Models to try when this one fails; the same as an entry in `fallbacks`'),
};

const samplingKeys = {
  temperature: anyNumber("Default; the request's own value wins, as for all below"),
  top_p: anyNumber('Default'),
  top_k: count('Default'),
  min_p: anyNumber('Default'),
  max_tokens: limit('Default length of an answer', { unit: 'tokens' }),
  max_completion_tokens: limit('Default length of an answer', { unit: 'tokens' }),
  n: limit('Default number of answers'),
  stop: names('Default stop sequences'),
  seed: special(z.number().int(), 'Default'),
  frequency_penalty: anyNumber('Default'),
  presence_penalty: anyNumber('Default'),
  logit_bias: freeMap('Default'),
  response_format: freeMap('Default'),
  reasoning_effort: text('Default: none, minimal, low, medium, high'),
  thinking: freeMap("Default, in Anthropic's form"),
  parallel_tool_calls: flag('Default', "the provider's"),
  tool_choice: anything('Default'),
  service_tier: text('Default'),
  verbosity: text('Default'),
  user: text('Default'),
};

const ollamaKeys = {
  num_ctx: limit('Size of the context on an Ollama host, pinned so that models are not loaded again', {
    unit: 'tokens',
  }),
  keep_alive: special(z.union([z.string(), z.number()]), 'How long Ollama keeps the model loaded', {
    default: "Ollama's",
  }),
  think: special(z.union([z.boolean(), z.string()]), 'Thinking on or off, or its level'),
  num_predict: special(z.number().int(), 'Ollama option'),
  num_keep: count('Ollama option'),
  num_batch: limit('Ollama option'),
  num_gpu: special(z.number().int(), 'Ollama option: layers on the GPU'),
  main_gpu: count('Ollama option'),
  num_thread: count('Ollama option'),
  use_mmap: flag('Ollama option', "Ollama's"),
  repeat_last_n: special(z.number().int(), 'Ollama option'),
  repeat_penalty: anyNumber('Ollama option'),
  typical_p: anyNumber('Ollama option'),
  mirostat: count('Ollama option'),
  mirostat_eta: anyNumber('Ollama option'),
  mirostat_tau: anyNumber('Ollama option'),
  tfs_z: anyNumber('Ollama option'),
};

/** Defaults of a request; the names as in the OpenAI API, and Ollama's options. */
export const samplingKeyNames: readonly string[] = Object.keys(samplingKeys);
export const ollamaKeyNames: readonly string[] = Object.keys(ollamaKeys);

const tierModels = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);
const words = z.array(z.string().min(1));

export const ComplexityRouterConfig = z.strictObject({
  tiers: special(
    z.strictObject(Object.fromEntries(tierNames.map((tier) => [tier, tierModels.optional()]))),
    'Model (or models, one is picked) of each tier: SIMPLE, MEDIUM, COMPLEX, REASONING',
  ),
  default_model: text('Model for requests without text, and for tiers without a model'),
  tier_boundaries: special(
    z.strictObject({
      simple_medium: z.number().optional(),
      medium_complex: z.number().optional(),
      complex_reasoning: z.number().optional(),
    }),
    'Scores at which the next tier begins',
    { default: '0.15, 0.35, 0.60' },
  ),
  token_thresholds: special(
    z.strictObject({ simple: z.number().nonnegative().optional(), complex: z.number().nonnegative().optional() }),
    'Tokens below which a text counts as short, and above which as long',
    { default: '15, 400' },
  ),
  dimension_weights: special(
    z.strictObject({
      tokenCount: z.number().optional(),
      codePresence: z.number().optional(),
      reasoningMarkers: z.number().optional(),
      technicalTerms: z.number().optional(),
      simpleIndicators: z.number().optional(),
      multiStepPatterns: z.number().optional(),
      questionComplexity: z.number().optional(),
    }),
    'Weights of the dimensions',
    { default: '0.10, 0.30, 0.25, 0.25, 0.05, 0.03, 0.02' },
  ),
  code_keywords: special(words, 'Words that speak for code', { default: 'built in' }),
  reasoning_keywords: special(words, 'Words that ask for reasoning', { default: 'built in' }),
  technical_keywords: special(words, 'Technical words', { default: 'built in' }),
  simple_keywords: special(words, 'Words of simple requests', { default: 'built in' }),
  reasoning_override_min_score: anyNumber('Score from which two reasoning words mean REASONING', {
    default: 'simple_medium',
  }),
  length_floors: special(
    z.union([
      z.literal(false),
      z.strictObject(Object.fromEntries(tierNames.map((tier) => [tier, z.number().int().nonnegative().optional()]))),
    ]),
    'Length of the last user text from which a tier is the least; `false` = off',
    { default: 'MEDIUM: 100, COMPLEX: 500', unit: 'characters' },
  ),
});

export const LitellmParams = z.object({
  model: text('`provider/model`, or a name that its provider is known for. Required'),
  api_base: text('Base URL of the upstream', { default: "the provider's" }),
  api_key: text('Key for the upstream, best as `os.environ/NAME`', { default: "the provider's variable" }),
  api_version: text('API version (Azure)'),
  organization: text('OpenAI organization'),
  litellm_credential_name: text('Name of an entry of `credential_list` to take api_key, api_base ... from'),
  ...limitKeys,
  ...costKeys,
  drop_params: flag(
    'Drop parameters that the upstream does not know, rather than refuse',
    'litellm_settings.drop_params',
  ),
  additional_drop_params: names('Parameters that are always dropped'),
  extra_body: freeMap('Merged into the body that goes upstream'),
  extra_headers: special(z.record(z.string(), z.string()), 'Headers that go upstream'),
  complexity_router_config: special(ComplexityRouterConfig, 'For `model: auto_router/complexity_router`'),
  complexity_router_default_model: text('The same as `complexity_router_config.default_model`, and wins over it'),
  ...samplingKeys,
  ...ollamaKeys,
});

export const ModelInfo = z.looseObject({
  id: shortText('Id of the deployment, stable over changes', { default: 'made from name, model and host' }),
  mode: choice(
    [
      'chat',
      'completion',
      'responses',
      'embedding',
      'rerank',
      'audio_speech',
      'audio_transcription',
      'image_generation',
      'image_edit',
      'moderation',
    ],
    'What it can be asked for. `completion` is read as chat: both endpoints work',
    { default: 'chat; embedding for known embedding models' },
  ),
  base_model: text('Name to look the price and the context size up under'),
  max_input_tokens: limit('Size of the context', { unit: 'tokens', default: 'num_ctx, else the model table' }),
  max_output_tokens: limit('Longest answer', { unit: 'tokens', default: 'the model table' }),
  max_tokens: limit('Longest answer (older name)', { unit: 'tokens' }),
  system_prompt: text('Text that goes in front of every request'),
  system_prompt_mode: choice(
    ['prepend', 'default', 'replace'],
    "prepend: before the client's system message; default: only where it has none; replace: instead of it",
    { default: 'prepend' },
  ),
  data_policy: choice(dataPolicies, 'What may happen to a prompt there; see Data policies'),
  access_groups: names('Groups by which keys may be given this model'),
  supports_function_calling: flag('Whether it takes tools', 'the model table'),
  supports_vision: flag('Whether it takes images', 'the model table'),
  supports_response_schema: flag('Whether it takes a JSON schema', 'the model table'),
  supports_reasoning: flag('Whether it can think', 'the model table'),
  load_timeout: seconds('Wait for a cold model to be loaded', 'signalbox.load_timeout'),
  ...limitKeys,
  ...costKeys,
});

export const ModelEntry = z.object({
  model_name: required('What clients ask for; entries of one name are a pool. `*` makes a wildcard. Required'),
  litellm_params: freeMap('See litellm_params. Required'),
  model_info: freeMap('See model_info. Other keys are kept and shown by /v1/model/info'),
});
