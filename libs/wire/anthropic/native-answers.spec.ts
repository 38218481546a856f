import { describe, expect, it } from 'vitest';
import { cutsOf, drain } from '../__fixtures__/recording.js';
import type { StreamEvent } from '../neutral/stream-event.js';
import { collectAnswer } from '../openai/collect-answer.js';
import { createEncoder, encodeWhole } from '../openai/create-encoder.js';
import { replayAnswer } from '../openai/replay-answer.js';
import { collectedAnswer, storedAnswer } from '../openai/stored-answer.js';
import { AnthropicDecoder, readAnthropicAnswer } from '../upstream-anthropic/answer.js';
import {
  block,
  bytesOf,
  content,
  gathered,
  makeId,
  message,
  options,
  streamed,
  toAnthropic,
  toOthers,
  usage,
} from './native-tools.fixtures.js';

describe("calls and results of Anthropic's own tools", () => {
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

  it("name their sources in OpenAI's words, streamed and whole", () => {
    const events = drain(new AnthropicDecoder({ makeId }), [streamed]);
    const answer = collectAnswer(events);
    const source = { url: 'https://a.example', title: 'A' };
    const bytes = (dialect: 'openai-chat' | 'openai-responses') => {
      const encoder = createEncoder(dialect, options);
      const pieces = [...events.map((event) => encoder.push(event)), encoder.finish()];
      return Buffer.concat(pieces.filter((each) => each !== null)).toString();
    };
    // 'I look.In short: lit.': the cited block begins behind the two before it.
    const inText = [{ type: 'url_citation', url_citation: { start_index: 17, end_index: 21, ...source } }];
    const chat = JSON.parse(Buffer.from(encodeWhole('openai-chat', answer, options)).toString());
    expect(chat.choices[0].message.annotations).toEqual(inText);
    expect(bytes('openai-chat')).toContain(`"annotations":${JSON.stringify(inText)}`);
    const inPart = { type: 'url_citation', start_index: 0, end_index: 4, ...source };
    const responses = JSON.parse(Buffer.from(encodeWhole('openai-responses', answer, options)).toString());
    expect(
      responses.output.map((item: { content: { annotations: unknown }[] }) => item.content[0]?.annotations),
    ).toEqual([[], [], [inPart]]);
    const stream = bytes('openai-responses');
    expect(stream).toContain(`"annotation_index":0,"annotation":${JSON.stringify(inPart)}`);
    expect(stream).toContain(`"output_text","text":"lit.","annotations":${JSON.stringify([inPart])}`);
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
