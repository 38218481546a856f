import { expect, it } from 'vitest';
import type { StreamEvent, UpstreamDecoder } from '#wire';
import { ObservedDecoder } from './observed-decoder.js';

it('passes everything on, and sees when it began and how fast it went', () => {
  const events: StreamEvent[][] = [
    [{ type: 'text-delta', choice: 0, text: 'a' }],
    [
      {
        type: 'usage',
        usage: {
          inputTokens: 1,
          outputTokens: 50,
          cachedInputTokens: 0,
          cacheWriteTokens: 0,
          reasoningTokens: 0,
          costUsd: null,
        },
      },
      { type: 'timing', loadMs: 1_200, promptMs: 10, generateMs: 2_000 },
      { type: 'end' },
    ],
  ];
  const left = [...events];
  const inner: UpstreamDecoder = { push: () => left.shift() ?? [], end: () => [] };
  let now = 100;
  let signs = 0;
  const decoder = new ObservedDecoder(
    inner,
    () => now,
    () => (signs += 1),
  );
  expect(decoder.figures).toEqual({ firstBytesAt: null, loadMs: null, tokensPerSecond: null, ended: false });
  expect(decoder.push(new Uint8Array())).toEqual(events[0]);
  now = 200;
  expect(decoder.push(new Uint8Array())).toEqual(events[1]);
  expect(decoder.end()).toEqual([]);
  expect(decoder.figures).toEqual({ firstBytesAt: 100, loadMs: 1_200, tokensPerSecond: 25, ended: true });
  expect(signs).toBe(1);
});
