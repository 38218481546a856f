/** The limits of many owners (keys, teams, users, deployments) as one process counts them. Pure: the clock is a parameter. */
import type { LimitBookCopy, LimitKind, LimitState, LimitTake } from '#contracts';
import { SlidingLog } from './sliding-log.js';

export type TakeOutcome =
  | { readonly kind: 'granted'; readonly states: readonly LimitState[] }
  | {
      readonly kind: 'refused';
      readonly refused: LimitState;
      /** Infinity where it can never fit. */
      readonly retryAfterMs: number;
      readonly states: readonly LimitState[];
    };

export interface Finished {
  /** null = as estimated. */
  readonly tokens: number | null;
  readonly requests: number | null;
  /** It never ran: nothing counts. */
  readonly undo: boolean;
}

/** Owners whose limits are remembered; the one that was quiet the longest goes first. */
const mostOwners = 50_000;
/** A late start is allowed for up to this share of the window: short windows would lose too much by more. */
const mostDelay = 0.02;

export class LimitBooks {
  private readonly owners = new Map<string, Map<string, { kind: LimitKind; name: string; log: SlidingLog }>>();

  /** Takes all or nothing. A refusal counts nothing. `delayMs`: the request may begin that much later. */
  take(owner: string, ticket: string, takes: readonly LimitTake[], now: number, delayMs = 0): TakeOutcome {
    for (const take of takes) {
      const wait = this.logOf(owner, take).waitFor(take.amount, take.limit, now);
      if (wait > 0) {
        return {
          kind: 'refused',
          refused: this.stateOf(owner, take, now),
          retryAfterMs: wait,
          states: this.states(owner, takes, now),
        };
      }
    }
    this.count(owner, ticket, takes, now, delayMs);
    return { kind: 'granted', states: this.states(owner, takes, now) };
  }

  /** Counts what somebody else let through. `delayMs`: it may begin that much later. The same ticket counts once. */
  count(owner: string, ticket: string, takes: readonly LimitTake[], now: number, delayMs = 0): void {
    for (const take of takes) {
      const log = this.logOf(owner, take);
      if (!log.has(ticket)) log.add(ticket, take.amount, now, Math.min(delayMs, take.windowMs * mostDelay));
    }
  }

  /** A request is over: it no longer runs in parallel, and its tokens are what it used. */
  finish(owner: string, ticket: string, finished: Finished): void {
    for (const { kind, log } of this.owners.get(owner)?.values() ?? []) {
      if (kind === 'parallel' || finished.undo) log.remove(ticket);
      else if (kind === 'tokens' && finished.tokens !== null) log.correct(ticket, finished.tokens);
      else if (kind === 'requests' && finished.requests !== null) log.correct(ticket, finished.requests);
    }
  }

  states(owner: string, takes: readonly LimitTake[], now: number): LimitState[] {
    return takes.map((take) => this.stateOf(owner, take, now));
  }

  /** What counts of a limit now. */
  used(owner: string, take: LimitTake, now: number): number {
    return this.logOf(owner, take).used(now);
  }

  /** Requests of a process that died run no more. */
  dropParallel(matches: (ticket: string) => boolean): void {
    for (const logs of this.owners.values()) {
      for (const { kind, log } of logs.values()) if (kind === 'parallel') log.removeWhere(matches);
    }
  }

  /** Everything that counts of the owners that match. */
  copy(matches: (owner: string) => boolean, now: number): LimitBookCopy[] {
    const found = [...this.owners].filter(([owner]) => matches(owner));
    return found.map(([owner, logs]) => ({
      owner,
      logs: [...logs.values()].map(({ kind, name, log }) => ({
        kind,
        name,
        windowMs: log.windowMs,
        entries: log
          .snapshot(now)
          .map(({ ticket, amount, expiresAt }) => ({ ticket, amount, leftMs: expiresAt - now })),
      })),
    }));
  }

  /** Adds what another process had counted, beside what was heard since. */
  merge(books: readonly LimitBookCopy[], now: number): void {
    for (const { owner, logs } of books) {
      for (const { kind, name, windowMs, entries } of logs) {
        const log = this.logOf(owner, { kind, name, windowMs });
        for (const { ticket, amount, leftMs } of entries) {
          if (!log.has(ticket)) log.insert({ ticket, amount, expiresAt: now + leftMs });
        }
      }
    }
  }

  /** Forgets owners for whom nothing counts any more. */
  sweep(now: number): void {
    for (const [owner, logs] of this.owners) {
      if ([...logs.values()].every(({ log }) => log.used(now) === 0)) this.owners.delete(owner);
    }
  }

  get size(): number {
    return this.owners.size;
  }

  private stateOf(owner: string, take: LimitTake, now: number): LimitState {
    const log = this.logOf(owner, take);
    const { kind, name, limit } = take;
    return { kind, name, limit, remaining: Math.max(0, limit - log.used(now)), resetMs: log.emptyIn(now) };
  }

  private logOf(owner: string, { kind, name, windowMs }: Pick<LimitTake, 'kind' | 'name' | 'windowMs'>): SlidingLog {
    let logs = this.owners.get(owner);
    if (logs === undefined) {
      logs = new Map();
      const oldest = this.owners.size >= mostOwners ? this.owners.keys().next().value : undefined;
      if (oldest !== undefined) this.owners.delete(oldest);
      this.owners.set(owner, logs);
    }
    const key = `${kind} ${windowMs} ${name}`;
    let found = logs.get(key);
    if (found === undefined) {
      found = { kind, name, log: new SlidingLog(windowMs) };
      logs.set(key, found);
    }
    return found.log;
  }
}
