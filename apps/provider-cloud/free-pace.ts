/**
 * OpenRouter lets an account ask its free models twenty times a minute and so often a day, and counts refused requests
 * too. The router plans with that; this is the last gate, at the call itself, where attempts that were planned before
 * others failed are counted as well. What others than this gateway spent, OpenRouter's own 429 tells. Pure.
 */
import type { FreeAccount } from '#contracts';

/** OpenRouter's documented limit for `:free` models, per account. */
export const freeRequestsPerMinute = 20;
/** The same per day (UTC), for accounts that never bought credits; the others have this or a thousand. */
export const freeRequestsPerDay = 50;
/** A minute, and a little for the way there: what counts is when requests arrive. */
const windowMs = 61_000;
const dayMs = 86_400_000;

/** Whether a request may go; else how long to wait, milliseconds, and which limit says so. */
export type Pace = { readonly limit: null } | { readonly limit: 'minute' | 'day'; readonly waitMs: number };

/** An account that nothing is known of. */
export const newAccount: FreeAccount = { v: 1, sentAtMs: [], day: 0, sentToday: 0, isFreeTier: false };

/**
 * Takes one of the account's requests, where there is one: returns the account after it, or null for it where nothing
 * was taken. `now`: the wall clock, milliseconds. A clock that is a little behind others stays on their day.
 */
export function takeRequest(account: FreeAccount, now: number): { pace: Pace; account: FreeAccount | null } {
  const day = Math.max(account.day, Math.floor(now / dayMs));
  const sentToday = day === account.day ? account.sentToday : 0;
  if (account.isFreeTier && sentToday >= freeRequestsPerDay) {
    return { pace: { limit: 'day', waitMs: (day + 1) * dayMs - now }, account: null };
  }
  const sentAtMs = account.sentAtMs.filter((at) => now - at < windowMs);
  if (sentAtMs.length >= freeRequestsPerMinute) {
    return { pace: { limit: 'minute', waitMs: Math.min(...sentAtMs) + windowMs - now }, account: null };
  }
  const taken = { ...account, sentAtMs: [...sentAtMs, now], day, sentToday: sentToday + 1 };
  return { pace: { limit: null }, account: taken };
}
