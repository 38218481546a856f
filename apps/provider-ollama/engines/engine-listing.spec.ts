import { describe, expect, it } from 'vitest';
import { listingOfOpenAi, readInfo, readOpenAiList, readStudioV0, readStudioV1, withProps } from './engine-listing.js';

const instance = { id: 'qwen3-vl@4bit', config: { context_length: 8_192, flash_attention: true } };
const studioV1 = {
  models: [
    {
      type: 'llm',
      publisher: 'qwen',
      key: 'qwen/qwen3-vl-8b',
      display_name: 'Qwen3 VL 8B',
      size_bytes: 6_000_000_000,
      max_context_length: 262_144,
      format: 'gguf',
      capabilities: { vision: true, trained_for_tool_use: true },
      loaded_instances: [instance],
    },
    { type: 'llm', key: 'gemma', size_bytes: 5, max_context_length: 8_192, loaded_instances: [] },
    { type: 'embedding', key: 'nomic', size_bytes: 5, max_context_length: 2_048, loaded_instances: [] },
  ],
};

describe("LM Studio's own lists", () => {
  it('of version 1 tell what is loaded, with its context, and what models can', () => {
    const listing = readStudioV1(studioV1);
    expect(listing?.installed).toEqual([
      {
        name: 'qwen/qwen3-vl-8b',
        sizeBytes: 6_000_000_000,
        contextLength: 262_144,
        capabilities: ['completion', 'tools', 'vision'],
      },
      { name: 'gemma', sizeBytes: 5, contextLength: 8_192, capabilities: ['completion', 'tools'] },
      { name: 'nomic', sizeBytes: 5, contextLength: 2_048, capabilities: ['embedding'] },
    ]);
    expect(listing?.loaded).toMatchObject([{ name: 'qwen/qwen3-vl-8b', contextLength: 8_192 }]);
    expect(listing?.listed?.map(({ name }) => name)).toEqual(['qwen/qwen3-vl-8b', 'qwen3-vl@4bit']);
  });

  it('of version 0 tell the same, in other words', () => {
    const answer = {
      object: 'list',
      data: [
        { id: 'qwen2-vl', type: 'vlm', state: 'not-loaded', max_context_length: 32_768 },
        { id: 'llama', type: 'llm', state: 'loaded', max_context_length: 131_072, loaded_context_length: 4_096 },
        { id: 'nomic', type: 'embeddings', state: 'not-loaded', max_context_length: 2_048 },
      ],
    };
    const listing = readStudioV0(answer);
    expect(listing?.loaded).toMatchObject([{ name: 'llama', contextLength: 4_096 }]);
    expect(listing?.installed.map(({ capabilities }) => capabilities)).toEqual([
      ['completion', 'tools', 'vision'],
      ['completion', 'tools'],
      ['embedding'],
    ]);
  });

  it.each([[null], [{}], [{ object: 'list', data: [{ id: 'm', object: 'model' }] }], ['<html>']])(
    'are not %j',
    (answer) => {
      expect(readStudioV1(answer)).toBeNull();
      expect(readStudioV0(answer)).toBeNull();
    },
  );
});

const listOf = (...models: object[]) => listingOfOpenAi(readOpenAiList({ object: 'list', data: models }) ?? []);

describe("OpenAI's list", () => {
  it("of vLLM has what it has loaded, and the model's context", () => {
    const listing = listOf({ id: 'Qwen/Qwen3-8B', object: 'model', owned_by: 'vllm', max_model_len: 40_960 });
    expect(listing).toMatchObject({
      isFixed: true,
      listed: null,
      installed: [{ name: 'Qwen/Qwen3-8B', contextLength: 40_960 }],
      loaded: [{ name: 'Qwen/Qwen3-8B', contextLength: 40_960 }],
    });
  });

  it("of llama.cpp's server with several models tells which are loaded", () => {
    const listing = listOf(
      { id: 'a', owned_by: 'llamacpp', status: { value: 'loaded', args: [] } },
      { id: 'b', owned_by: 'llamacpp', status: { value: 'unloaded' } },
    );
    expect(listing.isFixed).toBe(false);
    expect(listing.listed?.map(({ name }) => name)).toEqual(['a']);
  });

  it('of anybody else says nothing of what is loaded', () => {
    expect(listOf({ id: 'm', owned_by: 'me' })).toMatchObject({ isFixed: false, loaded: null, listed: null });
  });
});

describe("llama.cpp's /props", () => {
  const listing = listOf({ id: 'qwen', owned_by: 'llamacpp', meta: { n_ctx_train: 262_144, size: 5 } });

  it('tells the context of a slot, the slots, and whether it sees', () => {
    const props = {
      default_generation_settings: { n_ctx: 16_384, params: {} },
      total_slots: 4,
      modalities: { vision: true, audio: false },
      build_info: 'b8681-abc',
    };
    const found = withProps(listing, props);
    expect(found.version).toBe('b8681-abc');
    expect(found.listing).toMatchObject({
      slots: 4,
      installed: [{ name: 'qwen', contextLength: 16_384, capabilities: ['completion', 'tools', 'vision'] }],
      loaded: [{ name: 'qwen', contextLength: 16_384 }],
    });
  });

  it('may say nothing', () => {
    expect(withProps(listing, { error: 'x' }).listing).toMatchObject({
      installed: [{ contextLength: 262_144, capabilities: null }],
    });
    expect(withProps(listing, 'nothing')).toEqual({ listing, version: null });
  });
});

describe("text-generation-inference's /info", () => {
  it('tells its model, the tokens it holds, and how many it serves at once', () => {
    const info = {
      model_id: 'HuggingFaceH4/zephyr-7b-beta',
      max_input_tokens: 3_000,
      max_total_tokens: 4_096,
      max_concurrent_requests: 128,
      version: '3.3.4',
    };
    expect(readInfo(info)).toMatchObject({
      version: '3.3.4',
      listing: { isFixed: true, slots: 128, installed: [{ contextLength: 4_096 }], loaded: [{ vramBytes: 0 }] },
    });
  });

  it('is not everybody’s', () => {
    expect(readInfo({ status: 'ok' })).toBeNull();
  });
});
