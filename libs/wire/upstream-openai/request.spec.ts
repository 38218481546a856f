import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recording } from '../__fixtures__/recording.js';
import type { ChatMessage, ChatRequest } from '../neutral/chat-request.js';
import { flavourOfProvider, type OpenAiFlavourName } from './flavour.js';
import { openAiModel } from './reasoning.js';
import { type OpenAiWriteOptions, writeOpenAiChat, writeOpenAiCompletion, writeOpenAiEmbedding } from './request.js';

const text = (value: string) => ({ type: 'text', text: value }) as const;
const user = (value: string): ChatMessage => ({ role: 'user', content: [text(value)] });
const hi: ChatRequest = { messages: [user('hi')] };
const write = (request: Partial<ChatRequest>, options: Partial<OpenAiWriteOptions> = {}) =>
  writeOpenAiChat({ ...hi, ...request }, { model: 'gpt-4o', stream: false, flavour: 'openai', ...options });

describe('writeOpenAiChat', () => {
  it('writes the body that a real server has taken', () => {
    const tool = (name: string, parameters: Record<string, unknown>, description?: string) => ({
      name,
      parameters,
      ...(description === undefined ? {} : { description }),
    });
    const request: ChatRequest = {
      messages: [user('weather?')],
      tools: [
        tool(
          'get_weather',
          { type: 'object', required: ['city'], properties: { city: { type: 'string' } } },
          'Weather of a city',
        ),
        tool('get_time', { type: 'object', properties: { zone: { type: 'string' }, dst: { type: 'boolean' } } }),
      ],
      temperature: 0,
    };
    const written = writeOpenAiChat(request, { model: 'tiny-tools', stream: true, flavour: 'generic' });
    expect(written.body).toEqual(recording('v1-chat-tools-stream').requestBody);
  });

  it('writes every parameter under its name', () => {
    const { body, dropped, unsupported } = write(
      {
        maxTokens: 9,
        temperature: 0.5,
        topP: 0.9,
        presencePenalty: 1,
        frequencyPenalty: -1,
        seed: 3,
        stop: ['x'],
        n: 2,
        logitBias: { '1': 5 },
        user: 'u',
        logprobs: true,
        topLogprobs: 3,
        tools: [{ name: 'f', strict: true }],
        toolChoice: { name: 'f' },
        parallelToolCalls: false,
        responseFormat: { type: 'json_schema', name: 's', schema: { type: 'object' }, strict: true },
        extra: { service_tier: 'flex', metadata: { a: 'b' } },
      },
      { stream: true },
    );
    expect(body).toEqual({
      model: 'gpt-4o',
      messages: [{ role: 'user', content: 'hi' }],
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 9,
      temperature: 0.5,
      top_p: 0.9,
      presence_penalty: 1,
      frequency_penalty: -1,
      seed: 3,
      stop: ['x'],
      n: 2,
      logit_bias: { '1': 5 },
      user: 'u',
      logprobs: true,
      top_logprobs: 3,
      tools: [{ type: 'function', function: { name: 'f', strict: true } }],
      tool_choice: { type: 'function', function: { name: 'f' } },
      parallel_tool_calls: false,
      response_format: { type: 'json_schema', json_schema: { name: 's', schema: { type: 'object' }, strict: true } },
      service_tier: 'flex',
      metadata: { a: 'b' },
    });
    expect({ dropped, unsupported }).toEqual({ dropped: [], unsupported: [] });
  });

  it('asks for usage in streams where the upstream knows how', () => {
    const option = (flavour: OpenAiFlavourName, stream = true) => write({}, { flavour, stream }).body['stream_options'];
    for (const flavour of ['openai', 'azure', 'generic', 'groq', 'deepseek', 'llamacpp'] as const) {
      expect(option(flavour)).toEqual({ include_usage: true });
      expect(option(flavour, false)).toBeUndefined();
    }
    for (const flavour of ['openrouter', 'mistral'] as const) expect(option(flavour)).toBeUndefined();
  });

  it('keeps tool_choice and parallel_tool_calls to itself where there are no tools', () => {
    const { body } = write({ toolChoice: 'auto', parallelToolCalls: true, tools: [] });
    expect(Object.keys(body)).toEqual(['model', 'messages', 'stream']);
  });

  it.each([
    ['gpt-4o', 'max_tokens'],
    ['gpt-4.1-mini', 'max_tokens'],
    ['o3-mini', 'max_completion_tokens'],
    ['gpt-5-nano', 'max_completion_tokens'],
    ['gpt-5.2', 'max_completion_tokens'],
    ['gpt-5-chat-latest', 'max_tokens'],
  ])('%s takes %s', (model, name) => {
    expect(write({ maxTokens: 5 }, { model }).body).toHaveProperty(name, 5);
  });

  it('takes the model behind an Azure deployment for its quirks', () => {
    expect(write({ maxTokens: 5 }, { flavour: 'azure', model: 'prod', baseModel: 'azure/o3-mini' }).body).toMatchObject(
      {
        model: 'prod',
        max_completion_tokens: 5,
      },
    );
  });

  it('names what a reasoning model refuses, and sends nothing of it', () => {
    const request = { temperature: 0.2, topP: 0.5, presencePenalty: 1, logprobs: true, topLogprobs: 2, stop: ['x'] };
    const { body, unsupported } = write(request, { model: 'o3' });
    expect(unsupported).toEqual(['temperature', 'top_p', 'presence_penalty', 'logprobs', 'stop']);
    expect(Object.keys(body)).toEqual(['model', 'messages', 'stream']);
    expect(
      write({ temperature: 1, topP: 1, presencePenalty: 0, logprobs: false }, { model: 'o3' }).unsupported,
    ).toEqual([]);
    expect(write({ temperature: 0.2, reasoning: { effort: 'none' } }, { model: 'gpt-5.1' }).unsupported).toEqual([]);
  });

  it.each([
    ['groq', { n: 2 }, ['n']],
    ['groq', { n: 1, logprobs: false, logitBias: {} }, []],
    ['groq', { logprobs: true, topLogprobs: 2 }, ['logprobs']],
    ['mistral', { logitBias: { '1': 1 } }, ['logit_bias']],
    ['deepseek', { responseFormat: { type: 'json_schema', name: 's', schema: {} } }, ['response_format']],
    ['deepseek', { responseFormat: { type: 'json_object' } }, []],
    ['generic', { n: 4, logprobs: true, logitBias: { '1': 1 } }, []],
    ['groq', { extra: { audio: {} } }, ['audio']],
  ] as const)('%s cannot express %j', (flavour, request: Partial<ChatRequest>, expected) => {
    const written = write(request, { flavour });
    expect(written.unsupported).toEqual(expected);
    for (const name of expected) expect(written.body).not.toHaveProperty(name);
  });

  it('omits what the operator drops', () => {
    const written = write(
      { temperature: 0.2, extra: { store: true } },
      { model: 'o3', omit: ['temperature', 'store'] },
    );
    expect(written).toMatchObject({ unsupported: [], dropped: [] });
    expect(Object.keys(written.body)).toEqual(['model', 'messages', 'stream']);
  });

  it.each([
    ['openai', { top_k: undefined, min_p: undefined, repetition_penalty: undefined, seed: 4 }],
    ['openrouter', { top_k: 1, min_p: 0.1, repetition_penalty: 1.1, seed: 4 }],
    ['generic', { top_k: 1, min_p: 0.1, repetition_penalty: 1.1, seed: 4 }],
    ['llamacpp', { top_k: 1, min_p: 0.1, repeat_penalty: 1.1, seed: 4 }],
    ['mistral', { random_seed: 4, seed: undefined, top_k: undefined }],
  ] as const)('sampling beyond OpenAI at %s', (flavour, expected) => {
    const { body, dropped } = write({ topK: 1, minP: 0.1, repeatPenalty: 1.1, seed: 4 }, { flavour });
    for (const [name, value] of Object.entries(expected)) expect(body[name]).toBe(value);
    if (flavour === 'openai') expect(dropped).toEqual(['top_k', 'min_p', 'repetition_penalty']);
  });

  it.each([
    ['gpt-4o', 'openai', { effort: 'high' }, {}, ['reasoning_effort']],
    ['gpt-4o', 'openai', { enabled: false }, {}, []],
    ['o3', 'openai', { effort: 'minimal' }, { reasoning_effort: 'low' }, ['reasoning_effort']],
    ['o3', 'openai', { enabled: false }, { reasoning_effort: 'low' }, ['reasoning_effort']],
    ['gpt-5', 'openai', { enabled: false }, { reasoning_effort: 'minimal' }, ['reasoning_effort']],
    ['gpt-5.1', 'openai', { enabled: false }, { reasoning_effort: 'none' }, []],
    ['gpt-5', 'openai', { effort: 'max' }, { reasoning_effort: 'high' }, ['reasoning_effort']],
    ['gpt-5', 'openai', { budgetTokens: 3000 }, { reasoning_effort: 'medium' }, []],
    ['gpt-5', 'openai', { enabled: true }, {}, []],
    ['x', 'generic', { effort: 'high' }, { reasoning_effort: 'high' }, []],
    ['x', 'mistral', { effort: 'high' }, {}, ['reasoning_effort']],
    ['x', 'deepseek', { effort: 'high' }, { thinking: { type: 'enabled' } }, []],
    ['x', 'deepseek', { enabled: false }, { thinking: { type: 'disabled' } }, []],
    ['x', 'llamacpp', { enabled: false }, { chat_template_kwargs: { enable_thinking: false } }, []],
    ['x', 'openrouter', { effort: 'high' }, { reasoning: { effort: 'high' } }, []],
    ['x', 'openrouter', { budgetTokens: 3000 }, { reasoning: { max_tokens: 3000 } }, []],
    ['x', 'openrouter', { enabled: true }, { reasoning: { enabled: true } }, []],
    ['x', 'openrouter', { enabled: false }, { reasoning: { effort: 'none' } }, []],
  ] as const)('thinking of %s at %s: %j', (model, flavour, reasoning, fields, dropped) => {
    const written = write({ reasoning }, { model, flavour });
    const { model: _model, messages: _messages, stream: _stream, ...rest } = written.body;
    expect(rest).toEqual(fields);
    expect(written.dropped).toEqual(dropped);
  });

  it('calls required any at Mistral', () => {
    const request = { tools: [{ name: 'f' }], toolChoice: 'required' } as const;
    expect(write({ ...request, tools: [...request.tools] }, { flavour: 'mistral' }).body['tool_choice']).toBe('any');
    expect(write({ ...request, tools: [...request.tools] }).body['tool_choice']).toBe('required');
  });

  it('passes routing wishes to OpenRouter and to nobody else', () => {
    const extra = { models: ['a', 'b'], provider: { sort: 'price' }, transforms: [], include_reasoning: false };
    expect(write({ extra }, { flavour: 'openrouter' }).body).toMatchObject({
      models: ['a', 'b'],
      provider: { sort: 'price' },
      reasoning: { exclude: true },
    });
    const openai = write({ extra });
    expect(Object.keys(openai.body)).toEqual(['model', 'messages', 'stream']);
    expect(openai.dropped).toEqual(['models', 'provider', 'transforms']);
  });

  it('never sends engine options of Ollama', () => {
    const written = write(
      { ollamaOptions: { num_ctx: 5 }, keepAlive: '5m' },
      { flavour: 'generic', params: { num_ctx: 4096, keep_alive: -1, best_of: 2 } },
    );
    expect(written.body).toEqual({
      model: 'gpt-4o',
      messages: [{ role: 'user', content: 'hi' }],
      stream: false,
      best_of: 2,
    });
    expect([...written.dropped].sort()).toEqual(['keep_alive', 'num_ctx']);
  });

  it('fills in defaults and merges extra_body last', () => {
    const { body } = write(
      { temperature: 1.5 },
      { params: { temperature: 0, max_tokens: 7 }, extraBody: { top_k: 3, max_tokens: 8 } },
    );
    expect(body).toMatchObject({ temperature: 1.5, max_tokens: 8, top_k: 3 });
  });

  it('sends only listed fields of what the client adds (property)', () => {
    const known = new Set([
      ...Object.keys(write({}).body),
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
    ]);
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (extra) => {
        for (const name of Object.keys(write({ extra }).body)) expect(known).toContain(name);
      }),
    );
  });
});

