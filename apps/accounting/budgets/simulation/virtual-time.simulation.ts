/** A clock that only moves when events are run, and random numbers that a seed decides. */

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

export class VirtualTime {
  now = 0;
  private order = 0;
  /** A binary heap by time, then by order of scheduling. */
  private readonly heap: Entry[] = [];

  /** Runs `run` after `delay` milliseconds. */
  after(delay: number, run: () => void): void {
    const entry = { at: this.now + delay, order: this.order, run };
    this.order += 1;
    let child = this.heap.push(entry) - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      const above = this.heap[parent];
      if (above === undefined || !before(entry, above)) break;
      this.heap[child] = above;
      this.heap[parent] = entry;
      child = parent;
    }
  }

  /** Runs events until `end`; throws where there are absurdly many. */
  runUntil(end: number, mostEvents = 3_000_000): void {
    for (let ran = 0; ; ran += 1) {
      if (ran > mostEvents) throw new Error('the simulation does not come to an end');
      const entry = this.heap[0];
      if (entry === undefined || entry.at > end) break;
      this.pop();
      this.now = entry.at;
      entry.run();
    }
    this.now = end;
  }

  private pop(): void {
    const last = this.heap.pop();
    if (last === undefined || this.heap.length === 0) return;
    let hole = 0;
    for (;;) {
      const left = 2 * hole + 1;
      const right = left + 1;
      let least = last;
      let from = hole;
      for (const child of [left, right]) {
        const entry = this.heap[child];
        if (entry !== undefined && before(entry, least)) {
          least = entry;
          from = child;
        }
      }
      this.heap[hole] = least;
      if (from === hole) return;
      hole = from;
    }
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

export class Dice {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** In [0, 1): the generator mulberry32. */
  share(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number from 0 to `below` - 1. */
  upTo(below: number): number {
    return Math.floor(this.share() * below);
  }

  chance(share: number): boolean {
    return this.share() < share;
  }

  /** One of several; throws RangeError for none. */
  pick<T>(of: readonly T[]): T {
    const picked = of[this.upTo(of.length)];
    if (picked === undefined) throw new RangeError('nothing to pick from');
    return picked;
  }
}
