/**
 * A shelf with patience: where it fails or is slow, it is left alone for a while and requests go on without it. Each shelf
 * has a guard of its own, so that the end of one that a new config replaced says nothing of its successor.
 */
import type { AnswerShelf } from './answer-shelf.js';

/** Longer than any healthy shelf takes, short beside any model. */
const patienceMs = 500;
const restMs = 5_000;

/** Told when the shelf goes away and when it is back, once each. */
export interface ShelfEvents {
  readonly away: (error: unknown) => void;
  readonly back: () => void;
}

export class GuardedShelf {
  private restingUntilMs = 0;
  private readonly asked = new Set<Promise<unknown>>();

  constructor(
    private readonly shelf: AnswerShelf,
    private readonly events: ShelfEvents,
    /** A monotonic clock, milliseconds. */
    private readonly now: () => number,
  ) {}

  /** What the shelf says; undefined where it is away or too slow. Never rejects. */
  async ask<T>(use: (shelf: AnswerShelf) => Promise<T>): Promise<T | undefined> {
    if (this.now() < this.restingUntilMs) return undefined;
    const asking = withinPatience(use(this.shelf));
    this.asked.add(asking);
    try {
      const answer = await asking;
      if (this.restingUntilMs > 0) this.events.back();
      this.restingUntilMs = 0;
      return answer;
    } catch (error) {
      if (this.restingUntilMs === 0) this.events.away(error);
      this.restingUntilMs = this.now() + restMs;
      return undefined;
    } finally {
      this.asked.delete(asking);
    }
  }

  /** Closes the shelf, once those that ask it now have their answer. */
  async stop(): Promise<void> {
    await Promise.allSettled(this.asked);
    await this.shelf.stop();
  }
}

async function withinPatience<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${patienceMs} ms`)), patienceMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
