/** GET /v1/models for clients that send `anthropic-version`. */
import type { ListedModel } from '../openai/models.js';

/** One model in Anthropic's shape. */
export function anthropicModelObject(model: ListedModel): object {
  return {
    type: 'model',
    id: model.id,
    display_name: model.id,
    created_at: new Date(model.created * 1000).toISOString(),
    max_input_tokens: model.contextLength ?? null,
    max_tokens: model.maxOutputTokens ?? null,
    capabilities: null,
    lifecycle: 'active',
    line: null,
    deprecated_at: null,
    retires_at: null,
  };
}

/** All models on one page: clients that ask for more with `after_id` are told that there is none. */
export function anthropicModelList(models: readonly ListedModel[]): object {
  return {
    data: models.map(anthropicModelObject),
    has_more: false,
    first_id: models[0]?.id ?? null,
    last_id: models.at(-1)?.id ?? null,
  };
}
