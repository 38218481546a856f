import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recording } from '../__fixtures__/recording.js';
import type { ChatMessage, ChatRequest, CompletionRequest } from '../neutral/chat-request.js';
import { type OllamaWriteOptions, writeOllamaChat, writeOllamaEmbed, writeOllamaGenerate } from './request.js';

const user = (text: string): ChatMessage => ({ role: 'user', content: [{ type: 'text', text }] });
const hi: ChatRequest = { messages: [user('hi')] };
const base: OllamaWriteOptions = { model: 'm', stream: false };
const write = (request: Partial<ChatRequest>, options: Partial<OllamaWriteOptions> = {}) =>
  writeOllamaChat({ ...hi, ...request }, { ...base, ...options });

const weatherTool = {
  name: 'get_weather',
  description: 'Weather of a city',
  parameters: { type: 'object', required: ['city'], properties: { city: { type: 'string' } } },
};
const timeTool = {
  name: 'get_time',
  parameters: { type: 'object', properties: { zone: { type: 'string' }, dst: { type: 'boolean' } } },
};

describe('bodies that a real Ollama has taken', () => {
  const recorded: readonly (readonly [string, ChatRequest, Partial<OllamaWriteOptions>])[] = [
    [
      'chat-tools-stream',
      { messages: [user('weather?')], tools: [weatherTool, timeTool], temperature: 0 },
      { stream: true },
    ],
    [
      'chat-think',
      { messages: [user('hi')], temperature: 0, reasoning: { enabled: true } },
      { capabilities: ['completion', 'thinking'] },
    ],
    [
      'chat-think-high',
      { messages: [user('hi')], temperature: 0, reasoning: { effort: 'high' } },
      { capabilities: ['thinking'] },
    ],
    ['chat-think-off', { messages: [user('hi')], temperature: 0, reasoning: { enabled: false } }, {}],
    ['chat-logprobs', { messages: [user('hi')], logprobs: true, temperature: 0, seed: 1, maxTokens: 3 }, {}],
    [
      'chat-tools-result',
      {
        messages: [
          user('weather?'),
          {
            role: 'assistant',
            content: [],
            toolCalls: [{ id: 'call_1', name: 'get_weather', arguments: '{"city":"Paris"}' }],
          },
          { role: 'tool', toolCallId: 'call_1', content: [{ type: 'text', text: 'sunny' }] },
        ],
        tools: [weatherTool],
        temperature: 0,
      },
      {},
    ],
  ];
  it.each(recorded)('%s', (name, request, options) => {
    const sent = recording(name).requestBody;
    const model = typeof sent === 'object' && sent !== null && 'model' in sent ? String(sent.model) : '';
    const { body, dropped, unsupported } = writeOllamaChat(request, { ...base, model, ...options });
    const { messages, ...rest } = body;
    // Recordings leave out what is the default there: stream true, the index of a call.
    expect({ messages: withoutIndexes(messages), ...rest }).toEqual({
      stream: true,
      ...(typeof sent === 'object' ? sent : {}),
    });
    expect({ dropped, unsupported }).toEqual({ dropped: [], unsupported: [] });
  });

  function withoutIndexes(messages: unknown): unknown {
    return JSON.parse(JSON.stringify(messages, (key, value: unknown) => (key === 'index' ? undefined : value)));
  }

  it('generate-suffix', () => {
    const completion: CompletionRequest = {
      prompts: ['def f('],
      suffix: 'return',
      temperature: 0,
      seed: 1,
      maxTokens: 6,
    };
    const written = writeOllamaGenerate(completion, 'def f(', { model: 'tiny-insert', stream: false });
    expect(written.body).toEqual(recording('generate-suffix').requestBody);
  });

  it('embed-batch', () => {
    const written = writeOllamaEmbed(
      { inputs: ['green signal', 'red line'], encodingFormat: 'base64' },
      { model: 'tiny-embed' },
    );
    expect(written.body).toEqual(recording('embed-batch').requestBody);
  });
});

