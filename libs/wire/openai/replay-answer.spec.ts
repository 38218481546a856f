import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StreamEvent } from '../neutral/stream-event.js';
import { madeAnswer, usage } from './answers.fixtures.js';
import { collectAnswer, shownFinish } from './collect-answer.js';
import { replayAnswer } from './replay-answer.js';

describe('collectAnswer', () => {
  it('keeps what was said, in order, whatever the cuts', () => {
    fc.assert(
      fc.property(madeAnswer, (made) => {
        const { choices, ended, usage: counted } = collectAnswer(made.events);
        const text = choices[0]?.blocks.map((block) => (block.kind === 'text' ? block.text : '')).join('');
        expect(text).toBe(made.text);
        expect(ended).toBe(true);
        expect(counted).toEqual(usage);
      }),
    );
  });

  it('ignores nonsense of an upstream: calls that never began, absurd choices', () => {
    const events: StreamEvent[] = [
      { type: 'tool-call-delta', choice: 0, index: 4, arguments: '{}' },
      { type: 'text-delta', choice: 4_000_000_000, text: 'x' },
      { type: 'reasoning-delta', choice: 0, text: '' },
    ];
    expect(collectAnswer(events).choices).toMatchObject([{ blocks: [] }]);
  });

  it('keeps a failure', () => {
    const failure = {
      code: 'upstream_error',
      status: 500,
      message: 'x',
      blame: 'backend',
      retryAfterMs: null,
    } as const;
    expect(collectAnswer([{ type: 'failure', failure }])).toMatchObject({ failure, ended: false });
  });
});

describe('replayAnswer', () => {
  it('collects to the same answer again, also through JSON', () => {
    fc.assert(
      fc.property(madeAnswer, (made) => {
        const answer = collectAnswer(made.events);
        const stored = structuredClone(answer);
        expect(collectAnswer(replayAnswer(stored))).toEqual(answer);
      }),
    );
  });

  it('keeps logprobs, refusals, redacted thinking, details, annotations and stop sequences', () => {
    const logprobs = [{ token: 'a', logprob: -1, bytes: null, top_logprobs: [] }];
    const events: StreamEvent[] = [
      { type: 'reasoning-delta', choice: 0, text: 'Hm', details: [{ type: 'reasoning.text' }] },
      { type: 'reasoning-signature', choice: 0, signature: 's' },
      { type: 'reasoning-signature', choice: 0, redacted: 'd' },
      { type: 'text-delta', choice: 0, text: 'a', logprobs },
      { type: 'refusal-delta', choice: 0, text: 'no' },
      { type: 'annotations', choice: 0, annotations: [1] },
      { type: 'finish', choice: 0, reason: 'stop', native: 'stop_sequence', stopSequence: 'END' },
      { type: 'end' },
    ];
    const answer = collectAnswer(events);
    expect(collectAnswer(replayAnswer(answer))).toEqual(answer);
    expect([...replayAnswer(answer)].slice(1)).toEqual(events);
  });
});

describe('shownFinish', () => {
  it.each([
    ['stop', true, 'tool_calls'],
    ['stop', false, 'stop'],
    ['length', true, 'length'],
    ['content_filter', true, 'content_filter'],
    [null, true, 'tool_calls'],
    [null, false, 'stop'],
  ] as const)('%s with calls: %s -> %s', (reason, hasCalls, shown) => {
    expect(shownFinish(reason, hasCalls)).toBe(shown);
  });
});
