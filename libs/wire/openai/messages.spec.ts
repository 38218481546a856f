import { describe, expect, it } from 'vitest';
import type { ChatMessage } from '../neutral/chat-request.js';
import { parseChatBody } from './chat.js';
import { parseDataUrl } from './data-url.js';

function messages(...list: object[]): ChatMessage[] {
  const result = parseChatBody({ model: 'm', messages: list });
  if (result.kind === 'invalid') throw new Error(result.message);
  return result.value.request.messages;
}

const text = (value: string) => [{ type: 'text', text: value }];
const call = (id: string, name: string, args = '{}') => ({ id, type: 'function', function: { name, arguments: args } });

describe('messages', () => {
  it('know the roles of today and yesterday', () => {
    const list = messages(
      { role: 'developer', content: 'Be brief.' },
      { role: 'user', content: 'Weather?', name: 'ada' },
      { role: 'assistant', content: null, function_call: { name: 'weather', arguments: '{"city":"X"}' } },
      { role: 'function', name: 'weather', content: 'sunny' },
    );
    expect(list).toEqual([
      { role: 'system', content: text('Be brief.') },
      { role: 'user', content: text('Weather?'), name: 'ada' },
      { role: 'assistant', content: [], toolCalls: [{ id: 'call_2_0', name: 'weather', arguments: '{"city":"X"}' }] },
      { role: 'tool', toolCallId: 'call_2_0', toolName: 'weather', content: text('sunny') },
    ]);
  });

  it.each([null, '', undefined])('take %j beside tool calls as no content', (content) => {
    const [message] = messages({ role: 'assistant', content, tool_calls: [call('a', 'f')] });
    expect(message).toEqual({ role: 'assistant', content: [], toolCalls: [{ id: 'a', name: 'f', arguments: '{}' }] });
  });

  it('give results the name of their tool, whether they come with an id or without', () => {
    const list = messages(
      { role: 'assistant', tool_calls: [call('a', 'f'), call('b', 'g')] },
      { role: 'tool', tool_call_id: 'b', content: '2' },
      { role: 'tool', content: '1' },
    );
    expect(list.slice(1)).toMatchObject([
      { toolCallId: 'b', toolName: 'g' },
      { toolCallId: 'a', toolName: 'f' },
    ]);
  });

  it("ignore the unknown fields of a past answer: a dump of the Python SDK's", () => {
    const [message] = messages({
      role: 'assistant',
      content: 'Hi',
      refusal: null,
      annotations: [],
      audio: null,
      function_call: null,
      tool_calls: null,
      provider_specific_fields: { x: 1 },
    });
    expect(message).toEqual({ role: 'assistant', content: text('Hi'), toolCalls: [] });
  });

  it('understand arguments that are an object, and calls without an id', () => {
    const [message] = messages({ role: 'assistant', tool_calls: [{ function: { name: 'f', arguments: { a: 1 } } }] });
    expect(message).toMatchObject({ toolCalls: [{ id: 'call_0_0', name: 'f', arguments: '{"a":1}' }] });
  });

  it.each([
    ['reasoning_content', { reasoning_content: 'Hm' }, [{ text: 'Hm' }]],
    ['reasoning', { reasoning: 'Hm' }, [{ text: 'Hm' }]],
    ['thinking', { thinking: 'Hm' }, [{ text: 'Hm' }]],
    [
      'thinking_blocks, before their text',
      {
        reasoning_content: 'Hm',
        thinking_blocks: [
          { type: 'thinking', thinking: 'Hm', signature: 's' },
          { type: 'redacted_thinking', data: 'd' },
        ],
      },
      [
        { text: 'Hm', signature: 's' },
        { text: '', redacted: 'd' },
      ],
    ],
    [
      'reasoning_details, kept whole',
      { reasoning: 'Hm', reasoning_details: [{ type: 'reasoning.text', text: 'Hm', signature: 's', format: 'x' }] },
      [{ text: 'Hm', signature: 's', details: { type: 'reasoning.text', text: 'Hm', signature: 's', format: 'x' } }],
    ],
    [
      'thinking in the content',
      { content: [{ type: 'thinking', thinking: 'Hm', signature: 's' }] },
      [{ text: 'Hm', signature: 's' }],
    ],
  ])('keep past thinking: %s', (_name, fields, reasoning) => {
    expect(messages({ role: 'assistant', content: 'x', ...fields })[0]).toMatchObject({ reasoning });
  });

  it('read images, audio, files and cache marks', () => {
    const [message] = messages({
      role: 'user',
      content: [
        { type: 'text', text: 'a', cache_control: { type: 'ephemeral' } },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,aGk=', detail: 'low' } },
        { type: 'image_url', image_url: 'https://example.com/a.jpg' },
        { type: 'input_audio', input_audio: { data: 'aGk=', format: 'wav' } },
        { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,aGk=' } },
      ],
    });
    expect(message?.content).toEqual([
      { type: 'text', text: 'a', cacheControl: { type: 'ephemeral' } },
      { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'aGk=' }, detail: 'low' },
      { type: 'image', source: { kind: 'url', url: 'https://example.com/a.jpg' } },
      { type: 'audio', data: 'aGk=', format: 'wav' },
      { type: 'file', filename: 'a.pdf', data: 'data:application/pdf;base64,aGk=' },
    ]);
  });

  it('put the cache mark of a message on its last part', () => {
    const [message] = messages({ role: 'system', content: 'a', cache_control: { type: 'ephemeral', ttl: '1h' } });
    expect(message?.content).toEqual([{ type: 'text', text: 'a', cacheControl: { type: 'ephemeral', ttl: '1h' } }]);
  });
});