describe('other endpoints', () => {
  it('writes legacy completions with all prompts', () => {
    const options = { model: 'm', stream: true, flavour: 'generic' } as const;
    expect(
      writeOpenAiCompletion({ prompts: ['a'], suffix: 'z', echo: true, logprobs: 2, bestOf: 2, maxTokens: 3 }, options)
        .body,
    ).toEqual({
      model: 'm',
      prompt: 'a',
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 3,
      suffix: 'z',
      echo: true,
      logprobs: 2,
      best_of: 2,
    });
    expect(writeOpenAiCompletion({ prompts: ['a', [1, 2]] }, options).body['prompt']).toEqual(['a', [1, 2]]);
  });

  it('asks for floats whatever the client wants', () => {
    const options = { model: 'm', flavour: 'openai' } as const;
    expect(
      writeOpenAiEmbedding({ inputs: ['a', 'b'], dimensions: 4, encodingFormat: 'base64', user: 'u' }, options).body,
    ).toEqual({
      model: 'm',
      input: ['a', 'b'],
      encoding_format: 'float',
      dimensions: 4,
      user: 'u',
    });
    expect(writeOpenAiEmbedding({ inputs: [[1, 2]], encodingFormat: 'float' }, options).body['input']).toEqual([1, 2]);
  });
});