describe('writeOllamaChat', () => {
  it('writes sampling as options, and frequency_penalty never as repeat_penalty', () => {
    const request = {
      maxTokens: 9,
      temperature: 0.5,
      topP: 0.9,
      topK: 3,
      minP: 0.1,
      seed: 7,
      stop: ['x'],
      presencePenalty: 1,
      frequencyPenalty: 0.5,
    };
    expect(write(request).body['options']).toEqual({
      num_predict: 9,
      temperature: 0.5,
      top_p: 0.9,
      top_k: 3,
      min_p: 0.1,
      seed: 7,
      stop: ['x'],
      presence_penalty: 1,
      frequency_penalty: 0.5,
    });
  });

  it('fills in the defaults of the deployment, and the request wins', () => {
    const params = { temperature: 0.1, max_tokens: 50, stop: 'END', top_k: 5, think: false, nonsense: 1 };
    const { body, dropped } = write({ temperature: 0.9 }, { params });
    expect(body['options']).toEqual({ temperature: 0.9, num_predict: 50, stop: ['END'], top_k: 5 });
    expect(body['think']).toBe(false);
    expect(dropped).toEqual(['nonsense']);
  });

  it('pins num_ctx and keep_alive, whatever the client says', () => {
    const request = { ollamaOptions: { num_ctx: 1024, num_gpu: 1, mirostat: 2, top_k: 4 }, keepAlive: 0 };
    const params = { num_ctx: 8192, keep_alive: '30m' };
    const pinned = write(request, { params });
    expect(pinned.body['options']).toEqual({ num_ctx: 8192, top_k: 4 });
    expect(pinned.body['keep_alive']).toBe('30m');
    expect([...pinned.dropped].sort()).toEqual(['keep_alive', 'mirostat', 'num_ctx', 'num_gpu']);
    const unpinned = write(request);
    expect(unpinned.body['options']).toEqual({ top_k: 4 });
    expect(unpinned.body).not.toHaveProperty('keep_alive');
    const free = write(request, { clientMayTuneHost: true });
    expect(free.body['options']).toEqual({ num_ctx: 1024, num_gpu: 1, top_k: 4 });
    expect(free.body['keep_alive']).toBe(0);
  });

  it.each([
    ['300', 300],
    ['-1', -1],
    ['5m', '5m'],
    [60, 60],
  ])('writes keep_alive %j so that Ollama takes it', (value, expected) => {
    expect(write({}, { params: { keep_alive: value } }).body['keep_alive']).toBe(expected);
  });

  it('merges extra_body over the body, into the options too', () => {
    const { body } = write({ temperature: 1 }, { extraBody: { think: true, options: { num_gpu: 0 } } });
    expect(body).toMatchObject({ think: true, options: { temperature: 1, num_gpu: 0 } });
  });

  it('takes a `think` of extra_body back where the model is known not to think', () => {
    const extraBody = { think: true };
    const written = write({}, { extraBody, capabilities: ['completion'] });
    expect(written.body).not.toHaveProperty('think');
    expect(written.dropped).toEqual(['think']);
    expect(write({}, { extraBody, capabilities: ['thinking'] }).body['think']).toBe(true);
  });

  it('joins text parts, and moves images to their list', () => {
    const image = { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'AAAA' } } as const;
    const message: ChatMessage = {
      role: 'user',
      content: [{ type: 'text', text: 'a' }, image, { type: 'text', text: 'b' }],
    };
    expect(write({ messages: [message] }).body['messages']).toEqual([
      { role: 'user', content: 'a\nb', images: ['AAAA'] },
    ]);
  });

  it.each([
    ['an image by URL', { type: 'image', source: { kind: 'url', url: 'https://example.com/a.png' } }],
    ['audio', { type: 'audio', data: 'AAAA', format: 'wav' }],
    ['a file', { type: 'file', data: 'AAAA' }],
  ] as const)('refuses %s rather than answer without it', (_name, part) => {
    const { refusal, unsupported } = write({ messages: [{ role: 'user', content: [part] }] });
    expect(refusal).toMatchObject({ code: 'unsupported_parameter', param: 'messages', blame: 'request' });
    expect(unsupported).toEqual([]);
  });

  it('sends thinking and calls of earlier turns back, arguments as objects', () => {
    const calls = ['{"a":1}', '', 'not json', '[1]'].map((text, i) => ({ id: `c${i}`, name: 'f', arguments: text }));
    const { body } = write({
      messages: [{ role: 'assistant', content: [], reasoning: [{ text: 'hm' }], toolCalls: calls }],
    });
    expect(body['messages']).toMatchObject([
      {
        content: '',
        thinking: 'hm',
        tool_calls: [
          { id: 'c0', function: { index: 0, arguments: { a: 1 } } },
          { id: 'c1', function: { index: 1, arguments: {} } },
          { id: 'c2', function: { arguments: { invalid_arguments: 'not json' } } },
          { id: 'c3', function: { arguments: { invalid_arguments: '[1]' } } },
        ],
      },
    ]);
  });

  it.each([
    ['none', undefined, []],
    ['auto', ['get_weather', 'get_time'], []],
    ['required', ['get_weather', 'get_time'], ['tool_choice']],
    [{ name: 'get_time' }, ['get_time'], ['tool_choice']],
  ] as const)('tool_choice %j', (toolChoice, names, dropped) => {
    const written = write({ tools: [weatherTool, timeTool], toolChoice });
    const tools = written.body['tools'];
    const sent = Array.isArray(tools)
      ? tools.map((tool: { function: { name: string } }) => tool.function.name)
      : undefined;
    expect(sent).toEqual(names);
    expect(written.dropped).toEqual(dropped);
  });

  it.each([
    [{ type: 'json_object' }, 'json'],
    [{ type: 'json_schema', name: 'x', schema: { type: 'object' } }, { type: 'object' }],
  ] as const)('format of %j', (responseFormat, format) => {
    expect(write({ responseFormat }).body['format']).toEqual(format);
  });

  const thinking = ['completion', 'thinking'];
  it.each([
    ['no wish', undefined, 'qwen3', thinking, undefined, []],
    ['on', { enabled: true }, 'qwen3', thinking, true, []],
    ['off', { enabled: false }, 'qwen3', thinking, false, []],
    ['effort none', { effort: 'none' }, 'qwen3', thinking, false, []],
    ['a level', { effort: 'medium' }, 'qwen3', thinking, 'medium', []],
    ['a level of OpenAI', { effort: 'xhigh' }, 'qwen3', thinking, 'max', []],
    ['minimal', { effort: 'minimal' }, 'qwen3', thinking, 'low', []],
    ['a budget', { budgetTokens: 2000 }, 'qwen3', thinking, true, []],
    ['a model that cannot', { effort: 'high' }, 'llama3.2', ['completion'], undefined, ['reasoning_effort']],
    ['off where there is nothing to switch off', { enabled: false }, 'llama3.2', ['completion'], undefined, []],
    ['nobody knows the model', { effort: 'high' }, 'x', null, undefined, ['reasoning_effort']],
    ['nobody knows, on', { enabled: true }, 'x', null, undefined, []],
    ['nobody knows, off', { enabled: false }, 'x', null, false, []],
    ['gpt-oss takes levels', { effort: 'high' }, 'gpt-oss:20b', null, 'high', []],
    ['gpt-oss on', { enabled: true }, 'gpt-oss:20b', null, 'medium', []],
    ['gpt-oss cannot be switched off', { enabled: false }, 'gpt-oss:20b', null, 'low', ['reasoning_effort']],
  ])('think: %s', (_name, reasoning, model, capabilities, think, dropped) => {
    const written = write(reasoning === undefined ? {} : { reasoning }, { model, capabilities });
    expect(written.body['think']).toBe(think);
    expect(written.dropped).toEqual(dropped);
  });

  it.each([
    ['n', { n: 2 }],
    ['logit_bias', { logitBias: { '5': -100 } }],
    ['audio', { extra: { audio: { voice: 'x' } } }],
    ['web_search_options', { extra: { web_search_options: {} } }],
    ['modalities', { extra: { modalities: ['text', 'audio'] } }],
  ] as const)('cannot express %s', (name, request: Partial<ChatRequest>) => {
    expect(write(request).unsupported).toEqual([name]);
    expect(write(request, { omit: [name] }).unsupported).toEqual([]);
  });

  it('finds nothing unsupported at neutral values, nor in hints', () => {
    const request = {
      n: 1,
      logitBias: {},
      parallelToolCalls: false,
      user: 'u',
      toolChoice: 'auto',
      extra: { modalities: ['text'], audio: null, service_tier: 'flex', metadata: {}, store: true, provider: {} },
    } as const;
    expect(write({ ...request, extra: { ...request.extra, modalities: ['text'] } }).unsupported).toEqual([]);
  });

  it('sends only fields that Ollama lists (property)', () => {
    const known = [
      'model',
      'messages',
      'stream',
      'format',
      'keep_alive',
      'tools',
      'options',
      'think',
      'truncate',
      'logprobs',
      'top_logprobs',
    ];
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.dictionary(fc.string(), fc.jsonValue()),
        (extra, params) => {
          const { body } = write({ extra, ollamaOptions: extra }, { params });
          for (const name of Object.keys(body)) expect(known).toContain(name);
        },
      ),
    );
  });
});
