import { describe, expect, it } from 'vitest';
import { cutsOf, drain } from '../__fixtures__/recording.js';
import { ChatRequest } from '../neutral/chat-request.js';
import type { StreamEvent } from '../neutral/stream-event.js';
import { collectAnswer } from '../openai/collect-answer.js';
import { createEncoder, encodeWhole } from '../openai/create-encoder.js';
import { replayAnswer } from '../openai/replay-answer.js';
import { collectedAnswer, storedAnswer } from '../openai/stored-answer.js';
import { writeOllamaChat } from '../ollama/request.js';
import { AnthropicDecoder, readAnthropicAnswer } from '../upstream-anthropic/answer.js';
import { writeAnthropicMessages } from '../upstream-anthropic/request.js';
import { writeOpenAiChat } from '../upstream-openai/request.js';
import { parseMessagesBody } from './messages.js';

const search = { type: 'web_search_20250305', name: 'web_search', max_uses: 3, user_location: { type: 'approximate' } };
const bash = { type: 'bash_20250124', name: 'bash' };
const own = { name: 'f', input_schema: { type: 'object' }, defer_loading: true };

const call = { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'lamps' } };
const found = {
  type: 'web_search_tool_result',
  tool_use_id: 'srvtoolu_1',
  content: [{ type: 'web_search_result', url: 'https://a.example', title: 'A', encrypted_content: 'xyz' }],
};
const source = { type: 'web_search_result_location', url: 'https://a.example', title: 'A', encrypted_index: 'i' };
const content = [
  { type: 'text', text: 'I look.' },
  call,
  found,
  { type: 'text', text: 'In short: ' },
  { type: 'text', text: 'lit.', citations: [source] },
];
const usage = { input_tokens: 5, output_tokens: 9, server_tool_use: { web_search_requests: 1 } };
const message = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'c',
  content,
  stop_reason: 'end_turn',
  usage,
};
const options = { id: 'msg_x', created: 1, model: 'm', includeUsage: true };
const makeId = () => 'toolu_made';

function request(fields: object): ChatRequest {
  const messages = [{ role: 'user', content: 'Hi' }];
  const result = parseMessagesBody({ model: 'm', max_tokens: 9, messages, ...fields });
  if (result.kind === 'invalid') throw new Error(result.message);
  return ChatRequest.parse(result.value.request);
}

const toAnthropic = (fields: object) =>
  writeAnthropicMessages(request(fields), { model: 'claude-sonnet-4-5', stream: false }).body;

const toOthers = (fields: object) => [
  writeOllamaChat(request(fields), { model: 'm', stream: false }),
  writeOpenAiChat(request(fields), { model: 'm', stream: false, flavour: 'openai' }),
];

function bytesOf(events: readonly object[]): Uint8Array {
  const text = events.map((event) => `event: x\ndata: ${JSON.stringify(event)}\n\n`).join('');
  return new TextEncoder().encode(text);
}

const piece = (index: number, delta: object) => ({ type: 'content_block_delta', index, delta });
const block = (index: number, start: object, ...deltas: object[]) => [
  { type: 'content_block_start', index, content_block: start },
  ...deltas.map((delta) => piece(index, delta)),
  { type: 'content_block_stop', index },
];
const streamed = bytesOf([
  { type: 'message_start', message: { ...message, content: [], stop_reason: null } },
  ...block(0, { type: 'text', text: '' }, { type: 'text_delta', text: 'I look.' }),
  ...block(
    1,
    { ...call, input: {} },
    { type: 'input_json_delta', partial_json: '' },
    { type: 'input_json_delta', partial_json: '{"query":' },
    { type: 'input_json_delta', partial_json: '"lamps"}' },
  ),
  ...block(2, found),
  ...block(3, { type: 'text', text: '' }, { type: 'text_delta', text: 'In short: ' }),
  ...block(
    4,
    { type: 'text', text: '', citations: [] },
    { type: 'citations_delta', citation: source },
    { type: 'text_delta', text: 'lit.' },
  ),
  { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage },
  { type: 'message_stop' },
]);

/** What a client gathers from the events of a stream. */
function gathered(text: string): unknown[] {
  const blocks: Record<string, unknown>[] = [];
  let input = '';
  for (const line of text.split('\n').filter((each) => each.startsWith('data: '))) {
    const { type, index = 0, content_block: start, delta } = JSON.parse(line.slice(6));
    if (type === 'content_block_start') blocks[index] = { ...start };
    const current = blocks[index] ?? {};
    if (delta?.type === 'text_delta') current['text'] = `${String(current['text'])}${String(delta.text)}`;
    if (delta?.type === 'citations_delta') current['citations'] = [...[current['citations']].flat(), delta.citation];
    if (delta?.type === 'input_json_delta') input += String(delta.partial_json);
    if (type === 'content_block_stop' && input !== '') {
      current['input'] = JSON.parse(input);
      input = '';
    }
  }
  return blocks;
}

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

  it.each(['function', 'web_search', 'x'])('a tool of type %s is none', (type) => {
    expect(parseMessagesBody({ model: 'm', max_tokens: 9, messages: [], tools: [{ type, name: 'a' }] }).kind).toBe(
      'invalid',
    );
  });
});

