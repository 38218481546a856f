import { describe, expect, it } from 'vitest';
import { runAttempts, type LoopEvent, type WorkerFrame } from './attempt-loop.js';
import { attemptOf } from './attempt.fixtures.js';
import { stagedFrames } from './staged-failure.js';

async function* answered(): AsyncGenerator<WorkerFrame> {
  yield { type: 'data', content: true, last: true, bytes: Buffer.from('hello') };
  yield { type: 'end' };
}

const group = (modelGroup: string) => ({ modelGroup });
const plan = {
  modelGroup: 'm',
  attempts: [
    attemptOf('d1', 'h1', group('m')),
    attemptOf('d2', 'h2', group('m')),
    attemptOf('long', 'h3', { ...group('long'), onlyAfter: 'context_length_exceeded' }),
    attemptOf('tame', 'h3', { ...group('tame'), onlyAfter: 'content_policy_violation' }),
    attemptOf('other', 'h3', group('other')),
  ],
};

describe('a failure on demand', () => {
  it.each([
    ['error', 'other'],
    ['rate_limit', 'other'],
    ['timeout', 'other'],
    ['context_length', 'long'],
    ['content_policy', 'tame'],
    [undefined, 'm'],
  ] as const)('%s is answered by %s', async (staged, answeredBy) => {
    const events: LoopEvent[] = [];
    const effects = {
      open: (attempt: (typeof plan.attempts)[number]) => stagedFrames(staged, plan, attempt) ?? answered(),
      pause: () => Promise.resolve(),
      clientGone: () => false,
      affords: () => true,
    };
    for await (const event of runAttempts(plan, effects)) events.push(event);
    const last = events.findLast((event) => event.kind === 'attempt');
    expect(last?.attempt.modelGroup).toBe(answeredBy);
    expect(events.at(-1)?.kind).toBe('finished');
    for (const event of events) if (event.kind === 'attempt-failed') expect(event.failure.blame).toBe('gateway');
  });
});
