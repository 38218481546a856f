import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { madeAnswer } from './answers.fixtures.js';
import { AnswerCollector, collectAnswer } from './collect-answer.js';
import { StoredAnswer, collectedAnswer, storedAnswer } from './stored-answer.js';

describe('storedAnswer', () => {
  it('survives JSON and collects to the same answer', () => {
    fc.assert(
      fc.property(madeAnswer, (made) => {
        const answer = collectAnswer(made.events);
        const stored = storedAnswer(answer);
        const read = StoredAnswer.parse(JSON.parse(JSON.stringify(stored)));
        expect(collectedAnswer(read)).toEqual(structuredClone(answer));
      }),
    );
  });

  it('is null for an answer that failed or never ended', () => {
    const collector = new AnswerCollector();
    collector.push({ type: 'text-delta', choice: 0, text: 'half' });
    expect(storedAnswer(collector.answer())).toBeNull();
    const failure = {
      code: 'upstream_error',
      status: 500,
      message: 'x',
      blame: 'backend',
      retryAfterMs: null,
    } as const;
    collector.push({ type: 'failure', failure });
    collector.push({ type: 'end' });
    expect(storedAnswer(collector.answer())).toBeNull();
  });
});