describe('their calls and results', () => {
  it('of a stream, cut anywhere, reach the client', () => {
    for (const chunks of cutsOf([streamed])) {
      const events = drain(new AnthropicDecoder({ makeId }), chunks);
      const encoder = createEncoder('anthropic-messages', options);
      const bytes = [...events.map((event) => encoder.push(event)), encoder.finish()];
      const text = Buffer.concat(bytes.filter((each) => each !== null)).toString();
      expect(gathered(text)).toEqual(content);
      expect(text).toContain('"server_tool_use":{"web_search_requests":1}');
    }
  });

  it('of a whole answer too, also out of the cache', () => {
    const answer = collectAnswer(readAnthropicAnswer(JSON.stringify(message), { makeId }));
    const stored = storedAnswer(answer);
    if (stored === null) throw new Error('not stored');
    const again = collectAnswer(replayAnswer(collectedAnswer(stored)));
    for (const each of [answer, again]) {
      const whole = JSON.parse(Buffer.from(encodeWhole('anthropic-messages', each, options)).toString());
      expect(whole).toMatchObject({
        content,
        stop_reason: 'end_turn',
        usage: { server_tool_use: usage.server_tool_use },
      });
    }
  });

  it("leave the text alone in OpenAI's dialects", () => {
    const events = drain(new AnthropicDecoder({ makeId }), [streamed]);
    const chat = JSON.parse(Buffer.from(encodeWhole('openai-chat', collectAnswer(events), options)).toString());
    expect(chat.choices[0].message.content).toBe('I look.In short: lit.');
    const responses = JSON.parse(
      Buffer.from(encodeWhole('openai-responses', collectAnswer(events), options)).toString(),
    );
    expect(responses.output.map((item: { type: string }) => item.type)).toEqual(['message', 'message', 'message']);
    for (const dialect of ['openai-chat', 'openai-responses'] as const) {
      const encoder = createEncoder(dialect, options);
      const bytes = [...events.map((event) => encoder.push(event)), encoder.finish()];
      expect(Buffer.concat(bytes.filter((each) => each !== null)).toString()).not.toContain('srvtoolu');
    }
  });

  it('go back to Anthropic in the next turn unchanged and in order', () => {
    const messages = [
      { role: 'user', content: 'Which?' },
      { role: 'assistant', content },
      { role: 'user', content: 'And now?' },
    ];
    expect(toAnthropic({ messages })['messages']).toMatchObject([{}, { role: 'assistant', content }, {}]);
    for (const { unsupported, body } of toOthers({ messages })) {
      expect(unsupported).toEqual(['server_tool_use (web_search)']);
      expect(JSON.stringify(body['messages'])).toContain('lit.');
    }
  });
});

describe('what else only Anthropic says', () => {
  const caller = { type: 'code_execution_20250825', tool_id: 'srvtoolu_1' };
  const asked = { type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: 1 }, caller };
  const container = { id: 'container_1', expires_at: '2026-01-01T00:00:00Z' };
  const edits = { applied_edits: [{ type: 'clear_tool_uses_20250919', cleared_tool_uses: 2 }] };
  const whole = { ...message, content: [asked], stop_reason: 'tool_use', container, context_management: edits };
  const stream = bytesOf([
    { type: 'message_start', message: { ...message, content: [], stop_reason: null } },
    ...block(0, { ...asked, input: {} }, { type: 'input_json_delta', partial_json: '{"a":1}' }),
    {
      type: 'message_delta',
      delta: { stop_reason: 'tool_use', stop_sequence: null, container },
      usage,
      context_management: edits,
    },
    { type: 'message_stop' },
  ]);

  it('of a whole answer reaches its clients, also out of the cache', () => {
    const answer = collectAnswer(readAnthropicAnswer(JSON.stringify(whole), { makeId }));
    const stored = storedAnswer(answer);
    if (stored === null) throw new Error('not stored');
    for (const each of [answer, collectAnswer(replayAnswer(collectedAnswer(stored)))]) {
      expect(JSON.parse(Buffer.from(encodeWhole('anthropic-messages', each, options)).toString())).toMatchObject({
        content: [asked],
        stop_reason: 'tool_use',
        container,
        context_management: edits,
      });
    }
  });

  it('of a stream, too', () => {
    const encoder = createEncoder('anthropic-messages', options);
    const events = drain(new AnthropicDecoder({ makeId }), [stream]);
    const bytes = [...events.map((event) => encoder.push(event)), encoder.finish()];
    const text = Buffer.concat(bytes.filter((each) => each !== null)).toString();
    expect(gathered(text)).toEqual([asked]);
    const end = text.split('\n').find((line) => line.startsWith('data: {"type":"message_delta"'));
    expect(JSON.parse(end?.slice(6) ?? '')).toMatchObject({ delta: { container }, context_management: edits });
  });

  it('of a call goes back as it came', () => {
    const messages = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: [asked] },
    ];
    expect(toAnthropic({ messages })['messages']).toMatchObject([{}, { content: [asked] }]);
    const direct = { ...asked, caller: { type: 'direct' } };
    const plain = {
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: [direct] },
      ],
    };
    for (const { unsupported } of toOthers(plain)) expect(unsupported).toEqual([]);
  });
});

describe("a refusal in OpenAI's words", () => {
  it('is one for clients of Anthropic', () => {
    const events: StreamEvent[] = [
      { type: 'refusal-delta', choice: 0, text: 'I cannot help with that.' },
      { type: 'finish', choice: 0, reason: 'stop', native: 'stop' },
      { type: 'end' },
    ];
    const whole = JSON.parse(Buffer.from(encodeWhole('anthropic-messages', collectAnswer(events), options)).toString());
    expect(whole).toMatchObject({ content: [{ text: 'I cannot help with that.' }], stop_reason: 'refusal' });
    const encoder = createEncoder('anthropic-messages', options);
    const bytes = [...events.map((event) => encoder.push(event)), encoder.finish()];
    expect(Buffer.concat(bytes.filter((each) => each !== null)).toString()).toContain('"stop_reason":"refusal"');
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
