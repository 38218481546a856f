/**
 * OpenRouter lets an account ask its free models twenty times a minute and so often a day, and counts refused requests
 * too. The router plans with that; this is the last gate, at the call itself, where attempts that were planned before
 * others failed are counted as well. It counts what this process sent: what others spent, OpenRouter's own 429 tells.
 */

/** OpenRouter's documented limit for `:free` models, per account. */
export const freeRequestsPerMinute = 20;
/** The same per day (UTC), for accounts that never bought credits; the others have this or a thousand. */
export const freeRequestsPerDay = 50;
/** A minute, and a little for the way there: what counts is when requests arrive. */
const windowMs = 61_000;
const dayMs = 86_400_000;

interface Account {
  sentAt: number[];
  /** Days since the epoch, and what was sent on the last of them. */
  day: number;
  sentToday: number;
  isFreeTier: boolean;
}

/** Whether a request may go; else how long to wait, milliseconds, and which limit says so. */
export type Pace = { readonly limit: null } | { readonly limit: 'minute' | 'day'; readonly waitMs: number };

const go: Pace = { limit: null };

export class FreePace {
  private readonly accounts = new Map<string, Account>();

  /** What OpenRouter says of the account: whether it never bought credits. */
  note(account: string, isFreeTier: boolean): void {
    this.of(account).isFreeTier = isFreeTier;
  }

  /** Takes one of the account's requests, where there is one. `now`: the wall clock, milliseconds. */
  take(account: string, now: number): Pace {
    const state = this.of(account);
    const day = Math.floor(now / dayMs);
    if (day !== state.day) Object.assign(state, { day, sentToday: 0 });
    if (state.isFreeTier && state.sentToday >= freeRequestsPerDay) {
      return { limit: 'day', waitMs: (day + 1) * dayMs - now };
    }
    state.sentAt = state.sentAt.filter((at) => now - at < windowMs);
    const [oldest = now] = state.sentAt;
    if (state.sentAt.length >= freeRequestsPerMinute) return { limit: 'minute', waitMs: oldest + windowMs - now };
    state.sentAt.push(now);
    state.sentToday += 1;
    return go;
  }

  private of(account: string): Account {
    const known = this.accounts.get(account);
    if (known !== undefined) return known;
    const made: Account = { sentAt: [], day: 0, sentToday: 0, isFreeTier: false };
    this.accounts.set(account, made);
    return made;
  }
}
