/** Counts for the shards that this process owns, and follows what other owners count. */
import type { LimitQuestion, LimitsTakenEvent, LimitVerdict } from '#contracts';
import { GatewayError } from '#contracts';
import { LimitBooks } from './limit-book.js';

/** How long a batch of permits may be used. */
export const permitsValidMs = 1_000;
/** An answer that takes longer is not waited for: what was granted to another ingress has begun by then. */
export const askMs = 400;
/** How long after the last sign of another ingress everything is still told: one that was stopped may go on. */
const listenedForMs = 300_000;

export class LimitCounter {
  readonly books = new LimitBooks();
  private listenerAt = -Infinity;

  constructor(
    private readonly effects: {
      now(): number;
      /** Tells the other ingresses; called before the answer leaves. */
      tell(event: Omit<LimitsTakenEvent, 'v' | 'holder'>): void;
    },
  ) {}

  /** There is another ingress: from now on it is told what is let through. Whoever starts copies what was counted before. */
  noteListener(): void {
    this.listenerAt = this.effects.now();
  }

  /** Answers as the owner; `delayMs`: how much later the asker may act on the answer. Throws service_unavailable where this process does not own the shard any more. */
  decide(question: LimitQuestion, isOwner: () => boolean, delayMs = 0): LimitVerdict {
    if (!isOwner()) throw new GatewayError('service_unavailable');
    switch (question.op) {
      case 'take':
        return this.take(question, delayMs);
      case 'permits':
        return this.permits(question);
      case 'finish': {
        const { owner, ticket, tokens, requests, undo } = question;
        this.finish(owner, ticket, { tokens, requests, undo });
        return { v: 1, granted: true, refused: null, retryAfterMs: 0, states: [], permits: 0, validMs: 0 };
      }
    }
  }

  /** A request is over; everybody who follows is told. */
  finish(owner: string, ticket: string, finished: NonNullable<LimitsTakenEvent['finished']>): void {
    this.books.finish(owner, ticket, finished);
    this.tell({ owner, ticket, takes: [], finished });
  }

  /** Counts what was let through without asking the owner, and tells the others. */
  countOwn(owner: string, ticket: string, takes: LimitsTakenEvent['takes']): void {
    this.books.count(owner, ticket, takes, this.effects.now());
    this.tell({ owner, ticket, takes, finished: null });
  }

  /** What another ingress let through. */
  heard(event: LimitsTakenEvent, now: number): void {
    if (event.finished === null) this.books.count(event.owner, event.ticket, event.takes, now, permitsValidMs);
    else this.books.finish(event.owner, event.ticket, event.finished);
  }

  /** The requests of an ingress that is gone run no more. Tickets begin with its name. */
  memberEnded(session: string): void {
    const instance = session.replace(/-\d+$/, '');
    this.books.dropParallel((ticket) => ticket.startsWith(`${instance}:`));
  }

  private take({ owner, ticket, takes }: Extract<LimitQuestion, { op: 'take' }>, delayMs: number): LimitVerdict {
    const outcome = this.books.take(owner, ticket, takes, this.effects.now(), delayMs);
    const states = [...outcome.states];
    if (outcome.kind === 'refused') {
      const retryAfterMs = Math.min(outcome.retryAfterMs, longestRetryMs);
      return { v: 1, granted: false, refused: outcome.refused, retryAfterMs, states, permits: 0, validMs: 0 };
    }
    this.tell({ owner, ticket, takes, finished: null });
    return { v: 1, granted: true, refused: null, retryAfterMs: 0, states, permits: 0, validMs: 0 };
  }

  private tell(event: Omit<LimitsTakenEvent, 'v' | 'holder'>): void {
    if (this.effects.now() - this.listenerAt < listenedForMs) this.effects.tell(event);
  }

  /** A batch counts from its end: whenever its permits are used, no window holds more than the limit. */
  private permits({ owner, ticket, take }: Extract<LimitQuestion, { op: 'permits' }>): LimitVerdict {
    const now = this.effects.now();
    const left = take.limit - this.books.used(owner, take, now);
    const permits = Math.min(take.amount, left);
    if (permits < 1) return this.take({ v: 1, op: 'take', owner, ticket, takes: [{ ...take, amount: 1 }] }, askMs);
    const granted = { ...take, amount: permits };
    this.books.count(owner, ticket, [granted], now, permitsValidMs);
    this.tell({ owner, ticket, takes: [granted], finished: null });
    const states = this.books.states(owner, [take], now);
    return { v: 1, granted: true, refused: null, retryAfterMs: 0, states, permits, validMs: permitsValidMs };
  }
}

/** A limit of 0 never lets anything through; clients are told to look again after a minute. */
const longestRetryMs = 60_000;
