import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AnthropicDecoder,
  OpenAiChatDecoder,
  OpenAiCompletionDecoder,
  collectAnswer,
  readAnthropicAnswer,
  readOpenAiChatAnswer,
  readOpenAiCompletionAnswer,
  storedAnswer,
  type StreamEvent,
  type UpstreamDecoder,
} from '#wire';
import { madeAnswer } from '../../../libs/wire/openai/answers.fixtures.js';
import { entryOf, storedText } from './cache.fixtures.js';
import { replayBytes, shownUsage, type ReplayOptions } from './replay.js';

const options: ReplayOptions = {
  dialect: 'openai-chat',
  stream: false,
  requestId: 'req_1',
  model: 'house',
  includeUsage: true,
};
const reading = { makeId: () => 'call_made' };
const withCall = storedText('Let me look.', {
  choices: [
    {
      blocks: [
        { kind: 'text', text: 'Let me look.', logprobs: [] },
        { kind: 'tool', index: 0, id: 'call_1', name: 'weather', arguments: '{"city":"Brno"}' },
      ],
      finish: 'tool_calls',
      native: null,
      stopSequence: null,
      annotations: [],
    },
  ],
});
const entry = entryOf({ content: { kind: 'answer', answer: withCall } });

const decoded = (decoder: UpstreamDecoder, bytes: Uint8Array): StreamEvent[] => [
  ...decoder.push(bytes),
  ...decoder.end(),
];

describe('replayBytes', () => {
  it.each([
    ['openai-chat', (bytes: Uint8Array) => decoded(new OpenAiChatDecoder(reading), bytes), readOpenAiChatAnswer],
    ['anthropic-messages', (bytes: Uint8Array) => decoded(new AnthropicDecoder(reading), bytes), readAnthropicAnswer],
  ] as const)('gives %s the same answer streamed and whole, with tools and usage', (dialect, readStream, readWhole) => {
    const streamed = collectAnswer(readStream(replayBytes(entry, { ...options, dialect, stream: true })));
    const whole = collectAnswer(
      readWhole(Buffer.from(replayBytes(entry, { ...options, dialect })).toString(), reading),
    );
    for (const answer of [streamed, whole]) {
      expect(answer).toMatchObject({ ended: true, failure: null });
      expect(answer.choices[0]?.blocks).toMatchObject(withCall.choices[0]?.blocks ?? []);
      expect(answer.choices[0]?.finish).toBe('tool_calls');
      expect(answer.usage).toMatchObject({ inputTokens: 7, outputTokens: 5 });
    }
  });

  it('loses nothing of any answer, streamed or whole, in any dialect that can be read back (property)', () => {
    const said = (events: readonly StreamEvent[]) => {
      const [choice] = collectAnswer(events).choices;
      const texts = (kind: 'text' | 'reasoning') =>
        choice?.blocks.map((block) => (block.kind === kind ? block.text : '')).join('');
      const calls = choice?.blocks.flatMap((block) =>
        block.kind === 'tool' ? [[block.id, block.name, JSON.parse(block.arguments) as unknown]] : [],
      );
      return { text: texts('text'), thinking: texts('reasoning'), calls };
    };
    fc.assert(
      fc.property(madeAnswer, ({ events, text, thinking, calls }) => {
        const answer = storedAnswer(collectAnswer(events));
        if (answer === null) throw new Error('not kept');
        const kept = entryOf({ content: { kind: 'answer', answer } });
        const expected = { text, thinking, calls: calls.map(({ id, name, input }) => [id, name, input]) };
        const chat = replayBytes(kept, { ...options, stream: true });
        const whole = Buffer.from(replayBytes(kept, options)).toString();
        expect(said(decoded(new OpenAiChatDecoder(reading), chat))).toEqual(expected);
        expect(said(readOpenAiChatAnswer(whole, reading))).toEqual(expected);
        const message = replayBytes(kept, { ...options, dialect: 'anthropic-messages', stream: true });
        expect(said(decoded(new AnthropicDecoder(reading), message))).toEqual(expected);
      }),
    );
  });

  it('gives legacy completions their text', () => {
    const said = entryOf();
    const dialect = 'openai-completion' as const;
    const bytes = replayBytes(said, { ...options, dialect, stream: true });
    const streamed = collectAnswer(decoded(new OpenAiCompletionDecoder(reading), bytes));
    const text = Buffer.from(replayBytes(said, { ...options, dialect })).toString();
    expect(streamed.choices[0]?.blocks).toMatchObject([{ kind: 'text', text: 'Hello.' }]);
    expect(collectAnswer(readOpenAiCompletionAnswer(text, reading)).choices).toMatchObject(streamed.choices);
  });

  it('shows the name that was asked, an id of its own, and when the model spoke', () => {
    const body: unknown = JSON.parse(Buffer.from(replayBytes(entry, options)).toString());
    expect(body).toMatchObject({ id: 'chatcmpl-req_1', model: 'house', created: 1_000 });
  });

  it('sends a usage chunk only where it was asked for', () => {
    const text = (includeUsage: boolean) =>
      Buffer.from(replayBytes(entry, { ...options, stream: true, includeUsage })).toString();
    expect(text(true)).toContain('"completion_tokens":5');
    expect(text(false)).not.toContain('usage');
  });

  it('hands on bodies as they were sent', () => {
    const content = { kind: 'body', text: '{"object":"list"}', inputTokens: 3 } as const;
    const vectors = entryOf({ content });
    expect(Buffer.from(replayBytes(vectors, { ...options, dialect: 'other' })).toString()).toBe(content.text);
    expect(shownUsage(vectors)).toEqual({ inputTokens: 3, outputTokens: 0 });
    expect(shownUsage(entry)).toEqual({ inputTokens: 7, outputTokens: 5 });
  });
});
