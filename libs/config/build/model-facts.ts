/** What a deployment costs and can do: the config's word first, then the table of models, else unknown. */
import type { BackendKind, Capabilities, Endpoint, Price } from '#contracts';
import { findModelFacts, findPrice, perMillionOfPerToken } from '#pricing';
import type { ModelFacts } from '#pricing';

/** By how much of what it finds a search gives to the model. */
interface SearchCosts {
  readonly search_context_size_low?: number | undefined;
  readonly search_context_size_medium?: number | undefined;
  readonly search_context_size_high?: number | undefined;
}

/** The cost keys of `litellm_params` or `model_info`: USD per token, or per unit. */
export interface WrittenCosts {
  readonly input_cost_per_second?: number | undefined;
  readonly output_cost_per_second?: number | undefined;
  readonly input_cost_per_image?: number | undefined;
  readonly output_cost_per_image?: number | undefined;
  readonly input_cost_per_character?: number | undefined;
  readonly output_cost_per_character?: number | undefined;
  readonly input_cost_per_query?: number | undefined;
  readonly input_cost_per_token?: number | undefined;
  readonly output_cost_per_token?: number | undefined;
  readonly cache_read_input_token_cost?: number | undefined;
  readonly cache_creation_input_token_cost?: number | undefined;
  readonly cache_creation_input_token_cost_above_1hr?: number | undefined;
  readonly input_cost_per_request?: number | undefined;
  readonly search_context_cost_per_query?: SearchCosts | undefined;
}

export const localPrice: Price = {
  inputPerMillion: '0',
  outputPerMillion: '0',
  cacheReadPerMillion: null,
  cacheWritePerMillion: null,
  perRequest: null,
  source: 'local',
};

/** The price of a deployment; null where it is not known. */
export function priceOf(
  written: WrittenCosts,
  kind: BackendKind,
  provider: string,
  models: readonly string[],
): Price | null {
  const listed = models.map((model) => findPrice(provider, model)).find((price) => price !== null) ?? null;
  const base: Price | null =
    kind === 'local'
      ? localPrice
      : listed === null
        ? null
        : { ...listed, longContext: listed.longContext ?? undefined, units: listed.units };
  const keys = Object.values(written).filter((value) => value !== undefined);
  if (keys.length === 0) return base;
  const perMillion = (perToken: number | undefined) => (perToken === undefined ? null : perMillionOfPerToken(perToken));
  return {
    inputPerMillion: perMillion(written.input_cost_per_token) ?? base?.inputPerMillion ?? '0',
    outputPerMillion: perMillion(written.output_cost_per_token) ?? base?.outputPerMillion ?? '0',
    cacheReadPerMillion: perMillion(written.cache_read_input_token_cost),
    cacheWritePerMillion: perMillion(written.cache_creation_input_token_cost),
    cacheWriteHourPerMillion: perMillion(written.cache_creation_input_token_cost_above_1hr),
    perRequest: written.input_cost_per_request === undefined ? null : String(written.input_cost_per_request),
    ...unitsOf(written, base),
    source: 'config',
  };
}

/** Prices of units. Where none is written the table's stay: a token price that is set right does not make images free. */
function unitsOf(written: WrittenCosts, base: Price | null): { units?: NonNullable<Price['units']> } {
  const text = (...values: readonly (number | undefined)[]): string | null => {
    const first = values.find((value) => value !== undefined);
    return first === undefined ? null : String(first);
  };
  const perImage = text(written.output_cost_per_image, written.input_cost_per_image);
  const perSecond = text(written.input_cost_per_second, written.output_cost_per_second);
  const perCharacter = text(written.input_cost_per_character, written.output_cost_per_character);
  const perSearch = text(written.input_cost_per_query);
  const search = written.search_context_cost_per_query;
  const perWebSearch =
    text(search?.search_context_size_medium, search?.search_context_size_high, search?.search_context_size_low) ??
    base?.units?.perWebSearch ??
    null;
  if ([perImage, perSecond, perCharacter, perSearch, search ?? null].every((price) => price === null)) {
    return base?.units === undefined ? {} : { units: base.units };
  }
  return { units: { perImage, perSecond, perCharacter, perSearch, imageInputPerMillion: null, perWebSearch } };
}

/** Context size, mode and capabilities from the table, under the first of `models` that it knows. */
export function factsOf(provider: string, models: readonly string[]): ModelFacts | null {
  return models.map((model) => findModelFacts(provider, model)).find((facts) => facts !== null) ?? null;
}

const modes: Readonly<Record<string, Endpoint>> = {
  chat: 'chat',
  completion: 'chat',
  responses: 'chat',
  embedding: 'embedding',
  rerank: 'rerank',
  audio_speech: 'speech',
  audio_transcription: 'transcription',
  image_generation: 'image',
  image_edit: 'image',
  moderation: 'moderation',
};

/** Names of well-known embedding models on Ollama and elsewhere. */
const embeddingName =
  /(^|[/_-])(text-)?embed|embed(ding)?(gemma|s)?\b|^bge-|^all-minilm|^e5-|^gte-|^snowflake-arctic-embed|^paraphrase-/i;

/** What a deployment can be asked for. `completion` is chat: LiteLLM uses it for health checks only. */
export function modeOf(written: string | undefined, facts: ModelFacts | null, model: string): Endpoint {
  if (written !== undefined) return modes[written] ?? 'chat';
  if (facts !== null) return facts.mode;
  return embeddingName.test(model) ? 'embedding' : 'chat';
}

/** The `supports_*` keys, else the table's. */
export function capabilitiesOf(
  written: {
    readonly supports_function_calling?: boolean | undefined;
    readonly supports_vision?: boolean | undefined;
    readonly supports_response_schema?: boolean | undefined;
    readonly supports_reasoning?: boolean | undefined;
  },
  facts: ModelFacts | null,
): Capabilities {
  return {
    tools: written.supports_function_calling ?? facts?.capabilities.tools ?? null,
    vision: written.supports_vision ?? facts?.capabilities.vision ?? null,
    jsonSchema: written.supports_response_schema ?? facts?.capabilities.jsonSchema ?? null,
    reasoning: written.supports_reasoning ?? facts?.capabilities.reasoning ?? null,
  };
}
