import fc from 'fast-check';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { cuts, decode, encodeStream, eventData, madeAnswer, options, serve } from './answers.fixtures.js';
import { parseChatBody } from './chat.js';
import { collectAnswer } from './collect-answer.js';
import { encodeWhole } from './create-encoder.js';

const functions = [{ name: 'get_weather', parameters: { type: 'object' } }];
const messages = [{ role: 'user' as const, content: 'Hi' }];
const settings = { legacyFunctions: true };

interface Chunk {
  readonly choices?: readonly { readonly delta: { readonly function_call?: object } }[];
}

describe('a request with functions', () => {
  it.each([
    [{ functions }, { legacyFunctions: true }],
    [{ functions, function_call: 'auto' }, { legacyFunctions: true }],
    [{ functions, tools: [{ type: 'function', function: functions[0] }] }, undefined],
    [{}, undefined],
  ])('%j has the settings %j', (fields, expected) => {
    const parsed = parseChatBody({ model: 'm', messages, ...fields });
    expect(parsed).toMatchObject({ kind: 'ok' });
    if (parsed.kind === 'ok') expect(parsed.value.answerSettings).toEqual(expected);
  });

  it('is answered with a function_call, streamed and whole, and never with tool_calls', async () => {
    await fc.assert(
      fc.asyncProperty(madeAnswer, cuts, async (answer, places) => {
        const bytes = encodeStream('openai-chat', answer.events, { settings });
        const whole = decode(encodeWhole('openai-chat', collectAnswer(answer.events), { ...options, settings }));
        const client = (fetch: typeof globalThis.fetch) =>
          new OpenAI({ apiKey: 'sk-test', baseURL: 'http://gateway.test/v1', fetch, maxRetries: 0 }).chat.completions;
        const request = { model: 'm', messages, functions };
        const streamed = await client(serve(bytes, 'text/event-stream', places))
          .stream(request)
          .finalChatCompletion();
        const once = await client(serve(Buffer.from(whole), 'application/json', [])).create(request);
        const [call] = answer.calls;
        for (const { choices } of [streamed, once]) {
          const said = choices[0]?.message.function_call ?? undefined;
          const input: unknown = said === undefined ? undefined : JSON.parse(said.arguments);
          expect([said?.name, input]).toEqual([call?.name, call?.input]);
          const reason = call !== undefined && answer.reason === 'stop' ? 'function_call' : answer.reason;
          expect(choices[0]?.finish_reason).toBe(reason);
        }
        expect(decode(bytes) + whole).not.toContain('tool_calls');
      }),
      { numRuns: 60 },
    );
  });

  it('gets an empty object where the call has no arguments', () => {
    const events = [
      { type: 'tool-call-start', choice: 0, index: 0, id: 'call_0', name: 'f' },
      { type: 'finish', choice: 0, reason: 'stop' },
      { type: 'end' },
    ] as const;
    const chunks = eventData(encodeStream('openai-chat', events, { settings })) as Chunk[];
    const calls = chunks.flatMap(({ choices }) => choices?.[0]?.delta.function_call ?? []);
    expect(calls).toEqual([{ name: 'f', arguments: '' }, { arguments: '{}' }]);
  });
});