describe('flavourOfProvider', () => {
  it.each([
    ['openai', 'https://api.openai.com/v1', 'openai'],
    ['openai', '', 'openai'],
    ['openai', 'http://10.0.0.5:1234/v1', 'generic'],
    ['openai', 'https://openrouter.ai/api/v1', 'openrouter'],
    ['openai', 'https://notopenai.com/v1', 'generic'],
    ['azure', 'https://x.openai.azure.com', 'azure'],
    ['openrouter', 'http://127.0.0.1:9/api/v1', 'openrouter'],
    ['lm_studio', 'http://localhost:1234/v1', 'llamacpp'],
    ['hosted_vllm', 'http://localhost:8000/v1', 'generic'],
    ['together_ai', 'https://api.together.xyz/v1', 'generic'],
  ])('%s at %s is %s', (provider, base, flavour) => {
    expect(flavourOfProvider(provider, base)).toBe(flavour);
  });
});

describe('openAiModel', () => {
  it.each([
    ['gpt-4o-2024-08-06', false],
    ['gpt-3.5-turbo', false],
    ['o1', true],
    ['o4-mini', true],
    ['openai/gpt-5.1-codex', true],
    ['gpt-6', true],
    ['omni-moderation-latest', false],
    ['llama3.2', false],
  ])('%s reasons: %s', (name, reasons) => {
    expect(openAiModel(name).reasons).toBe(reasons);
  });
});
