/**
 * OpenRouter lets an account ask its free models twenty times a minute, and counts refused requests too. The router plans
 * with that; this is the last gate, at the call itself, where attempts that were planned before others failed are counted
 * as well. Pure.
 */

/** OpenRouter's documented limit for `:free` models, per account. */
export const freeRequestsPerMinute = 20;
/** A minute, and a little for the way there: what counts is when requests arrive. */
const windowMs = 61_000;

export class FreePace {
  private readonly sentAt = new Map<string, number[]>();

  /** Takes one of the account's requests; returns 0, or how long to wait until there is one again, milliseconds. */
  take(account: string, now: number): number {
    const sent = (this.sentAt.get(account) ?? []).filter((at) => now - at < windowMs);
    this.sentAt.set(account, sent);
    const [oldest = now] = sent;
    if (sent.length >= freeRequestsPerMinute) return oldest + windowMs - now;
    sent.push(now);
    return 0;
  }
}
