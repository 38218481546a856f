import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Attempt } from '#contracts';
import { attemptOf, failureOf } from './attempt.fixtures.js';
import { runAttempts, type LoopEvent, type WorkerFrame } from './attempt-loop.js';

const bytes = (text: string, content = true): WorkerFrame => ({
  type: 'data',
  content,
  last: false,
  bytes: Buffer.from(text),
});
const end: WorkerFrame = { type: 'end' };
const error = (code: string): WorkerFrame => ({ type: 'error', failure: failureOf(code) });

interface World {
  readonly frames: readonly (readonly WorkerFrame[])[];
  readonly attempts?: readonly Attempt[];
  readonly leaveAfter?: number;
  readonly affords?: number;
}

async function play(
  world: World,
): Promise<{ events: LoopEvent[]; opened: number[]; closed: number[]; paused: number[] }> {
  const opened: number[] = [];
  const closed: number[] = [];
  const paused: number[] = [];
  const events: LoopEvent[] = [];
  const attempts = world.attempts ?? world.frames.map((_, index) => attemptOf(`d${index}`, `host-${index}`));
  const effects = {
    async *open(_attempt: Attempt, index: number) {
      opened.push(index);
      try {
        yield* world.frames[index] ?? [];
      } finally {
        closed.push(index);
      }
    },
    pause: async (ms: number) => {
      paused.push(ms);
    },
    affords: () => opened.length < (world.affords ?? Number.POSITIVE_INFINITY),
    clientGone: () => world.leaveAfter !== undefined && events.length >= world.leaveAfter,
  };
  for await (const event of runAttempts({ attempts, retry: { count: 3, perClass: {} } }, effects)) events.push(event);
  return { events, opened, closed, paused };
}

const kinds = (events: readonly LoopEvent[]) => events.map((event) => event.kind);
const textOf = (events: readonly LoopEvent[]) =>
  events.map((event) => (event.kind === 'bytes' ? Buffer.from(event.bytes).toString() : '')).join('');

