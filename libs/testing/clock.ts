/** Time and chance that a test decides. */

/** A clock that stands still until it is moved. */
export class FakeClock {
  private timers: { atMs: number; run: () => void }[] = [];

  constructor(private time = 1_800_000_000_000) {}

  /** Milliseconds since 1970, as Date.now. */
  readonly nowMs = (): number => this.time;

  /** Runs something later; the function that is given back takes it off again. */
  readonly after = (delayMs: number, run: () => void): (() => void) => {
    const timer = { atMs: this.time + delayMs, run };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((one) => one !== timer);
    };
  };

  /** Moves on, running what becomes due in order. */
  advance(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const next = this.timers.filter((timer) => timer.atMs <= end).sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.timers = this.timers.filter((timer) => timer !== next);
      this.time = Math.max(this.time, next.atMs);
      next.run();
    }
    this.time = end;
  }
}

/** Random numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
