import { describe, expect, it } from 'vitest';
import { ChatRequest } from '../neutral/chat-request.js';
import { anthropicErrorBody } from './error.js';
import { parseCountTokensBody, parseMessagesBody } from './messages.js';

const hello = [{ role: 'user', content: 'Hi' }];
const text = (value: string) => [{ type: 'text', text: value }];
const said = [{ role: 'user', content: text('Hi') }];
const tools = [{ name: 'f', description: 'd', input_schema: { type: 'object' } }];

function request(fields: object): ChatRequest {
  const result = parseMessagesBody({ model: 'm', max_tokens: 9, messages: hello, ...fields });
  if (result.kind === 'invalid') throw new Error(result.message);
  expect(ChatRequest.parse(result.value.request)).toEqual(result.value.request);
  return result.value.request;
}

describe('parseMessagesBody', () => {
  it.each<[string, object, object]>([
    ['stop sequences', { stop_sequences: ['END'] }, { stop: ['END'] }],
    ['sampling', { temperature: 0.5, top_p: 0.9, top_k: 3 }, { temperature: 0.5, topP: 0.9, topK: 3 }],
    ['a user', { metadata: { user_id: 'u' } }, { user: 'u' }],
    [
      'thinking off',
      { thinking: { type: 'disabled' } },
      { reasoning: { enabled: false }, extra: { thinking: { type: 'disabled' } } },
    ],
    [
      'thinking with a budget and effort',
      { thinking: { type: 'enabled', budget_tokens: 2048 }, output_config: { effort: 'low' } },
      {
        reasoning: { effort: 'low', budgetTokens: 2048, enabled: true },
        extra: { thinking: { type: 'enabled', budget_tokens: 2048 }, output_config: { effort: 'low' } },
      },
    ],
    [
      'adaptive thinking',
      { thinking: { type: 'adaptive', display: 'summarized' } },
      { reasoning: { enabled: true }, extra: { thinking: { type: 'adaptive', display: 'summarized' } } },
    ],
    [
      "ai-sdk's schema",
      { output_config: { format: { type: 'json_schema', schema: { type: 'object' } } } },
      { responseFormat: { type: 'json_schema', name: 'response', schema: { type: 'object' } } },
    ],
    [
      "the Python SDK's schema",
      { output_format: { type: 'json_schema', schema: { type: 'object' } } },
      { responseFormat: { type: 'json_schema', name: 'response', schema: { type: 'object' } } },
    ],
    [
      'tools',
      { tools, tool_choice: { type: 'any', disable_parallel_tool_use: true } },
      {
        tools: [{ name: 'f', description: 'd', parameters: { type: 'object' } }],
        toolChoice: 'required',
        parallelToolCalls: false,
      },
    ],
    [
      'a forced tool',
      { tools: [{ type: 'custom', ...tools[0] }], tool_choice: { type: 'tool', name: 'f' } },
      { tools: [{ name: 'f', description: 'd', parameters: { type: 'object' } }], toolChoice: { name: 'f' } },
    ],
    [
      'unknown and null fields',
      { container: null, thread: null, mcp_servers: [], nonsense: 1, service_tier: 'auto' },
      {},
    ],
  ])('reads %s', (_name, fields, expected) => {
    expect(request(fields)).toEqual({ messages: said, maxTokens: 9, ...expected });
  });

  it('takes the system prompt as text or blocks, and keeps cache marks', () => {
    expect(request({ system: 'Be brief.' }).messages[0]).toEqual({ role: 'system', content: text('Be brief.') });
    const mark = { type: 'ephemeral', ttl: '1h' };
    expect(request({ system: [{ type: 'text', text: 'a', cache_control: mark }] }).messages[0]).toEqual({
      role: 'system',
      content: [{ type: 'text', text: 'a', cacheControl: mark }],
    });
    expect(request({ tools: [{ ...tools[0], cache_control: mark }] }).tools?.[0]?.cacheControl).toEqual(mark);
  });

  it('takes a tool turn with thinking apart: results first, then what the user says', () => {
    const { messages } = request({
      messages: [
        ...hello,
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'Hm', signature: 'sig' },
            { type: 'redacted_thinking', data: 'opaque' },
            { type: 'text', text: 'Looking' },
            { type: 'tool_use', id: 'toolu_1', name: 'f', input: { city: 'X' } },
            { type: 'tool_use', id: 'toolu_2', name: 'g', input: {} },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'toolu_1', content: 'sunny', cache_control: { type: 'ephemeral' } },
            {
              type: 'tool_result',
              tool_use_id: 'toolu_2',
              is_error: true,
              content: [
                { type: 'text', text: 'broken' },
                { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'aGk=' } },
              ],
            },
            { type: 'text', text: 'And?' },
          ],
        },
      ],
    });
    expect(messages.slice(1)).toEqual([
      {
        role: 'assistant',
        content: text('Looking'),
        reasoning: [
          { text: 'Hm', signature: 'sig' },
          { text: '', redacted: 'opaque' },
        ],
        toolCalls: [
          { id: 'toolu_1', name: 'f', arguments: '{"city":"X"}' },
          { id: 'toolu_2', name: 'g', arguments: '{}' },
        ],
      },
      {
        role: 'tool',
        toolCallId: 'toolu_1',
        toolName: 'f',
        content: text('sunny'),
        cacheControl: { type: 'ephemeral' },
      },
      {
        role: 'tool',
        toolCallId: 'toolu_2',
        toolName: 'g',
        isError: true,
        content: [
          ...text('broken'),
          { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'aGk=' } },
        ],
      },
      { role: 'user', content: text('And?') },
    ]);
  });

  it('reads images and documents that bring their content, and images by address', () => {
    const content = [
      { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
      { type: 'document', title: 'Notes', source: { type: 'text', media_type: 'text/plain', data: 'body' } },
      { type: 'document', title: 'a.pdf', source: { type: 'base64', media_type: 'application/pdf', data: 'aGk=' } },
    ];
    expect(request({ messages: [{ role: 'user', content }] }).messages[0]?.content).toEqual([
      { type: 'image', source: { kind: 'url', url: 'https://example.com/a.png' } },
      { type: 'text', text: 'Notes\n\nbody' },
      { type: 'file', filename: 'a.pdf', data: 'data:application/pdf;base64,aGk=' },
    ]);
  });

  it('carries betas for Anthropic upstreams only', () => {
    const body = { model: 'm', max_tokens: 9, messages: hello };
    expect(parseMessagesBody(body, { beta: 'prompt-caching-2024-07-31' })).toMatchObject({
      value: { request: { extra: { anthropic_beta: 'prompt-caching-2024-07-31' } } },
    });
  });

  it.each([{ type: 'create' }, { type: 'continue', previous_message_id: 'msg_1' }])(
    'refuses a thread with the code on which the SDKs send everything again: %j',
    (thread) => {
      const result = parseMessagesBody({ model: 'm', max_tokens: 9, messages: hello, thread });
      if (result.kind === 'ok') throw new Error('should have been refused');
      const { message, details } = result;
      expect(anthropicErrorBody({ type: 'invalid_request_error', message, details })).toEqual({
        type: 'error',
        error: {
          type: 'invalid_request_error',
          message: expect.stringContaining("'thread'") as string,
          details: { error_code: 'thread_unsupported_request', unsupported: ['thread'] },
        },
      });
    },
  );

  it.each([
    [{ max_tokens: undefined }, 'max_tokens', "Missing required parameter: 'max_tokens'."],
    [{ max_tokens: -1 }, 'max_tokens', 'below minimum value'],
    [{ max_tokens: 0 }, 'max_tokens', 'below minimum value'],
    [{ model: undefined }, 'model', "Missing required parameter: 'model'."],
    [{ messages: [] }, 'messages', 'empty array'],
    [{ messages: [{ role: 'robot', content: 'x' }] }, 'messages[0].role', "'robot'"],
    [{ messages: [{ role: 'user' }] }, 'messages[0].content', "Invalid type for 'messages[0].content'"],
    [
      { messages: [{ role: 'user', content: [{ type: 'text', text: 'a' }, { type: 'film' }] }] },
      'messages[0].content[1].type',
      "'film'",
    ],
    [
      { messages: [{ role: 'user', content: [{ type: 'tool_result', content: 'x' }] }] },
      'messages[0].content[0].tool_use_id',
      'Missing',
    ],
    [
      {
        messages: [
          {
            role: 'user',
            content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: '!' } }],
          },
        ],
      },
      'messages[0].content[0].source.data',
      'base64',
    ],
    [{ system: [{ type: 'image' }] }, 'system[0].type', "'image'"],
    [{ tools: [{ type: 'web_search_20250305' }] }, 'tools[0].name', 'Missing'],
    [{ tools, tool_choice: { type: 'tool', name: 'g' } }, 'tool_choice.name', "Supported values are: 'f'"],
    [{ tool_choice: { type: 'any' } }, 'tool_choice', "only allowed when 'tools' are specified"],
    [{ mcp_servers: [{ url: 'x' }] }, 'mcp_servers', 'not offered'],
    [{ base_url: 'http://x' }, 'base_url', 'belong to the gateway'],
  ])('refuses %j, naming the field', (fields, param, message) => {
    const result = parseMessagesBody({ model: 'm', max_tokens: 9, messages: hello, ...fields });
    expect(result).toMatchObject({ kind: 'invalid', param, message: expect.stringContaining(message) as string });
  });

  it('counts tokens of a body without max_tokens', () => {
    expect(parseCountTokensBody({ model: 'm', messages: hello })).toMatchObject({ kind: 'ok' });
  });
});
