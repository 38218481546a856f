/**
 * A sum over the last 60 seconds, in steps of five. LiteLLM counts by the clock's minute, which lets twice the limit
 * through around the full minute; a sliding window does not.
 */

const stepMs = 5_000;
const steps = 12;

export class MinuteWindow {
  readonly #sums = new Float64Array(steps);
  #total = 0;
  /** Number of the newest step since the epoch. */
  #newest = 0;

  /** Adds to the current step; `amount` may be negative, to correct an estimate. */
  add(amount: number, nowMs: number): void {
    this.#advance(nowMs);
    const at = this.#newest % steps;
    this.#sums[at] = (this.#sums[at] ?? 0) + amount;
    this.#total += amount;
  }

  /** The sum of the last minute, never below 0. */
  total(nowMs: number): number {
    this.#advance(nowMs);
    return Math.max(0, this.#total);
  }

  /** Milliseconds until the sum has fallen to `limit` or less, if nothing is added; at most a minute. */
  fallsToMs(limit: number, nowMs: number): number {
    let sum = this.total(nowMs);
    for (let age = steps - 1; age >= 0 && sum > limit; age -= 1) {
      const step = this.#newest - age;
      sum -= this.#sums[((step % steps) + steps) % steps] ?? 0;
      if (sum <= limit) return (step + steps) * stepMs - nowMs;
    }
    return 0;
  }

  #advance(nowMs: number): void {
    const step = Math.floor(nowMs / stepMs);
    if (step <= this.#newest) return;
    const passed = Math.min(steps, step - this.#newest);
    for (let i = 1; i <= passed; i += 1) {
      const at = (step - passed + i) % steps;
      this.#total -= this.#sums[at] ?? 0;
      this.#sums[at] = 0;
    }
    this.#newest = step;
  }
}
