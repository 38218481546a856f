import { describe, expect, it } from 'vitest';
import { makeId } from '../__fixtures__/openai-stream.js';
import { cutsOf, drain, recording, recordingsOf, summary } from '../__fixtures__/recording.js';
import {
  OpenAiChatDecoder,
  OpenAiCompletionDecoder,
  readOpenAiChatAnswer,
  readOpenAiCompletionAnswer,
} from './answer.js';

describe('recorded answers of an OpenAI-compatible upstream (the /v1 layer of Ollama)', () => {
  const answered = [...recordingsOf('/v1/chat/completions'), ...recordingsOf('/v1/completions')].filter(
    (r) => r.status === 200,
  );
  const isChat = (path: string) => path === '/v1/chat/completions';

  it.each(answered.map((r) => [r.name, r] as const))('%s: any cut, same events', (_name, r) => {
    if (r.chunks === null) {
      const events = (isChat(r.path) ? readOpenAiChatAnswer : readOpenAiCompletionAnswer)(r.bodyText, { makeId });
      expect(['end', 'failure']).toContain(events.at(-1)?.type);
      return;
    }
    const make = () => (isChat(r.path) ? new OpenAiChatDecoder({ makeId }) : new OpenAiCompletionDecoder({ makeId }));
    const [first, ...others] = cutsOf(r.chunks).map((chunks) => drain(make(), chunks));
    for (const events of others) expect(events).toEqual(first);
    expect(['end', 'failure']).toContain(first?.at(-1)?.type);
  });

  const story = 'Green lamp, clear road; the next train may pass. Grüße to all 🙂';
  const ok = { finish: 'stop', ended: 'end', calls: [] };
  const both = [
    { name: 'get_weather', arguments: '{"city":"Paris"}' },
    { name: 'get_time', arguments: '{"zone":"CET","dst":true}' },
  ];
  it.each([
    ['v1-chat', { ...ok, text: story, tokens: [5, 20] }],
    ['v1-chat-stream', { ...ok, text: story, tokens: null }],
    ['v1-chat-stream-usage', { ...ok, text: story, tokens: [5, 20] }],
    ['v1-chat-think', { ...ok, text: 'Proceed with care.', thinking: 'Is the signal green? Yes.\n' }],
    ['v1-chat-think-stream', { ...ok, text: 'Proceed with care.', thinking: 'Is the signal green? Yes.\n' }],
    ['v1-chat-tools', { finish: 'tool_calls', calls: both, ended: 'end' }],
    ['v1-chat-tools-stream', { finish: 'tool_calls', calls: both, tokens: [353, 13], ended: 'end' }],
    ['v1-chat-repeat-stream', { text: ' na'.repeat(31), finish: null, ended: 'upstream_error' }],
    ['v1-chat-repeat', { finish: null, ended: 'upstream_error' }],
    ['v1-chat-broken-utf8-stream', { text: '', finish: null, ended: 'upstream_error' }],
    ['v1-chat-broken-utf8', { text: '', finish: null, ended: 'upstream_error' }],
    ['fault-runner-killed-v1-stream', { finish: null, ended: 'upstream_error' }],
    ['v1-chat-logprobs', { ended: 'end' }],
  ])('%s', (name, expected) => {
    const r = recording(name);
    const events =
      r.chunks === null
        ? readOpenAiChatAnswer(r.bodyText, { makeId })
        : drain(new OpenAiChatDecoder({ makeId }), r.chunks);
    expect(summary(events)).toMatchObject(expected);
  });

  it('v1-completion-stream', () => {
    const r = recording('v1-completion-stream');
    expect(summary(drain(new OpenAiCompletionDecoder({ makeId }), r.chunks ?? []))).toMatchObject({ ended: 'end' });
  });
});
