import { describe, expect, it } from 'vitest';
import type { StreamSender } from '#bus';
import type { StreamEvent, UpstreamFailure } from '#wire';
import { AnswerPump } from './answer-pump.js';
import { AnswerTimers } from './answer-timers.js';
import type { AnswerWriter } from './answer-writer.js';
import { UpstreamProblem } from './http.client.js';
import { silent } from './silent-stream.fixtures.js';

const failure: UpstreamFailure = {
  code: 'upstream_error',
  status: 500,
  message: 'no',
  blame: 'backend',
  retryAfterMs: null,
};
const text = (part: string): StreamEvent => ({ type: 'text-delta', choice: 0, text: part });
const finish: StreamEvent = { type: 'finish', choice: 0, reason: 'stop' };
const usage: StreamEvent = {
  type: 'usage',
  usage: {
    inputTokens: 3,
    outputTokens: 2,
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
    costUsd: null,
  },
};

/** Plays an upstream whose every read is a list of events; what reached the client is in `sent`. */
async function play(
  reads: readonly (readonly StreamEvent[])[],
  options: { cancelAfter?: number; breakAt?: number } = {},
) {
  const sent: { bytes: string; content: boolean; last: boolean }[] = [];
  const cancel = new AbortController();
  const stream: StreamSender = {
    signal: cancel.signal,
    traceparent: null,
    queued: () => {},
    accepted: () => {},
    data: async (bytes, flags) => {
      sent.push({ bytes: Buffer.from(bytes).toString(), content: flags.content, last: flags.last ?? false });
      if (sent.length === options.cancelAfter) cancel.abort(new Error('cancelled'));
    },
    usage: () => {},
    end: async () => {},
    error: async () => {},
  };
  const writer: AnswerWriter = {
    event: (event) =>
      event.type === 'text-delta' ? Buffer.from(event.text) : event.type === 'start' ? Buffer.from('<') : null,
    finish: () => Buffer.from('>'),
    fail: () => Buffer.from('!'),
  };
  let next = 0;
  const decoder = {
    push: () => [...(reads[next++] ?? [])],
    end: () => (options.breakAt === undefined ? [] : [{ type: 'failure' as const, failure }]),
  };
  async function* body(): AsyncGenerator<Uint8Array> {
    for (let index = 0; index < reads.length; index += 1) {
      if (index === options.breakAt) throw new UpstreamProblem('upstream_error', 'broke the connection');
      yield new Uint8Array(1);
    }
  }
  const timers = new AnswerTimers({ loadMs: 1_000, firstContentMs: null, idleMs: 1_000 });
  const pump = new AnswerPump({ decoder, writer, stream, timers, now: () => 1 });
  await pump.run(body());
  await pump.finish();
  return { sent, result: pump.result };
}

/** A pump whose stream goes nowhere. */
function pumpTo(writer: AnswerWriter): AnswerPump {
  const decoder = { push: () => [], end: () => [] };
  const timers = new AnswerTimers({ loadMs: 1_000, firstContentMs: null, idleMs: 1_000 });
  return new AnswerPump({ decoder, writer, stream: silent, timers, now: () => 1 });
}

const start: StreamEvent = { type: 'start', id: null, model: 'm-1', created: null };

describe('an answer', () => {
  it('goes through in one message for each read, and ends', async () => {
    const { sent, result } = await play([[start], [text('a'), text('b')], [usage, finish, { type: 'end' }]]);
    expect(sent).toEqual([
      { bytes: '<', content: false, last: false },
      { bytes: 'ab', content: true, last: false },
      { bytes: '>', content: true, last: true },
    ]);
    expect(result).toMatchObject({
      failure: null,
      content: true,
      finishReason: 'stop',
      upstreamModel: 'm-1',
      outputCharacters: 2,
    });
  });

  it('that fails before content leaves nothing behind but what is held back', async () => {
    const { sent, result } = await play([[start], [{ type: 'failure', failure }]]);
    expect(sent).toEqual([{ bytes: '<', content: false, last: false }]);
    expect(result).toMatchObject({ failure, content: false });
  });

  it('that fails after content says so to the client', async () => {
    const { sent, result } = await play([[text('a')], [{ type: 'failure', failure }]]);
    expect(sent.at(-1)).toEqual({ bytes: '!', content: true, last: true });
    expect(result).toMatchObject({ failure, content: true });
  });

  it('whose connection breaks is a failure', async () => {
    const { result } = await play([[text('a')], [text('b')]], { breakAt: 1 });
    expect(result.failure).toMatchObject({ code: 'upstream_error', blame: 'backend' });
  });

  it.each([
    ['nothing at all', [[{ type: 'end' as const }]], 'upstream_invalid_response'],
    ['no end mark', [[start]], 'upstream_invalid_response'],
  ])('of %s is a failure', async (_name, reads, code) => {
    expect((await play(reads)).result.failure?.code).toBe(code);
  });

  it('is told what was counted only where its upstream told nothing', () => {
    const told: StreamEvent[] = [];
    const writer: AnswerWriter = {
      event: (event) => {
        told.push(event);
        return null;
      },
      finish: () => Buffer.from(''),
      fail: () => null,
    };
    const tokens = { inputTokens: 5, outputTokens: 6, cachedInputTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 };
    pumpTo(writer).tellCounted(tokens);
    expect(told).toEqual([{ type: 'usage', usage: { ...tokens, costUsd: null, counted: true } }]);
    const refused = pumpTo(writer);
    refused.refuse(failure);
    refused.tellCounted(tokens);
    expect(told).toHaveLength(1);
  });

  it('that is passed through counts as content, and its bytes as no text', async () => {
    const piece: StreamEvent = { type: 'bytes', bytes: new Uint8Array(400) };
    const { result } = await play([[piece], [usage, finish, { type: 'end' }]]);
    expect(result).toMatchObject({ failure: null, firstContentAt: 1, outputCharacters: 0 });
    expect((await play([[{ type: 'bytes', bytes: new Uint8Array(0) }]])).result.failure).not.toBeNull();
  });

  it('without text that used tokens is an answer', async () => {
    const { result, sent } = await play([[usage, finish, { type: 'end' }]]);
    expect(result.failure).toBeNull();
    expect(sent.at(-1)).toEqual({ bytes: '>', content: true, last: true });
  });

  it('that nobody wants any more is left at once', async () => {
    const { result, sent } = await play([[text('a')], [text('b')], [text('c')]], { cancelAfter: 1 });
    expect(sent.map((part) => part.bytes)).toEqual(['a']);
    expect(result).toMatchObject({ cancelled: true, failure: null });
  });
});