describe('the attempt loop', () => {
  it('passes on the first answer that has content', async () => {
    const { events, opened } = await play({
      frames: [
        [bytes('{', false), bytes('a'), end],
        [bytes('b'), end],
      ],
    });
    expect(kinds(events)).toEqual(['attempt', 'bytes', 'bytes', 'finished']);
    expect(textOf(events)).toBe('{a');
    expect(opened).toEqual([0]);
  });

  describe('where no worker serves the backend', () => {
    const unserved: WorkerFrame = {
      type: 'error',
      failure: failureOf('service_unavailable', { blame: 'gateway', details: { unserved: true } }),
    };
    const playOne = async (opens: readonly (readonly WorkerFrame[])[], attempts = [attemptOf('d', 'h')]) => {
      const left = [...opens];
      const paused: number[] = [];
      const seen: string[] = [];
      const effects = {
        async *open() {
          yield* left.shift() ?? [unserved];
        },
        pause: async (ms: number) => {
          paused.push(ms);
        },
        affords: () => true,
        clientGone: () => false,
      };
      for await (const event of runAttempts({ attempts, retry: { count: 0, perClass: {} } }, effects))
        seen.push(event.kind);
      return { seen, waitedMs: paused.reduce((sum, ms) => sum + ms, 0) };
    };

    it('waits for one where nothing else is left', async () => {
      const { seen, waitedMs } = await playOne([[unserved], [unserved], [bytes('a'), end]]);
      expect(seen).toEqual(['attempt', 'bytes', 'finished']);
      expect(waitedMs).toBe(500);
    });

    it('but five seconds at most', async () => {
      const { seen, waitedMs } = await playOne([]);
      expect(seen).toEqual(['attempt', 'attempt-failed', 'failed']);
      expect(waitedMs).toBe(5_000);
    });

    it('and goes elsewhere at once where it can', async () => {
      const attempts = [attemptOf('d', 'h'), attemptOf('e', 'other')];
      const { seen, waitedMs } = await playOne([[unserved], [bytes('a'), end]], attempts);
      expect(seen).toEqual(['attempt', 'attempt-failed', 'attempt', 'bytes', 'finished']);
      expect(waitedMs).toBe(0);
    });
  });

  it('goes on after a failure, and nothing of the failed attempt is seen', async () => {
    const { events } = await play({
      frames: [
        [bytes('role', false), error('upstream_error')],
        [bytes('b'), end],
      ],
    });
    expect(kinds(events)).toEqual(['attempt', 'attempt-failed', 'attempt', 'bytes', 'finished']);
    expect(textOf(events)).toBe('b');
  });

  it('tells the content type of the attempt that answers, before its bytes, and of no other', async () => {
    const head = (contentType: string): WorkerFrame => ({
      type: 'accepted',
      notice: { loading: false, waitedMs: 0, contentType },
    });
    const waiting: WorkerFrame = { type: 'accepted', notice: { loading: false, waitedMs: 0 } };
    const { events } = await play({
      frames: [
        [waiting, head('text/plain'), error('upstream_error')],
        [waiting, head('audio/mpeg'), bytes('b'), end],
      ],
    });
    expect(kinds(events)).toEqual([
      'attempt',
      'accepted',
      'attempt-failed',
      'attempt',
      'accepted',
      'head',
      'bytes',
      'finished',
    ]);
    expect(events).toContainEqual({ kind: 'head', index: 1, contentType: 'audio/mpeg' });
  });

  it.each([[[end]], [[bytes('role', false), end]], [[]]])('takes an empty answer for a failure: %j', async (frames) => {
    const { events } = await play({ frames: [frames, [bytes('b'), end]] });
    expect(textOf(events)).toBe('b');
    expect(events).toContainEqual(expect.objectContaining({ kind: 'attempt-failed', committed: false }));
  });

  it('never goes on after content, whatever the failure', async () => {
    const { events, opened } = await play({
      frames: [
        [bytes('a'), error('upstream_error')],
        [bytes('b'), end],
      ],
    });
    expect(kinds(events)).toEqual(['attempt', 'bytes', 'attempt-failed', 'failed']);
    expect(events.at(-1)).toMatchObject({ committed: true });
    expect(opened).toEqual([0]);
  });

  it('takes a stream that just stops for a failure', async () => {
    const { events } = await play({ frames: [[bytes('a')]] });
    expect(events.at(-1)).toMatchObject({ kind: 'failed', committed: true, failure: { code: 'service_unavailable' } });
  });

  it('ends with the last failure when all fail', async () => {
    const { events } = await play({ frames: [[error('upstream_error')], [error('upstream_timeout')]] });
    expect(events.at(-1)).toMatchObject({
      kind: 'failed',
      index: 1,
      failure: { code: 'upstream_timeout' },
      committed: false,
    });
  });

  it('waits before a retry as the plan says', async () => {
    const attempts = [attemptOf('a', 'h'), attemptOf('a', 'h', { retry: 1, delayMs: 250 })];
    const { paused, events } = await play({ attempts, frames: [[error('upstream_error')], [bytes('b'), end]] });
    expect(paused).toEqual([250]);
    expect(textOf(events)).toBe('b');
  });

  it('stops when the client has gone, and lets go of the worker', async () => {
    const { events, opened, closed } = await play({
      frames: [[error('upstream_error')], [bytes('b'), end]],
      leaveAfter: 2,
    });
    expect(kinds(events)).toEqual(['attempt', 'attempt-failed']);
    expect(opened).toEqual([0]);
    expect(closed).toEqual([0]);
  });

  it('stops where the reservation does not cover another attempt', async () => {
    const { events, opened } = await play({ frames: [[error('upstream_error')], [bytes('b'), end]], affords: 1 });
    expect(opened).toEqual([0]);
    expect(events.at(-1)).toMatchObject({ kind: 'failed', failure: { code: 'upstream_error' } });
  });

  it('holds its promises for every order of events', async () => {
    const frame = fc.oneof(
      fc.constant(bytes('c')),
      fc.constant(bytes('p', false)),
      fc.constant(end),
      fc.constant(error('upstream_error')),
      fc.constant<WorkerFrame>({ type: 'queued', notice: { position: 1, estimateMs: null, reason: null } }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(frame, { maxLength: 5 }), { minLength: 1, maxLength: 4 }), async (frames) => {
        const { events, opened, closed } = await play({ frames });
        const sources = new Set(events.flatMap((event) => (event.kind === 'bytes' ? [event.index] : [])));
        expect(sources.size).toBeLessThanOrEqual(1);
        expect(closed).toEqual(opened);
        expect(new Set(opened).size).toBe(opened.length);
        expect(['finished', 'failed']).toContain(events.at(-1)?.kind);
        const firstContent = events.findIndex((event) => event.kind === 'bytes');
        if (firstContent >= 0) expect(kinds(events.slice(firstContent))).not.toContain('attempt');
      }),
    );
  });
});
