import { describe, expect, it } from 'vitest';
import type { StreamEvent, UpstreamDecoder, UpstreamUsage } from '#wire';
import { continuedDecoder } from './several-prompts.client.js';

const usage = (inputTokens: number, outputTokens: number): UpstreamUsage => ({
  inputTokens,
  outputTokens,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  costUsd: null,
});
const text = (choice: number, piece: string): StreamEvent => ({ type: 'text-delta', choice, text: piece });
const start: StreamEvent = { type: 'start', id: null, model: 'm', created: null };

function decoderOf(steps: readonly StreamEvent[][]): UpstreamDecoder {
  const left = [...steps];
  return { push: () => left.shift() ?? [], end: () => left.shift() ?? [] };
}

describe('continuedDecoder', () => {
  it('puts the earlier answers after the start and before the last one, and adds their counts', () => {
    const inner = decoderOf([[start, text(1, 'b')], [{ type: 'usage', usage: usage(2, 3) }], [{ type: 'end' }]]);
    const decoder = continuedDecoder(inner, { events: [text(0, 'a')], usage: usage(10, 20), failure: null });
    expect(decoder.push(new Uint8Array())).toEqual([start, text(0, 'a'), text(1, 'b')]);
    expect(decoder.push(new Uint8Array())).toEqual([{ type: 'usage', usage: usage(12, 23) }]);
    expect(decoder.end()).toEqual([{ type: 'end' }]);
  });

  it('gives the earlier answers also where the last one begins with its end', () => {
    const decoder = continuedDecoder(decoderOf([[], [start, { type: 'end' }]]), {
      events: [text(0, 'a')],
      usage: null,
      failure: null,
    });
    expect(decoder.push(new Uint8Array())).toEqual([]);
    expect(decoder.end()).toEqual([start, text(0, 'a'), { type: 'end' }]);
  });
});
