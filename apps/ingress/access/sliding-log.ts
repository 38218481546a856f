/**
 * What was taken within the last window, entry by entry: the exact way to hold a limit in any stretch of time, where
 * fixed windows let twice as much through around their edges. Times are of the owner's monotonic clock.
 */

export interface LogEntry {
  readonly ticket: string;
  amount: number;
  readonly expiresAt: number;
}

/** Of more than this many, the oldest are kept in slots of a hundredth of the window: within 1 % of exact, and bounded. */
const exactEntries = 1_000;
const slots = 100;

export class SlidingLog {
  /** Oldest first. */
  private entries: LogEntry[] = [];
  /** Those that can still be told apart. */
  private readonly byTicket = new Map<string, LogEntry>();
  private sum = 0;

  constructor(readonly windowMs: number) {}

  /** What counts now. */
  used(now: number): number {
    let expired = 0;
    for (const entry of this.entries) {
      if (entry.expiresAt > now) break;
      this.sum -= entry.amount;
      this.byTicket.delete(entry.ticket);
      expired += 1;
    }
    if (expired > 0) this.entries.splice(0, expired);
    return this.sum;
  }

  /** Counts an amount, whatever the limit says. */
  add(ticket: string, amount: number, now: number, delayMs = 0): void {
    this.insert({ ticket, amount, expiresAt: now + delayMs + this.windowMs });
  }

  /** Counts what another process counted. */
  insert(entry: LogEntry): void {
    if (entry.amount === 0) return;
    this.sum += entry.amount;
    if (entry.ticket !== '') this.byTicket.set(entry.ticket, entry);
    let at = this.entries.length;
    while (at > 0 && (this.entries[at - 1]?.expiresAt ?? 0) > entry.expiresAt) at -= 1;
    this.entries.splice(at, 0, entry);
    if (this.entries.length >= 2 * exactEntries) this.compact();
  }

  /** Replaces what a ticket took by what it used; tickets that no longer count are ignored. */
  correct(ticket: string, amount: number): void {
    const entry = this.byTicket.get(ticket);
    if (entry === undefined) return;
    this.sum += amount - entry.amount;
    entry.amount = amount;
  }

  /** Forgets a ticket: it ended (parallel requests), or never ran. */
  remove(ticket: string): void {
    const entry = this.byTicket.get(ticket);
    if (entry === undefined) return;
    this.sum -= entry.amount;
    this.byTicket.delete(ticket);
    this.entries.splice(this.entries.lastIndexOf(entry), 1);
  }

  /** Forgets all tickets that match, e.g. those of a process that died. */
  removeWhere(matches: (ticket: string) => boolean): void {
    for (const ticket of [...this.byTicket.keys()].filter(matches)) this.remove(ticket);
  }

  /** Milliseconds until `amount` fits under `limit`; Infinity where it never will. */
  waitFor(amount: number, limit: number, now: number): number {
    if (amount > limit) return Infinity;
    let used = this.used(now);
    if (used + amount <= limit) return 0;
    for (const entry of this.entries) {
      used -= entry.amount;
      if (used + amount <= limit) return entry.expiresAt - now;
    }
    return 0;
  }

  /** Milliseconds until nothing counts any more. */
  emptyIn(now: number): number {
    return Math.max(0, (this.entries.at(-1)?.expiresAt ?? now) - now);
  }

  /** Everything that counts, for another process. */
  snapshot(now: number): readonly LogEntry[] {
    this.used(now);
    return this.entries;
  }

  has(ticket: string): boolean {
    return this.byTicket.has(ticket);
  }

  /** Merges what is old and close together. It counts a little longer than needed, never shorter. */
  private compact(): void {
    const slotMs = this.windowMs / slots;
    const merged: LogEntry[] = [];
    for (const entry of this.entries.splice(0, this.entries.length - exactEntries)) {
      const slot = merged.at(-1);
      if (slot === undefined || Math.floor(slot.expiresAt / slotMs) !== Math.floor(entry.expiresAt / slotMs)) {
        merged.push(entry);
        continue;
      }
      this.byTicket.delete(slot.ticket);
      this.byTicket.delete(entry.ticket);
      merged[merged.length - 1] = { ticket: '', amount: slot.amount + entry.amount, expiresAt: entry.expiresAt };
    }
    this.entries.unshift(...merged);
  }
}
