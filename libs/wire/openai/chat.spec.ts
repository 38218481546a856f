import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChatRequest } from '../neutral/chat-request.js';
import { parseChatBody, type ChatBody } from './chat.js';
import { bodyLimits, type InvalidBody } from './fields.js';

const hello = [{ role: 'user', content: 'Hi' }];
const said = [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }];

function parsed(fields: object): ChatBody {
  const result = parseChatBody({ model: 'm', messages: hello, ...fields });
  if (result.kind === 'invalid') throw new Error(result.message);
  return result.value;
}

function refused(fields: object): InvalidBody {
  const result = parseChatBody({ model: 'm', messages: hello, ...fields });
  if (result.kind === 'ok') throw new Error('should have been refused');
  return result;
}

const tool = (name: string) => ({ type: 'function', function: { name, parameters: { type: 'object' } } });

describe('parseChatBody', () => {
  it('keeps nothing but what was said', () => {
    expect(parsed({})).toEqual({
      model: 'm',
      stream: false,
      includeUsage: false,
      request: { messages: said },
      gateway: { tags: [] },
    });
  });

  it.each([
    [
      'null everywhere',
      {
        seed: null,
        logprobs: null,
        stop: null,
        tools: null,
        n: null,
        temperature: null,
        stream: null,
        max_tokens: null,
      },
    ],
    [
      'neutral values',
      {
        n: 1,
        presence_penalty: 0,
        frequency_penalty: 0,
        logprobs: false,
        top_logprobs: 0,
        repetition_penalty: 1,
        top_k: -1,
      },
    ],
    ['empty lists and texts', { stop: [], tools: [], logit_bias: {}, user: '' }],
    [
      'defaults spelled out',
      {
        response_format: { type: 'text' },
        service_tier: 'auto',
        store: false,
        modalities: ['text'],
        parallel_tool_calls: true,
      },
    ],
    ['a choice among no tools', { tool_choice: 'auto' }],
    ['no limit, as LM Studio users spell it', { max_tokens: -1 }],
    ['unknown fields', { nonsense: 1, constructor: { a: 1 }, toString: 'x' }],
    ['stream options that change nothing', { stream_options: { include_usage: false } }],
  ])('takes %s as absent', (_name, fields) => {
    expect(parsed(fields).request).toEqual({ messages: said });
  });

  it.each<[string, object, object]>([
    ['max_completion_tokens before max_tokens', { max_completion_tokens: 5, max_tokens: 9 }, { maxTokens: 5 }],
    ['max_tokens', { max_tokens: 9 }, { maxTokens: 9 }],
    [
      'num_predict as a limit',
      { options: { num_predict: 7, mirostat: 1 } },
      { maxTokens: 7, ollamaOptions: { mirostat: 1 } },
    ],
    [
      'sampling',
      { temperature: 0, top_p: 0.5, top_k: 4, min_p: 0.1, seed: 3 },
      { temperature: 0, topP: 0.5, topK: 4, minP: 0.1, seed: 3 },
    ],
    [
      'penalties',
      { presence_penalty: 1, frequency_penalty: -1, repeat_penalty: 1.1 },
      { presencePenalty: 1, frequencyPenalty: -1, repeatPenalty: 1.1 },
    ],
    ['one stop', { stop: 'END' }, { stop: ['END'] }],
    [
      "smolagents' stops",
      { stop: ['Observation:', 'Calling tools:', '</code>'] },
      { stop: ['Observation:', 'Calling tools:', '</code>'] },
    ],
    ['n', { n: 3 }, { n: 3 }],
    ['logit_bias', { logit_bias: { '50256': -100 } }, { logitBias: { '50256': -100 } }],
    ['logprobs', { logprobs: true, top_logprobs: 4 }, { logprobs: true, topLogprobs: 4 }],
    [
      'num_ctx and keep_alive',
      { num_ctx: 8192, keep_alive: '5m' },
      { ollamaOptions: { num_ctx: 8192 }, keepAlive: '5m' },
    ],
    ['extra_body as it stands', { extra_body: { top_k: 3, think: true } }, { topK: 3, reasoning: { enabled: true } }],
    ['reasoning_effort', { reasoning_effort: 'low' }, { reasoning: { effort: 'low' } }],
    ['reasoning_effort none', { reasoning_effort: 'none' }, { reasoning: { effort: 'none', enabled: false } }],
    ["OpenRouter's reasoning", { reasoning: { max_tokens: 2000 } }, { reasoning: { budgetTokens: 2000 } }],
    ['think off', { think: false }, { reasoning: { enabled: false } }],
    ['think by level', { think: 'high' }, { reasoning: { effort: 'high' } }],
    ['JSON mode', { response_format: { type: 'json_object' } }, { responseFormat: { type: 'json_object' } }],
    ["Ollama's format", { format: 'json' }, { responseFormat: { type: 'json_object' } }],
    [
      'a schema',
      {
        response_format: { type: 'json_schema', json_schema: { name: 'a', schema: { type: 'object' }, strict: true } },
      },
      { responseFormat: { type: 'json_schema', name: 'a', schema: { type: 'object' }, strict: true } },
    ],
    [
      'pass-through fields, by list',
      { provider: { order: ['x'] }, models: ['a'], verbosity: 'low', user: 'u' },
      { extra: { provider: { order: ['x'] }, models: ['a'], verbosity: 'low' }, user: 'u' },
    ],
    [
      'thinking',
      { thinking: { type: 'enabled', budget_tokens: 1024 } },
      {
        reasoning: { enabled: true, budgetTokens: 1024 },
        extra: { thinking: { type: 'enabled', budget_tokens: 1024 } },
      },
    ],
    [
      'reasoning to be left out of the answer',
      { reasoning: { exclude: true } },
      { extra: { include_reasoning: false } },
    ],
    [
      'metadata only for stored completions',
      { store: true, metadata: { a: 'b' } },
      { extra: { store: true, metadata: { a: 'b' } } },
    ],
  ])('reads %s', (_name, fields, expected) => {
    expect(parsed(fields).request).toEqual({ messages: said, ...expected });
  });

  it.each<[string, object, string, string | null]>([
    ['no model', { model: undefined }, "Missing required parameter: 'model'.", 'model'],
    ['an empty model', { model: '' }, "Invalid 'model': empty string.", 'model'],
    [
      'a model that is no text',
      { model: 5 },
      "Invalid type for 'model': expected a string, but got an integer instead.",
      'model',
    ],
    ['no messages', { messages: null }, "Missing required parameter: 'messages'.", 'messages'],
    ['empty messages', { messages: [] }, "Invalid 'messages': empty array.", 'messages'],
    [
      'a message that is none',
      { messages: ['Hi'] },
      "Invalid type for 'messages[0]': expected an object",
      'messages[0]',
    ],
    [
      'no role',
      { messages: [{ content: 'x' }] },
      "Missing required parameter: 'messages[0].role'.",
      'messages[0].role',
    ],
    [
      'an unknown role',
      { messages: [...hello, { role: 'robot', content: 'x' }] },
      "Invalid value for 'messages[1].role': 'robot'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool' and 'developer'.",
      'messages[1].role',
    ],
    [
      'a number as content',
      { messages: [...hello, ...hello, { role: 'user', content: 3 }] },
      "Invalid type for 'messages[2].content': expected one of a string or array of objects, but got an integer instead.",
      'messages[2].content',
    ],
    ['no content', { messages: [{ role: 'user' }] }, "Invalid type for 'messages[0].content'", 'messages[0].content'],
    [
      'an unknown part',
      { messages: [{ role: 'user', content: [{ type: 'text', text: 'a' }, { type: 'video' }] }] },
      "Invalid value for 'messages[0].content[1].type': 'video'.",
      'messages[0].content[1].type',
    ],
    [
      'a local file as an image',
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'file:///etc/passwd' } }] }] },
      "Invalid 'messages[0].content[0].image_url.url'. Expected an http(s) URL",
      'messages[0].content[0].image_url.url',
    ],
    [
      'an image in a system message',
      { messages: [{ role: 'system', content: [{ type: 'image_url', image_url: { url: 'https://a/b.png' } }] }] },
      "Invalid value for 'messages[0].content[0].type': 'image'.",
      'messages[0].content[0].type',
    ],
    [
      'a result of no call',
      { messages: [{ role: 'tool', content: 'x' }] },
      "'messages[0].tool_call_id'",
      'messages[0].tool_call_id',
    ],
    [
      'a text as temperature',
      { temperature: '1' },
      "Invalid type for 'temperature': expected a decimal, but got a string instead.",
      'temperature',
    ],
    [
      'a high temperature',
      { temperature: 3 },
      "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 3 instead.",
      'temperature',
    ],
    [
      'no tokens at all',
      { max_tokens: 0 },
      "Invalid 'max_tokens': integer below minimum value. Expected a value >= 1, but got 0 instead.",
      'max_tokens',
    ],
    [
      'half a token',
      { max_completion_tokens: 1.5 },
      "Invalid type for 'max_completion_tokens': expected an integer, but got a decimal instead.",
      'max_completion_tokens',
    ],
    ['an endless number', { seed: Infinity }, "Invalid 'seed': integer above maximum value.", 'seed'],
    ['a stop that is no text', { stop: ['a', 3] }, "Invalid type for 'stop[1]'", 'stop[1]'],
    ['a bias that is no number', { logit_bias: { a: 'x' } }, "Invalid type for 'logit_bias.a'", 'logit_bias.a'],
    [
      'top_logprobs alone',
      { top_logprobs: 2 },
      "'top_logprobs' is only allowed when 'logprobs' is enabled",
      'top_logprobs',
    ],
    [
      'usage of no stream',
      { stream_options: { include_usage: true } },
      "only allowed when 'stream' is enabled",
      'stream_options',
    ],
    [
      'an unknown effort',
      { reasoning_effort: 'huge' },
      "Invalid value for 'reasoning_effort': 'huge'.",
      'reasoning_effort',
    ],
    [
      'an unknown tool type',
      { tools: [{ type: 'web_search' }] },
      "Invalid value for 'tools[0].type': 'web_search'. Supported values are: 'function'.",
      'tools[0].type',
    ],
    [
      'a tool without a name',
      { tools: [{ type: 'function', function: {} }] },
      "Missing required parameter: 'tools[0].function.name'.",
      'tools[0].function.name',
    ],
    [
      'a forced tool that is not offered',
      { tools: [tool('a')], tool_choice: { type: 'function', function: { name: 'b' } } },
      "Invalid value for 'tool_choice': 'b'. Supported values are: 'a'.",
      'tool_choice',
    ],
    [
      'a forced choice without tools',
      { tool_choice: 'required' },
      "only allowed when 'tools' are specified",
      'tool_choice',
    ],
    [
      'a schema without a type',
      { response_format: {} },
      "Missing required parameter: 'response_format.type'.",
      'response_format.type',
    ],
  ])('refuses %s', (_name, fields, message, param) => {
    const problem = refused(fields);
    expect(problem.message).toContain(message);
    expect(problem).toMatchObject({ param, code: 'invalid_request' });
  });

  it.each(['api_base', 'base_url', 'api_key'])("refuses %s: upstreams are not the client's to choose", (name) => {
    expect(refused({ [name]: 'x' })).toMatchObject({ param: name, code: 'unsupported_parameter' });
    expect(refused({ extra_body: { [name]: 'x' } })).toMatchObject({ param: name });
  });

  it.each([undefined, null, 'text', 7, [], true])('refuses a body that is no object: %j', (body) => {
    expect(parseChatBody(body)).toMatchObject({ kind: 'invalid', param: null });
  });

  it('asks for the usage chunk only when the client does', () => {
    expect(parsed({ stream: true })).toMatchObject({ stream: true, includeUsage: false });
    expect(parsed({ stream: true, stream_options: { include_usage: true } })).toMatchObject({ includeUsage: true });
  });

  it('bounds depth without running out of stack', () => {
    let deep: unknown = 'x';
    for (let level = 0; level < 50_000; level += 1) deep = { deep };
    expect(refused({ metadata: deep }).message).toContain(`at most ${bodyLimits.depth} levels`);
  });

  it('bounds the number of messages and tools', () => {
    expect(refused({ messages: Array.from({ length: bodyLimits.messages + 1 }, () => hello[0]) }).message).toContain(
      'array too long',
    );
    expect(refused({ tools: Array.from({ length: bodyLimits.tools + 1 }, () => tool('a')) }).param).toBe('tools');
  });

  it('never takes a field from a prototype, and passes no __proto__ on', () => {
    const body: unknown = JSON.parse(
      '{"__proto__":{"model":"evil"},"messages":[{"role":"user","content":"Hi"}],"model":"m","tools":[{"type":"function","function":{"name":"f","parameters":{"__proto__":{"a":1},"properties":{"constructor":{"type":"string"}}}}}]}',
    );
    const result = parseChatBody(body);
    expect(result.kind).toBe('ok');
    const parameters = result.kind === 'ok' ? result.value.request.tools?.[0]?.parameters : undefined;
    expect(Object.keys(parameters ?? {})).toEqual(['properties']);
    expect(parameters?.['properties']).toEqual({ constructor: { type: 'string' } });
    expect(parseChatBody(JSON.parse('{"__proto__":{"model":"evil"},"messages":[]}'))).toMatchObject({ param: 'model' });
  });

  it('reads own fields only', () => {
    const body: unknown = Object.assign(Object.create({ model: 'inherited', stream: true }), { messages: hello });
    expect(parseChatBody(body)).toMatchObject({ kind: 'invalid', param: 'model' });
  });

  it('gives a request of the neutral schema for any body that it takes, and never throws', () => {
    const value = fc.jsonValue();
    const body = fc.record(
      {
        model: fc.oneof(fc.constant('m'), value),
        messages: fc.array(
          fc.record(
            {
              role: fc.constantFrom('user', 'assistant', 'system', 'tool', 'function', 'x'),
              content: value,
              tool_call_id: fc.constant('c'),
              tool_calls: value,
            },
            { requiredKeys: [] },
          ),
        ),
        tools: value,
        stop: value,
        reasoning: value,
        thinking: value,
        response_format: value,
        options: value,
        metadata: value,
        cache: value,
        fallbacks: value,
      },
      { requiredKeys: ['messages'] },
    );
    fc.assert(
      fc.property(body, (made) => {
        const result = parseChatBody(made);
        if (result.kind === 'ok') expect(ChatRequest.parse(result.value.request)).toEqual(result.value.request);
        else expect(result.message).not.toBe('');
      }),
      { numRuns: 400 },
    );
  });
});