describe('tools', () => {
  const settings = (fields: object) => {
    const result = parseChatBody({ model: 'm', messages: [{ role: 'user', content: 'x' }], ...fields });
    if (result.kind === 'invalid') throw new Error(result.message);
    const { tools, toolChoice, parallelToolCalls } = result.value.request;
    return { names: tools?.map(({ name }) => name), toolChoice, parallelToolCalls };
  };
  const tools = ['a', 'b'].map((name) => ({ type: 'function', function: { name } }));

  it.each([
    ['auto', 'auto'],
    ['none', 'none'],
    ['required', 'required'],
    ['any', 'required'],
    [{ type: 'function', function: { name: 'b' } }, { name: 'b' }],
  ])('choice %j', (choice, expected) => {
    expect(settings({ tools, tool_choice: choice })).toMatchObject({ names: ['a', 'b'], toolChoice: expected });
  });

  it('are narrowed by allowed_tools', () => {
    const choice = { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [tools[1]] } };
    expect(settings({ tools, tool_choice: choice })).toMatchObject({ names: ['b'], toolChoice: 'required' });
  });

  it('may be the functions of old', () => {
    const functions = [{ name: 'a', parameters: { type: 'object' } }];
    expect(settings({ functions, function_call: { name: 'a' } })).toMatchObject({
      names: ['a'],
      toolChoice: { name: 'a' },
    });
  });

  it('are called one at a time only where the client says so', () => {
    expect(settings({ tools, parallel_tool_calls: false }).parallelToolCalls).toBe(false);
    expect(settings({ tools, parallel_tool_calls: true }).parallelToolCalls).toBeUndefined();
  });
});

describe('parseDataUrl', () => {
  it.each([
    ['data:image/png;base64,aGk=', { mediaType: 'image/png', data: 'aGk=' }],
    ['DATA:Image/PNG;BASE64,aGk=', { mediaType: 'image/png', data: 'aGk=' }],
    ['data:image/svg+xml;charset=utf-8;base64,aGk=', { mediaType: 'image/svg+xml', data: 'aGk=' }],
    ['data:image/png;base64,a Gk\n=', { mediaType: 'image/png', data: 'aGk=' }],
    ['data:image/png;base64,-_-_', { mediaType: 'image/png', data: '+/+/' }],
    ['data:image/svg+xml,%3Csvg%2F%3E', { mediaType: 'image/svg+xml', data: 'PHN2Zy8+' }],
    ['data:image/png;base64,', null],
    ['data:image/png;base64,!!', null],
    ['data:text/plain,%zz', null],
    ['image/png;base64,aGk=', null],
  ])('%s', (url, expected) => {
    expect(parseDataUrl(url)).toEqual(expected);
  });
});
