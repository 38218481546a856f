import { describe, expect, it } from 'vitest';
import { cutsOf, drain, recording, recordingsOf, summary } from '../__fixtures__/recording.js';
import { OllamaChatDecoder, OllamaGenerateDecoder, readOllamaChatAnswer, readOllamaGenerateAnswer } from './answer.js';

const story = 'Green lamp, clear road; the next train may pass. Grüße to all 🙂';
const makeId = () => 'call_made';
const encode = (lines: readonly unknown[]) =>
  new TextEncoder().encode(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
const decodeLines = (lines: readonly unknown[], options = {}) =>
  drain(new OllamaChatDecoder({ makeId, ...options }), [encode(lines)]);
const done = { model: 'm', message: { role: 'assistant', content: '' }, done: true, done_reason: 'stop' };

describe('recorded streams of /api/chat and /api/generate', () => {
  const answered = [...recordingsOf('/api/chat'), ...recordingsOf('/api/generate')].filter((r) => r.status === 200);

  it.each(answered.map((recorded) => [recorded.name, recorded] as const))('%s: any cut, same events', (_name, r) => {
    const make = () =>
      r.path === '/api/chat' ? new OllamaChatDecoder({ makeId }) : new OllamaGenerateDecoder({ makeId });
    const [first, ...others] = cutsOf(r.chunks ?? [Buffer.from(r.bodyText)]).map((chunks) => drain(make(), chunks));
    for (const events of others) expect(events).toEqual(first);
    expect(['end', 'failure']).toContain(first?.at(-1)?.type);
    expect(first?.filter((event) => event.type === 'end' || event.type === 'failure')).toHaveLength(1);
    if (r.chunks === null) {
      const read = r.path === '/api/chat' ? readOllamaChatAnswer : readOllamaGenerateAnswer;
      expect(read(r.bodyText, { makeId })).toEqual(first);
    }
  });

  const ok = { calls: [], logprobs: 0, thinking: '', finish: 'stop', native: 'stop', ended: 'end' };
  const weather = { name: 'get_weather', arguments: '{"city":"Paris"}' };
  const time = { name: 'get_time', arguments: '{"zone":"CET","dst":true}' };
  it.each([
    ['chat', { ...ok, text: story, tokens: [5, 20] }],
    ['chat-stream', { ...ok, text: story, tokens: [5, 20] }],
    ['chat-length-stream', { ...ok, text: 'tenpke', finish: 'length', native: 'length', tokens: [5, 6] }],
    ['chat-stop', { ...ok, text: 'Green lamp, clear road; the ' }],
    [
      'chat-think-stream',
      { ...ok, thinking: 'Is the signal green? Yes.\n', text: 'Proceed with care.', tokens: [5, 10] },
    ],
    ['chat-think-cut', { ...ok, thinking: 'Is the signal', text: '', finish: 'length', native: 'length' }],
    ['chat-logprobs-stream', { ...ok, text: 'ten', logprobs: 3, finish: 'length', native: 'length' }],
    ['chat-logprobs', { ...ok, text: 'ten', logprobs: 3, finish: 'length', native: 'length' }],
    ['chat-json', { ...ok, text: '{":":":"}' }],
    ['chat-load', { ...ok, text: '', native: 'load', tokens: [0, 0] }],
    ['chat-unload', { ...ok, text: '', native: 'unload' }],
    ['chat-tools-cut', { ...ok, text: '', finish: 'length', native: 'length' }],
    ['chat-tools-unknown-name', { ...ok, text: '', tokens: [145, 13] }],
    ['chat-broken-utf8', { text: '', tokens: null, finish: null, ended: 'upstream_error' }],
    ['chat-broken-utf8-whole', { text: '', tokens: null, finish: null, ended: 'upstream_error' }],
    ['chat-repeat', { text: ' na'.repeat(31), finish: null, ended: 'upstream_error' }],
    ['chat-repeat-whole', { text: ' na'.repeat(31), finish: null, ended: 'upstream_error' }],
    ['fault-runner-killed-stream', { text: ' tick tock tick', finish: null, ended: 'upstream_error' }],
    ['generate-stream', { ...ok, text: story }],
    ['generate-think-stream', { ...ok, thinking: 'Is the signal green? Yes.\n', text: 'Proceed with care.' }],
    ['generate-suffix', { ...ok, text: 'tk.npc', finish: 'length', native: 'length', tokens: [16, 6] }],
  ])('%s', (name, expected) => {
    const r = recording(name);
    const decoder = r.path === '/api/chat' ? new OllamaChatDecoder({ makeId }) : new OllamaGenerateDecoder({ makeId });
    expect(summary(drain(decoder, r.chunks ?? [Buffer.from(r.bodyText)]))).toMatchObject(expected);
  });

  it.each(['chat-tools', 'chat-tools-stream', 'chat-jinja-tools', 'chat-jinja-tools-stream'])(
    '%s: both calls, numbered, also from the done line; stop becomes tool_calls',
    (name) => {
      const r = recording(name);
      const events = drain(new OllamaChatDecoder({ makeId }), r.chunks ?? [Buffer.from(r.bodyText)]);
      expect(summary(events)).toMatchObject({ calls: [weather, time], finish: 'tool_calls', native: 'stop' });
      expect(events.filter((e) => e.type === 'tool-call-start').map((e) => e.index)).toEqual([0, 1]);
    },
  );

  it('says whose fault a silent end is: a model that repeats itself says nothing about its host', () => {
    for (const [name, blame] of [
      ['chat-repeat', 'request'],
      ['chat-repeat-whole', 'request'],
      ['chat-broken-utf8', 'backend'],
      ['chat-invalid-utf8', 'backend'],
    ] as const) {
      const r = recording(name);
      const events = drain(new OllamaChatDecoder({ makeId }), r.chunks ?? [Buffer.from(r.bodyText)]);
      expect(events.at(-1)).toMatchObject({ type: 'failure', failure: { blame, status: 200 } });
    }
  });

  it('gives the words of an error line, once, in place of its own', () => {
    const events = drain(new OllamaChatDecoder({ makeId }), recording('fault-runner-killed-stream').chunks ?? []);
    expect(events.at(-1)).toMatchObject({
      failure: { message: 'an error was encountered while running the model: unexpected EOF', blame: 'backend' },
    });
    const full = decodeLines([{ error: 'the prompt is longer than the context length currently available' }]);
    expect(full).toMatchObject([{ type: 'failure', failure: { code: 'context_length_exceeded', blame: 'request' } }]);
  });

  it('tells the times of the engine and the time of the answer', () => {
    const events = drain(new OllamaChatDecoder({ makeId }), recording('chat-tools-stream').chunks ?? []);
    expect(events[0]).toEqual({ type: 'start', id: null, model: 'tiny-tools', created: 1795233242 });
    expect(events.find((event) => event.type === 'timing')).toEqual({
      type: 'timing',
      loadMs: 7.986727,
      promptMs: 246.077,
      generateMs: 13.966,
    });
  });
});

describe('OllamaChatDecoder', () => {
  const call = (name: string, args: unknown, id?: string) => ({
    ...(id === undefined ? {} : { id }),
    function: { index: 0, name, arguments: args },
  });
  const line = (message: object) => ({
    model: 'm',
    message: { role: 'assistant', content: '', ...message },
    done: false,
  });

  it('numbers calls that all have index 0 and makes the ids that are missing or repeated', () => {
    let made = 0;
    const events = decodeLines(
      [
        line({ tool_calls: [call('f', { a: 1 })] }),
        line({ tool_calls: [call('g', {}, 'x'), call('h', null, 'x')] }),
        done,
      ],
      { makeId: () => `call_${++made}` },
    );
    expect(summary(events).calls).toEqual([
      { id: 'call_1', name: 'f', arguments: '{"a":1}' },
      { id: 'x', name: 'g', arguments: '{}' },
      { id: 'call_2', name: 'h', arguments: '{}' },
    ]);
  });

  it('gives only the first call where parallel calls are forbidden', () => {
    const lines = [line({ tool_calls: [call('f', {}), call('g', {})] }), done];
    expect(summary(decodeLines(lines, { singleToolCall: true })).calls).toHaveLength(1);
  });

  it('keeps `length` when calls came before it', () => {
    const events = decodeLines([line({ tool_calls: [call('f', {})] }), { ...done, done_reason: 'length' }]);
    expect(summary(events)).toMatchObject({ finish: 'length', ended: 'end' });
  });

  it('reads text, thinking and calls that share the last line', () => {
    const message = { content: 'x', thinking: 'y', tool_calls: [call('f', {})] };
    expect(summary(decodeLines([{ ...done, message }]))).toMatchObject({
      text: 'x',
      thinking: 'y',
      finish: 'tool_calls',
    });
  });

  it('reads missing counts as 0, never as NaN', () => {
    const events = decodeLines([{ ...done, eval_count: 3 }]);
    expect(summary(events).tokens).toEqual([0, 3]);
  });

  it('gives nothing after the end', () => {
    const decoder = new OllamaChatDecoder({ makeId });
    expect(decoder.push(encode([done])).at(-1)?.type).toBe('end');
    expect(decoder.push(encode([line({ content: 'late' })]))).toEqual([]);
    expect(decoder.end()).toEqual([]);
  });

  it('keeps text with U+2028 whole', () => {
    expect(summary(decodeLines([line({ content: 'a\u2028b' }), done])).text).toBe('a\u2028b');
  });

  it.each([
    ['no JSON', 'nonsense\n', 'upstream_invalid_response'],
    ['no object', '[1]\n', 'upstream_invalid_response'],
    ['a line beyond the bound', `{"message":{"content":"${'x'.repeat(200)}"}}\n`, 'upstream_invalid_response'],
    ['an error line', '{"error":"boom at 10.0.0.7:1234"}\n', 'upstream_error'],
  ])('%s is a failure', (_name, text, code) => {
    const events = drain(new OllamaChatDecoder({ makeId, maxLineLength: 100 }), [new TextEncoder().encode(text)]);
    expect(events.at(-1)).toMatchObject({ type: 'failure', failure: { code, blame: 'backend' } });
    expect(JSON.stringify(events)).not.toContain('10.0.0.7');
  });

  it('an answer that is no JSON is a failure', () => {
    expect(summary(readOllamaChatAnswer('<html>', { makeId })).ended).toBe('upstream_invalid_response');
  });
});
