import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChatMessage, ChatRequest } from '../neutral/chat-request.js';
import { writeAnthropicMessages } from './request.js';

const text = (value: string) => ({ type: 'text', text: value }) as const;
const user = (value: string): ChatMessage => ({ role: 'user', content: [text(value)] });
const write = (request: ChatRequest) => writeAnthropicMessages(request, { model: 'claude-sonnet-4-5', stream: false });

describe('messages', () => {
  const messagesOf = (messages: ChatMessage[]) => write({ messages }).body['messages'];
  const call = (id: string, args = '{}') => ({ id, name: 'f', arguments: args });

  it('puts all results of a turn first into one user message, with the text that follows', () => {
    expect(
      messagesOf([
        user('go'),
        { role: 'assistant', content: [text('ok')], toolCalls: [call('a', '{"x":1}'), call('functions.f:1', '')] },
        { role: 'tool', toolCallId: 'a', content: [text('one')] },
        user('and then'),
        { role: 'tool', toolCallId: 'functions.f:1', content: [text('two'), text('more')], isError: true },
      ]),
    ).toEqual([
      { role: 'user', content: [text('go')] },
      {
        role: 'assistant',
        content: [
          text('ok'),
          { type: 'tool_use', id: 'a', name: 'f', input: { x: 1 } },
          { type: 'tool_use', id: 'functions_f_1', name: 'f', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'a', content: 'one' },
          { type: 'tool_result', tool_use_id: 'functions_f_1', content: [text('two'), text('more')], is_error: true },
          text('and then'),
        ],
      },
    ]);
  });

  it('merges messages of one role, leaves empty ones out, and begins with the user', () => {
    expect(
      messagesOf([
        { role: 'assistant', content: [text('Hello')], toolCalls: [] },
        user('a'),
        { role: 'assistant', content: [text(' ')], toolCalls: [] },
        user('b'),
        { role: 'assistant', content: [text('prefill \n')], toolCalls: [] },
      ]),
    ).toEqual([
      { role: 'user', content: [text('(continued)')] },
      { role: 'assistant', content: [text('Hello')] },
      { role: 'user', content: [text('a'), text('b')] },
      { role: 'assistant', content: [text('prefill')] },
    ]);
  });

  it('makes a prompt of a lone system message', () => {
    const { body } = write({ messages: [{ role: 'system', content: [text('write a poem')] }] });
    expect(body).not.toHaveProperty('system');
    expect(body['messages']).toEqual([{ role: 'user', content: [text('write a poem')] }]);
  });

  it('sends signed thinking back before everything else, and nothing that others signed', () => {
    const assistant = (
      reasoning: NonNullable<Extract<ChatMessage, { role: 'assistant' }>['reasoning']>,
    ): ChatMessage[] => [user('a'), { role: 'assistant', content: [text('b')], reasoning, toolCalls: [] }, user('c')];
    const blocks = (messages: ChatMessage[]) => JSON.parse(JSON.stringify(messagesOf(messages)))[1].content;
    expect(
      blocks(assistant([{ text: 'hm', signature: 's' }, { text: '', redacted: 'r' }, { text: 'unsigned' }])),
    ).toEqual([
      { type: 'thinking', thinking: 'hm', signature: 's' },
      { type: 'redacted_thinking', data: 'r' },
      text('b'),
    ]);
    const signedBy = (format: string) => [{ text: 'hm', signature: 's', details: { type: 'reasoning.text', format } }];
    expect(blocks(assistant(signedBy('anthropic-claude-v1')))).toHaveLength(2);
    expect(blocks(assistant(signedBy('google-gemini-v1')))).toEqual([text('b')]);
  });

  it('writes cache marks on system, parts, results and tools', () => {
    const cacheControl = { type: 'ephemeral', ttl: '1h' } as const;
    const { body } = write({
      messages: [
        { role: 'system', content: [{ ...text('s'), cacheControl }] },
        { role: 'user', content: [{ ...text('u'), cacheControl }] },
        { role: 'assistant', content: [], toolCalls: [{ ...call('a'), cacheControl }] },
        { role: 'tool', toolCallId: 'a', content: [], cacheControl },
      ],
      tools: [{ name: 'f', cacheControl }],
    });
    expect(body['system']).toEqual([{ ...text('s'), cache_control: cacheControl }]);
    expect([...JSON.stringify(body).matchAll(/"cache_control":\{"type":"ephemeral","ttl":"1h"\}/gu)]).toHaveLength(5);
  });

  it('writes images and documents, and refuses audio', () => {
    const parts: Extract<ChatMessage, { role: 'user' }>['content'] = [
      { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'AA' } },
      { type: 'image', source: { kind: 'url', url: 'https://x.example/i.png' } },
      { type: 'file', filename: 'a.pdf', data: 'data:application/pdf;base64,BB' },
      { type: 'file', fileId: 'file_1' },
      { type: 'file', filename: 'a.txt', data: 'data:text/plain;base64,aGk=' },
    ];
    expect(messagesOf([{ role: 'user', content: parts }])).toEqual([
      {
        role: 'user',
        content: [
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA' } },
          { type: 'image', source: { type: 'url', url: 'https://x.example/i.png' } },
          { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'BB' }, title: 'a.pdf' },
          { type: 'document', source: { type: 'file', file_id: 'file_1' } },
          { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'hi' }, title: 'a.txt' },
        ],
      },
    ]);
    const audio = write({ messages: [{ role: 'user', content: [{ type: 'audio', data: 'A', format: 'wav' }] }] });
    expect(audio.refusal).toMatchObject({ code: 'unsupported_parameter', param: 'messages' });
  });

  it('answers every prompt with turns that begin with the user and take turns (property)', () => {
    const message: fc.Arbitrary<ChatMessage> = fc.oneof(
      fc.string().map((value): ChatMessage => user(value)),
      fc.string().map((value): ChatMessage => ({ role: 'system', content: [text(value)] })),
      fc.string().map((value): ChatMessage => ({ role: 'assistant', content: [text(value)], toolCalls: [] })),
      fc.string().map((value): ChatMessage => ({ role: 'assistant', content: [], toolCalls: [call(value)] })),
      fc.string().map((value): ChatMessage => ({ role: 'tool', toolCallId: value, content: [text(value)] })),
    );
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 12 }), (messages) => {
        const turns: { role: string; content: { type: string; text?: string }[] }[] = JSON.parse(
          JSON.stringify(messagesOf(messages)),
        );
        for (const [index, turn] of turns.entries()) {
          expect(turn.role).toBe(index % 2 === 0 ? 'user' : 'assistant');
          for (const block of turn.content) if (block.type === 'text') expect(block.text?.trim()).not.toBe('');
          const kinds = turn.content.map((block) => block.type === 'tool_result');
          expect(kinds.lastIndexOf(true)).toBe(kinds.filter(Boolean).length - 1);
        }
      }),
    );
  });
});
