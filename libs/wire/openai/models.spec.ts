import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { anthropicModelList } from '../anthropic/models.js';
import { serve } from './answers.fixtures.js';
import { openAiErrorBody } from './error.js';
import { modelInfoList, modelList, type ListedModel } from './models.js';

const capabilities = { tools: true, vision: false, jsonSchema: null, reasoning: true };
const models: ListedModel[] = [
  { id: 'qwen3:8b', created: 1_700_000_000, ownedBy: 'ollama', mode: 'chat', contextLength: 40_960, capabilities },
  { id: 'openai/gpt-5', created: 1_700_000_000, ownedBy: 'openai' },
];
const json = (body: object, status = 200) =>
  serve(new TextEncoder().encode(JSON.stringify(body)), 'application/json', [], status);

describe('model lists', () => {
  it('are read by the official OpenAI client, with what is known beyond its fields', async () => {
    const client = new OpenAI({ apiKey: 'k', fetch: json(modelList(models)) });
    const page = await client.models.list();
    expect(page.data).toEqual([
      {
        id: 'qwen3:8b',
        object: 'model',
        created: 1_700_000_000,
        owned_by: 'ollama',
        mode: 'chat',
        max_input_tokens: 40_960,
        context_length: 40_960,
        max_model_len: 40_960,
        capabilities: ['tools', 'reasoning'],
      },
      { id: 'openai/gpt-5', object: 'model', created: 1_700_000_000, owned_by: 'openai' },
    ]);
  });

  it("are read by Anthropic's client as one page", async () => {
    const client = new Anthropic({ apiKey: 'k', fetch: json(anthropicModelList(models)) });
    const page = await client.models.list();
    expect(page.data.map(({ id, created_at }) => [id, created_at])).toEqual([
      ['qwen3:8b', '2023-11-14T22:13:20.000Z'],
      ['openai/gpt-5', '2023-11-14T22:13:20.000Z'],
    ]);
    expect(page.hasNextPage()).toBe(false);
    expect(anthropicModelList([])).toEqual({ data: [], has_more: false, first_id: null, last_id: null });
  });

  it("have LiteLLM's fields under /v1/model/info", () => {
    const info = {
      ...models[0],
      deploymentId: 'd1',
      upstreamModel: 'ollama/qwen3:8b',
      provider: 'ollama',
      mode: 'chat',
    };
    expect(
      modelInfoList([{ id: 'q', created: 1, ownedBy: 'o', ...info, more: { id: 'x', base_model: 'qwen3' } }]),
    ).toEqual({
      data: [
        {
          model_name: 'qwen3:8b',
          litellm_params: { model: 'ollama/qwen3:8b' },
          model_info: expect.objectContaining({
            id: 'd1',
            base_model: 'qwen3',
            mode: 'chat',
            max_input_tokens: 40_960,
            max_tokens: 40_960,
            supports_vision: false,
            supports_function_calling: true,
            supports_response_schema: null,
            input_cost_per_token: null,
          }) as object,
        },
      ],
    });
  });
});

describe('error bodies', () => {
  it('reach the users of the official client with message, code and param', async () => {
    const body = openAiErrorBody({
      message: 'No such model.',
      type: 'invalid_request_error',
      param: 'model',
      code: 'model_not_found',
    });
    const client = new OpenAI({ apiKey: 'k', fetch: json(body, 404), maxRetries: 0 });
    await expect(client.models.list()).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
      param: 'model',
      type: 'invalid_request_error',
      requestID: 'r1',
      message: '404 No such model.',
    });
  });
});
