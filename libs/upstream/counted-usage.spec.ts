/** An engine that tells no usage: its clients get what was counted, in every dialect, because they read it unasked. */
import { describe, expect, it } from 'vitest';
import type { StreamSender } from '#bus';
import type { InferOpen } from '#contracts';
import { sampleAttempt, sampleBackend, sampleOpening } from '#testing';
import { parseChatBody, parseCompletionBody } from '#wire';
import { AnswerPump } from './answer-pump.js';
import { AnswerTimers } from './answer-timers.js';
import { prepareOpenAiCall } from './openai-call.js';

const head = { id: 'x', created: 1, model: 'm' };
const event = (data: object | string) => `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
const chatWhole = {
  ...head,
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
};
const textWhole = { ...head, choices: [{ index: 0, text: 'Hi', finish_reason: 'stop' }] };
const streamed = (part: object) =>
  event({ ...head, choices: [{ index: 0, ...part, finish_reason: null }] }) +
  event({ ...head, choices: [{ index: 0, delta: {}, text: '', finish_reason: 'stop' }] }) +
  event('[DONE]');

function openingOf(dialect: InferOpen['dialect'], stream: boolean): InferOpen {
  const isText = dialect === 'openai-completion';
  const parsed = isText
    ? parseCompletionBody({ model: 'm', prompt: 'x' })
    : parseChatBody({ model: 'm', messages: [{ role: 'user', content: 'x' }] });
  if (parsed.kind === 'invalid') throw new Error(parsed.message);
  const backend = sampleBackend({ provider: 'hosted_vllm', dialect: 'openai' });
  return sampleOpening({
    dialect,
    stream,
    includeUsage: true,
    attempt: sampleAttempt({ dialect: 'openai', backend }),
    requestKind: isText ? 'completion' : 'chat',
    request: parsed.value.request,
    inputTokens: 11,
  });
}

async function answerOf(dialect: InferOpen['dialect'], stream: boolean, body: string): Promise<string> {
  const call = prepareOpenAiCall(openingOf(dialect, stream), { urlOf: (path) => path, headers: {} }, 0);
  if (call.kind === 'refused') throw new Error(call.failure.message);
  const sent: string[] = [];
  const sender: StreamSender = {
    signal: new AbortController().signal,
    traceparent: null,
    queued: () => {},
    accepted: () => {},
    data: async (bytes) => void sent.push(Buffer.from(bytes).toString()),
    usage: () => {},
    end: async () => {},
    error: async () => {},
  };
  const timers = new AnswerTimers({ loadMs: 1_000, firstContentMs: null, idleMs: 1_000 });
  const pump = new AnswerPump({ ...call.parts, stream: sender, timers, now: () => 1 });
  await pump.run(
    (async function* bytes() {
      yield Buffer.from(body);
    })(),
  );
  pump.tellCounted({ inputTokens: 11, outputTokens: 7, cachedInputTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 });
  await pump.finish();
  return sent.join('');
}

describe.each([
  ['openai-chat', /"completion_tokens":7/],
  ['openai-completion', /"completion_tokens":7/],
  ['openai-responses', /"output_tokens":7/],
  ['anthropic-messages', /"output_tokens":7/],
] as const)('%s', (dialect, usage) => {
  const isText = dialect === 'openai-completion';

  it('tells what was counted in a whole answer', async () => {
    expect(await answerOf(dialect, false, JSON.stringify(isText ? textWhole : chatWhole))).toMatch(usage);
  });

  it('tells it at the end of a stream', async () => {
    const body = streamed(isText ? { text: 'Hi' } : { delta: { content: 'Hi' } });
    expect(await answerOf(dialect, true, body)).toMatch(usage);
  });
});
