import { describe, expect, it } from 'vitest';
import type { ChatRequest } from '../neutral/chat-request.js';
import { parseChatBody } from '../openai/chat.js';
import { writeAnthropicMessages } from '../upstream-anthropic/request.js';
import { parseMessagesBody } from './messages.js';
import { bash, own, search, toAnthropic, toOthers } from './native-tools.fixtures.js';

describe("Anthropic's own tools", () => {
  it('go to Anthropic as they were written, with a choice of one', () => {
    const body = toAnthropic({ tools: [search, own, bash], tool_choice: { type: 'tool', name: 'web_search' } });
    expect(body['tools']).toEqual([own, search, bash]);
    expect(body['tool_choice']).toEqual({ type: 'tool', name: 'web_search' });
    expect(toAnthropic({ tools: [search] })['tools']).toEqual([search]);
  });

  it('are named as unsupported elsewhere; without them the rest is as it was', () => {
    for (const { unsupported, body } of toOthers({
      tools: [search, own],
      tool_choice: { type: 'tool', name: 'web_search' },
    })) {
      expect(unsupported).toEqual(['web_search_20250305']);
      expect(body['tools']).toMatchObject([{ function: { name: 'f' } }]);
      expect(body).not.toHaveProperty('tool_choice');
    }
    for (const { body } of toOthers({ tools: [bash], tool_choice: { type: 'any' } })) {
      expect(body).not.toHaveProperty('tools');
      expect(body).not.toHaveProperty('tool_choice');
    }
  });

  it("may be offered in OpenAI's dialect too, as LiteLLM lets them", () => {
    const tools = [search, { type: 'function', function: { name: 'f' } }];
    const body = { model: 'm', messages: [{ role: 'user', content: 'Hi' }], tools };
    const result = parseChatBody({ ...body, tool_choice: { type: 'function', function: { name: 'web_search' } } });
    if (result.kind === 'invalid') throw new Error(result.message);
    const written = writeAnthropicMessages(result.value.request, { model: 'claude-sonnet-4-5', stream: false });
    expect(written.body['tools']).toEqual([{ name: 'f', input_schema: { type: 'object' } }, search]);
    expect(written.body['tool_choice']).toEqual({ type: 'tool', name: 'web_search' });
  });

  it.each([
    [{}, { max_uses: 5 }],
    [{ search_context_size: 'high' }, { max_uses: 10 }],
    [
      { search_context_size: 'low', user_location: { type: 'approximate', approximate: { city: 'Brno' } } },
      { max_uses: 1, user_location: { type: 'approximate', city: 'Brno' } },
    ],
  ])('stand for web_search_options %j', (web_search_options, more) => {
    const chat: ChatRequest = { messages: [], extra: { web_search_options } };
    const { body, unsupported } = writeAnthropicMessages(chat, { model: 'claude-sonnet-4-5', stream: false });
    expect(unsupported).toEqual([]);
    expect(body['tools']).toEqual([{ type: 'web_search_20250305', name: 'web_search', ...more }]);
  });

  it.each(['function', 'web_search', 'x'])('a tool of type %s is none', (type) => {
    expect(parseMessagesBody({ model: 'm', max_tokens: 9, messages: [], tools: [{ type, name: 'a' }] }).kind).toBe(
      'invalid',
    );
  });
});

describe('a search for tools by the client', () => {
  it('is answered with references that Anthropic reads, and names for everybody else', () => {
    const reference = { type: 'tool_reference', tool_name: 'get_weather' };
    const messages = [
      { role: 'user', content: 'Which?' },
      { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'search', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: [reference] }] },
    ];
    expect(JSON.stringify(toAnthropic({ messages })['messages'])).toContain(`"content":[${JSON.stringify(reference)}]`);
    for (const { refusal, body } of toOthers({ messages })) {
      expect(refusal).toBeNull();
      expect(JSON.stringify(body['messages'])).toContain('get_weather');
    }
  });
});

describe('documents and files', () => {
  const ask = (part: object) => ({ messages: [{ role: 'user', content: [part] }] });
  const byAddress = { type: 'document', source: { type: 'url', url: 'https://a.example/x.pdf' } };
  const byId = { type: 'image', source: { type: 'file', file_id: 'file_1' } };
  const cited = {
    type: 'document',
    source: { type: 'text', media_type: 'text/plain', data: 'The lamp is lit.' },
    citations: { enabled: true },
  };

  const upload = { type: 'container_upload', file_id: 'file_2' };

  it.each([byAddress, byId, cited, upload])('go to Anthropic as they are: %j', (part) => {
    expect(toAnthropic(ask(part))['messages']).toEqual([{ role: 'user', content: [part] }]);
  });

  it('are refused elsewhere only where they are no content', () => {
    for (const part of [byAddress, byId, upload]) {
      for (const { refusal } of toOthers(ask(part))) expect(refusal?.code).toBe('unsupported_parameter');
    }
    for (const { refusal, body } of toOthers(ask(cited))) {
      expect(refusal).toBeNull();
      expect(JSON.stringify(body)).toContain('The lamp is lit.');
    }
  });
});
