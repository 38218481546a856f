/** GET /v1/models and /v1/model/info as OpenAI's and LiteLLM's clients read them. */

/** What a model can do; null = not known. */
export interface ListedCapabilities {
  readonly tools: boolean | null;
  readonly vision: boolean | null;
  readonly jsonSchema: boolean | null;
  readonly reasoning: boolean | null;
}

/** What is known of a model that a key may use. Prices are USD per token; absent = not known. */
export interface ListedModel {
  readonly id: string;
  /** Unix time in seconds. */
  readonly created: number;
  readonly ownedBy: string;
  /** What it is for, in LiteLLM's words: chat, embedding ... */
  readonly mode?: string;
  readonly contextLength?: number;
  readonly maxOutputTokens?: number;
  readonly capabilities?: ListedCapabilities;
  readonly inputCostPerToken?: number;
  readonly outputCostPerToken?: number;
}

/** One model. Beyond OpenAI's four fields, those that LiteLLM's, OpenRouter's and vLLM's clients look for. */
export function modelObject(model: ListedModel): object {
  return {
    id: model.id,
    object: 'model',
    created: model.created,
    owned_by: model.ownedBy,
    ...(model.mode === undefined ? {} : { mode: model.mode }),
    ...(model.contextLength === undefined
      ? {}
      : {
          max_input_tokens: model.contextLength,
          context_length: model.contextLength,
          max_model_len: model.contextLength,
        }),
    ...(model.maxOutputTokens === undefined ? {} : { max_output_tokens: model.maxOutputTokens }),
    ...(model.capabilities === undefined ? {} : { capabilities: capabilityNames(model.capabilities) }),
  };
}

function capabilityNames(capabilities: ListedCapabilities): string[] {
  const { tools, vision, jsonSchema, reasoning } = capabilities;
  const known = { tools, vision, json_schema: jsonSchema, reasoning };
  return Object.entries(known).flatMap(([name, can]) => (can === true ? [name] : []));
}

/** The body of GET /v1/models. */
export function modelList(models: readonly ListedModel[]): object {
  return { object: 'list', data: models.map(modelObject) };
}

/** One deployment for /v1/model/info. */
export interface ModelInfo extends ListedModel {
  /** The deployment's id. */
  readonly deploymentId: string;
  /** LiteLLM's model string, `provider/name`. */
  readonly upstreamModel: string;
  readonly provider: string;
  /** chat, completion, embedding ... */
  readonly mode: string;
  /** What the config's `model_info` says besides. */
  readonly more?: Readonly<Record<string, unknown>>;
}

/** The body of GET /v1/model/info, by LiteLLM's names. No address and no key is in it. */
export function modelInfoList(models: readonly ModelInfo[]): object {
  return { data: models.map(writeModelInfo) };
}

function writeModelInfo(model: ModelInfo): object {
  return {
    model_name: model.id,
    litellm_params: { model: model.upstreamModel },
    model_info: {
      ...model.more,
      id: model.deploymentId,
      db_model: false,
      key: model.upstreamModel,
      mode: model.mode,
      litellm_provider: model.provider,
      max_tokens: model.maxOutputTokens ?? model.contextLength ?? null,
      ...knownFacts(model),
    },
  };
}

/** Sizes, prices and capabilities by LiteLLM's names; null = not known. */
function knownFacts({ capabilities: can, ...model }: ListedModel): object {
  return {
    max_input_tokens: model.contextLength ?? null,
    max_output_tokens: model.maxOutputTokens ?? null,
    input_cost_per_token: model.inputCostPerToken ?? null,
    output_cost_per_token: model.outputCostPerToken ?? null,
    supports_vision: can?.vision ?? null,
    supports_function_calling: can?.tools ?? null,
    supports_parallel_function_calling: can?.tools ?? null,
    supports_response_schema: can?.jsonSchema ?? null,
    supports_reasoning: can?.reasoning ?? null,
  };
}

/** One name for /model_group/info. */
export interface ModelGroup extends ListedModel {
  readonly providers: readonly string[];
  readonly mode: string;
  /** Together, a minute; null = without a limit. */
  readonly rpm: number | null;
  readonly tpm: number | null;
}

/** The body of GET /model_group/info. */
export function modelGroupList(groups: readonly ModelGroup[]): object {
  return {
    data: groups.map((group) => ({
      model_group: group.id,
      providers: group.providers,
      mode: group.mode,
      rpm: group.rpm,
      tpm: group.tpm,
      ...knownFacts(group),
    })),
  };
}
