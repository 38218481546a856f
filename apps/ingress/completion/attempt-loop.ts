/**
 * Runs the attempts of a plan, one after the other, until one gives content. The heart of the gateway: before the first
 * content byte a failure leads to the next attempt; after it the answer belongs to that attempt, whatever happens. All
 * effects are injected.
 */
import type { Attempt, QueuedNotice, StreamFailure, UsageNotice } from '#contracts';
import { nextAttempt, type FailedAttempt, type TryList } from './retry-policy.js';

interface Accepted {
  readonly loading: boolean;
  readonly waitedMs: number;
  readonly contentType?: string | undefined;
}

/** A frame of a worker, as the loop needs it. */
export type WorkerFrame =
  | { readonly type: 'queued'; readonly notice: QueuedNotice }
  | { readonly type: 'accepted'; readonly notice: Accepted }
  | { readonly type: 'data'; readonly content: boolean; readonly last: boolean; readonly bytes: Uint8Array }
  | { readonly type: 'usage'; readonly notice: UsageNotice }
  | { readonly type: 'end' }
  | { readonly type: 'error'; readonly failure: StreamFailure };

export interface AttemptEffects {
  /** Opens the worker's stream; breaking off the iteration cancels it. */
  open(attempt: Attempt, index: number): AsyncIterable<WorkerFrame>;
  /** Waits; returns early when the client goes away. */
  pause(ms: number): Promise<void>;
  /** True once the client is gone: nothing more is tried. */
  clientGone(): boolean;
  /** Whether what was reserved still covers another attempt, beside what the earlier ones used. */
  affords(attempt: Attempt): boolean;
}

export type LoopEvent =
  | {
      readonly kind: 'attempt';
      readonly index: number;
      readonly attempt: Attempt;
      readonly after: StreamFailure | null;
    }
  | { readonly kind: 'queued'; readonly index: number; readonly notice: QueuedNotice }
  /** The worker asks upstream now. */
  | { readonly kind: 'accepted'; readonly index: number; readonly waitedMs: number }
  /** What the bytes that follow are, where that is the upstream's to say. */
  | { readonly kind: 'head'; readonly index: number; readonly contentType: string }
  /** Bytes for the client. The first of these commits. */
  | {
      readonly kind: 'bytes';
      readonly index: number;
      readonly bytes: Uint8Array;
      readonly content: boolean;
      readonly last: boolean;
    }
  | { readonly kind: 'usage'; readonly index: number; readonly notice: UsageNotice }
  | {
      readonly kind: 'attempt-failed';
      readonly index: number;
      readonly failure: StreamFailure;
      readonly committed: boolean;
    }
  | { readonly kind: 'finished'; readonly index: number }
  /** Nothing more will come. `committed`: the client has seen content. */
  | { readonly kind: 'failed'; readonly index: number; readonly failure: StreamFailure; readonly committed: boolean };

/** A backend that is new in the config, or whose worker died, has one again within this time. */
const workerWait = { stepMs: 250, steps: 20 } as const;

const emptyAnswer: StreamFailure = {
  code: 'upstream_invalid_response',
  details: { message: 'The backend gave an empty answer.' },
  blame: 'backend',
  retryAfterMs: null,
};

/** Yields what happens; ends after `finished` or `failed`, or silently when the client is gone. */
export async function* runAttempts(plan: TryList, effects: AttemptEffects): AsyncGenerator<LoopEvent> {
  const failures: FailedAttempt[] = [];
  let index: number | null = 0;
  while (index !== null) {
    const attempt = plan.attempts[index];
    if (attempt === undefined) return;
    if (attempt.delayMs > 0) await effects.pause(attempt.delayMs);
    if (effects.clientGone()) return;
    yield { kind: 'attempt', index, attempt, after: failures.at(-1)?.failure ?? null };
    const ending: AttemptEnding = yield* runServedAttempt(plan, index, failures, effects);
    if (effects.clientGone()) return;
    if (ending.failure === null) {
      yield { kind: 'finished', index };
      return;
    }
    const failed: FailedAttempt = { index, failure: ending.failure };
    yield { kind: 'attempt-failed', index, failure: ending.failure, committed: ending.committed };
    const next = ending.committed ? null : affordable(plan, nextAttempt(plan, failed, failures), effects);
    if (next === null) yield { kind: 'failed', ...failed, committed: ending.committed };
    failures.push(failed);
    index = next;
  }
}

function affordable(plan: TryList, next: number | null, effects: AttemptEffects): number | null {
  const attempt = next === null ? undefined : plan.attempts[next];
  return attempt !== undefined && effects.affords(attempt) ? next : null;
}

interface AttemptEnding {
  readonly failure: StreamFailure | null;
  readonly committed: boolean;
}

/** One attempt, which waits a moment for a worker where nothing else is left to try. */
async function* runServedAttempt(
  plan: TryList,
  index: number,
  earlier: readonly FailedAttempt[],
  effects: AttemptEffects,
): AsyncGenerator<LoopEvent, AttemptEnding> {
  for (let step = 0; ; step += 1) {
    const attempt = plan.attempts[index];
    if (attempt === undefined) return { failure: emptyAnswer, committed: false };
    const ending: AttemptEnding = yield* runAttempt(attempt, index, effects);
    const { failure } = ending;
    if (failure === null || ending.committed || failure.details['unserved'] !== true) return ending;
    if (step === workerWait.steps || effects.clientGone()) return ending;
    if (nextAttempt(plan, { index, failure }, earlier) !== null) return ending;
    await effects.pause(workerWait.stepMs);
  }
}

/** One attempt. What comes before the first content is held back, so that a failure leaves no trace at the client. */
async function* runAttempt(
  attempt: Attempt,
  index: number,
  effects: AttemptEffects,
): AsyncGenerator<LoopEvent, AttemptEnding> {
  let committed = false;
  const held: LoopEvent[] = [];
  for await (const frame of effects.open(attempt, index)) {
    switch (frame.type) {
      case 'queued':
        yield { kind: 'queued', index, notice: frame.notice };
        break;
      case 'accepted': {
        const { contentType, waitedMs } = frame.notice;
        if (contentType === undefined) yield { kind: 'accepted', index, waitedMs };
        else held.push({ kind: 'head', index, contentType });
        break;
      }
      case 'data': {
        const event: LoopEvent = { kind: 'bytes', index, bytes: frame.bytes, content: frame.content, last: frame.last };
        if (!committed && !frame.content) {
          held.push(event);
          break;
        }
        committed = true;
        yield* held.splice(0);
        yield event;
        break;
      }
      case 'usage':
        yield { kind: 'usage', index, notice: frame.notice };
        break;
      case 'error':
        return { failure: frame.failure, committed };
      case 'end':
        return { failure: committed ? null : emptyAnswer, committed };
    }
  }
  return { failure: committed ? streamBroken : emptyAnswer, committed };
}

const streamBroken: StreamFailure = {
  code: 'service_unavailable',
  details: { adminText: 'the stream of the worker ended without an end' },
  blame: 'gateway',
  retryAfterMs: null,
};
