import { describe, expect, it } from 'vitest';
import { ChatRequest } from '../neutral/chat-request.js';
import { parseResponsesBody } from './request.js';

function request(fields: object): ChatRequest {
  const result = parseResponsesBody({ model: 'm', input: 'Hi', ...fields });
  if (result.kind === 'invalid') throw new Error(result.message);
  expect(ChatRequest.parse(result.value.request)).toEqual(result.value.request);
  return result.value.request;
}

const text = (value: string) => [{ type: 'text', text: value }];
const said = [{ role: 'user', content: text('Hi') }];

describe('parseResponsesBody', () => {
  it('takes a text, with instructions before it', () => {
    expect(request({ instructions: 'Be brief.' }).messages).toEqual([
      { role: 'system', content: text('Be brief.') },
      ...said,
    ]);
  });

  it('joins items, with and without a type, to messages that chat upstreams accept', () => {
    const { messages } = request({
      input: [
        { role: 'developer', content: 'Be brief.' },
        {
          type: 'message',
          role: 'user',
          content: [
            { type: 'input_text', text: 'Look' },
            { type: 'input_image', image_url: 'data:image/png;base64,aGk=', detail: 'auto' },
            { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,aGk=' },
          ],
        },
        { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'Hm' }] },
        { role: 'assistant', content: [{ type: 'output_text', text: 'One moment', annotations: [] }] },
        { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{"a":1}' },
        { type: 'function_call', id: 'fc_2', call_id: 'call_2', name: 'g', arguments: '' },
        { type: 'function_call_output', call_id: 'call_1', output: 'one' },
        { type: 'function_call_output', call_id: 'call_2', output: [{ type: 'input_text', text: 'two' }] },
        { role: 'assistant', content: 'Done' },
      ],
    });
    expect(messages).toEqual([
      { role: 'system', content: text('Be brief.') },
      {
        role: 'user',
        content: [
          ...text('Look'),
          { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'aGk=' }, detail: 'auto' },
          { type: 'file', filename: 'a.pdf', data: 'data:application/pdf;base64,aGk=' },
        ],
      },
      {
        role: 'assistant',
        content: text('One moment'),
        reasoning: [{ text: 'Hm' }],
        toolCalls: [
          { id: 'call_1', name: 'f', arguments: '{"a":1}' },
          { id: 'call_2', name: 'g', arguments: '{}' },
        ],
      },
      { role: 'tool', toolCallId: 'call_1', toolName: 'f', content: text('one') },
      { role: 'tool', toolCallId: 'call_2', toolName: 'g', content: text('two') },
      { role: 'assistant', content: text('Done'), toolCalls: [] },
    ]);
  });

  it.each<[string, object, object]>([
    ['max_output_tokens', { max_output_tokens: 5 }, { maxTokens: 5 }],
    ['reasoning', { reasoning: { effort: 'high', summary: 'auto' } }, { reasoning: { effort: 'high' } }],
    [
      'flat tools and a flat choice',
      {
        tools: [{ type: 'function', name: 'f', description: null, parameters: { type: 'object' }, strict: true }],
        tool_choice: { type: 'function', name: 'f' },
        parallel_tool_calls: false,
      },
      {
        tools: [{ name: 'f', parameters: { type: 'object' }, strict: true }],
        toolChoice: { name: 'f' },
        parallelToolCalls: false,
      },
    ],
    [
      'a text format',
      { text: { format: { type: 'json_schema', name: 'a', schema: { type: 'object' } }, verbosity: 'low' } },
      {
        responseFormat: { type: 'json_schema', name: 'a', schema: { type: 'object' } },
        extra: { verbosity: 'low' },
      },
    ],
    ['plain text format', { text: { format: { type: 'text' } } }, {}],
    ['logprobs', { include: ['message.output_text.logprobs'], top_logprobs: 3 }, { logprobs: true, topLogprobs: 3 }],
    [
      "opencode's habits",
      { store: false, prompt_cache_key: 'k', include: ['reasoning.encrypted_content'], truncation: 'disabled' },
      { extra: { prompt_cache_key: 'k' } },
    ],
    ['nulls', { previous_response_id: null, conversation: null, background: false, tools: null, text: null }, {}],
  ])('reads %s', (_name, fields, expected) => {
    expect(request(fields)).toEqual({ messages: said, ...expected });
  });

  it.each([
    [{ previous_response_id: 'resp_1' }, 'previous_response_id'],
    [{ conversation: 'conv_1' }, 'conversation'],
    [{ conversation: { id: 'conv_1' } }, 'conversation'],
    [{ background: true }, 'background'],
    [{ prompt: { id: 'pmpt_1' } }, 'prompt'],
    [{ input: [{ type: 'item_reference', id: 'msg_1' }] }, 'input[0]'],
  ])('refuses what needs a store: %j', (fields, param) => {
    expect(parseResponsesBody({ model: 'm', input: 'Hi', ...fields })).toMatchObject({
      kind: 'invalid',
      code: 'unsupported_parameter',
      param,
      message: expect.stringContaining(`'${param}'`) as string,
    });
  });

  it.each([
    [{ input: undefined }, 'input'],
    [{ input: [] }, 'input'],
    [{ input: 7 }, 'input'],
    [{ input: [{ role: 'user', content: 'a' }, { type: 'web_search_call' }] }, 'input[1].type'],
    [{ input: [{ role: 'user', content: [{ type: 'video' }] }] }, 'input[0].content[0].type'],
    [
      { input: [{ role: 'user', content: [{ type: 'input_file', file_url: 'https://a/b.pdf' }] }] },
      'input[0].content[0].file_url',
    ],
    [{ input: [{ type: 'function_call', name: 'f', arguments: '{}' }] }, 'input[0].call_id'],
    [{ input: [{ type: 'function_call_output', call_id: 'a' }] }, 'input[0].output'],
    [{ tools: [{ type: 'web_search' }] }, 'tools[0].type'],
    [{ max_output_tokens: 0 }, 'max_output_tokens'],
    [{ api_key: 'sk' }, 'api_key'],
  ])('refuses %j, naming the field', (fields, param) => {
    expect(parseResponsesBody({ model: 'm', input: 'Hi', ...fields })).toMatchObject({ kind: 'invalid', param });
  });

  it('drops reasoning that some other service encrypted', () => {
    const { messages } = request({
      input: [
        { role: 'user', content: 'Hi' },
        { type: 'reasoning', summary: [], encrypted_content: 'gAAAA' },
      ],
    });
    expect(messages.at(-1)).toEqual({ role: 'assistant', content: [], toolCalls: [] });
  });
});
