import { describe, expect, it } from 'vitest';
import type { ChatMessage } from '../neutral/chat-request.js';
import type { OpenAiFlavourName } from './flavour.js';
import { writeOpenAiChat } from './request.js';

const text = (value: string) => ({ type: 'text', text: value }) as const;
const user = (value: string): ChatMessage => ({ role: 'user', content: [text(value)] });
const messagesOf = (messages: readonly ChatMessage[], flavour: OpenAiFlavourName) =>
  writeOpenAiChat({ messages: [...messages] }, { model: 'm', stream: false, flavour }).body['messages'];

describe('messages', () => {
  const image = {
    type: 'image',
    source: { kind: 'base64', mediaType: 'image/png', data: 'AAAA' },
    detail: 'low',
  } as const;

  it('joins text for local engines, keeps parts for OpenAI, and sends media as parts', () => {
    const two: ChatMessage[] = [{ role: 'user', content: [text('a'), text('b')] }];
    expect(messagesOf(two, 'generic')).toEqual([{ role: 'user', content: 'a\nb' }]);
    expect(messagesOf(two, 'openai')).toEqual([{ role: 'user', content: [text('a'), text('b')] }]);
    const media: ChatMessage[] = [
      {
        role: 'user',
        content: [
          image,
          { type: 'image', source: { kind: 'url', url: 'https://x.example/i' } },
          { type: 'audio', data: 'BB', format: 'wav' },
          { type: 'file', filename: 'a.pdf', data: 'data:application/pdf;base64,CC' },
          { type: 'file', fileId: 'file-1' },
        ],
      },
    ];
    expect(messagesOf(media, 'generic')).toEqual([
      {
        role: 'user',
        content: [
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail: 'low' } },
          { type: 'image_url', image_url: { url: 'https://x.example/i' } },
          { type: 'input_audio', input_audio: { data: 'BB', format: 'wav' } },
          { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,CC' } },
          { type: 'file', file: { file_id: 'file-1' } },
        ],
      },
    ]);
  });

  const call = { id: 'call_1', name: 'f', arguments: '' };
  const turn: ChatMessage[] = [
    { role: 'assistant', content: [], toolCalls: [call, { ...call, id: 'call_2', arguments: '{"a":1}' }] },
    { role: 'tool', toolCallId: 'call_1', content: [text('one'), image] },
    { role: 'tool', toolCallId: 'call_2', content: [text('two')] },
    user('go on'),
  ];

  it('answers every call directly, and shows images of results after the last', () => {
    expect(messagesOf(turn, 'openai')).toEqual([
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } },
          { id: 'call_2', type: 'function', function: { name: 'f', arguments: '{"a":1}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'call_1', content: 'one' },
      { role: 'tool', tool_call_id: 'call_2', content: 'two' },
      {
        role: 'user',
        content: [
          text('Images and files of the tool results above:'),
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail: 'low' } },
        ],
      },
      { role: 'user', content: 'go on' },
    ]);
  });

  it('gives Mistral ids that it takes, the same for call and result', () => {
    const written = JSON.stringify(messagesOf(turn, 'mistral'));
    const ids = [...written.matchAll(/"(?:id|tool_call_id)":"([^"]*)"/gu)].map((match) => match[1]);
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9]{9}$/u);
  });

  it('sends thinking back in the form of each upstream, and not where it is refused', () => {
    const details = [{ type: 'reasoning.encrypted', data: 'x' }];
    const past: ChatMessage[] = [
      { role: 'assistant', content: [text('a')], reasoning: [{ text: 'hm', details }], toolCalls: [call] },
    ];
    expect(messagesOf(past, 'openrouter')).toMatchObject([{ reasoning_details: details }]);
    expect(messagesOf(past, 'deepseek')).toMatchObject([{ reasoning_content: 'hm' }]);
    expect(JSON.stringify(messagesOf(past, 'openai'))).not.toContain('hm');
    const signed: ChatMessage[] = [
      { role: 'assistant', content: [text('a')], reasoning: [{ text: 'hm', signature: 's' }], toolCalls: [] },
    ];
    expect(messagesOf(signed, 'openrouter')).toMatchObject([
      { reasoning_details: [{ type: 'reasoning.text', text: 'hm', signature: 's', format: 'anthropic-claude-v1' }] },
    ]);
    expect(JSON.stringify(messagesOf(signed, 'deepseek'))).not.toContain('hm');
  });

  it('passes cache marks to OpenRouter alone', () => {
    const marked: ChatMessage[] = [
      { role: 'system', content: [{ ...text('a'), cacheControl: { type: 'ephemeral' } }] },
    ];
    expect(messagesOf(marked, 'openrouter')).toEqual([
      { role: 'system', content: [{ ...text('a'), cache_control: { type: 'ephemeral' } }] },
    ]);
    expect(messagesOf(marked, 'openai')).toEqual([{ role: 'system', content: 'a' }]);
  });

  it('writes an empty assistant message as text, one with calls or a refusal as null', () => {
    expect(messagesOf([{ role: 'assistant', content: [], toolCalls: [] }], 'openai')).toEqual([
      { role: 'assistant', content: '' },
    ]);
    expect(messagesOf([{ role: 'assistant', content: [], refusal: 'no', toolCalls: [] }], 'openai')).toEqual([
      { role: 'assistant', content: null, refusal: 'no' },
    ]);
  });
});
