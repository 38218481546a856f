/**
 * Which models a host has in memory, and which of them it has been seen to hold together. Learnt from /api/ps and from our
 * own requests; the host's memory and its OLLAMA_MAX_LOADED_MODELS need not be known.
 */

/** What is known of two models in one memory: both fit, one pushes the other out, or nobody has seen it yet. */
export type Fit = 'together' | 'conflict' | 'unknown';

export class Residency {
  private resident: ReadonlySet<string> = new Set();
  private readonly fits = new Map<string, 'together' | 'conflict'>();
  /** Models that were taken for gone when another was loaded; the next list proves or refutes it. */
  private doubted: { gone: string; for: string }[] = [];

  /** A copy for a forecast: what happens to it does not happen here. */
  copy(): Residency {
    const copy = new Residency();
    copy.resident = this.resident;
    for (const [pair, fit] of this.fits) copy.fits.set(pair, fit);
    return copy;
  }

  has(model: string): boolean {
    return this.resident.has(model);
  }

  models(): ReadonlySet<string> {
    return this.resident;
  }

  fit(a: string, b: string): Fit {
    return a === b ? 'together' : (this.fits.get(pairOf(a, b)) ?? 'unknown');
  }

  /** What the host itself lists. A model that was here and made room for a new one is in conflict with it. */
  observe(listed: readonly string[]): void {
    const now = new Set(listed);
    for (const a of now) for (const b of now) if (a !== b) this.fits.set(pairOf(a, b), 'together');
    for (const doubt of this.doubted) {
      if (now.has(doubt.for) && !now.has(doubt.gone)) this.fits.set(pairOf(doubt.gone, doubt.for), 'conflict');
    }
    this.doubted = [];
    const gone = [...this.resident].filter((model) => !now.has(model));
    const come = [...now].filter((model) => !this.resident.has(model));
    for (const a of gone) for (const b of come) this.fits.set(pairOf(a, b), 'conflict');
    this.resident = now;
  }

  /**
   * A model answered and so is loaded; the next list of the host will tell the rest. Until then, models never seen beside
   * it count as gone. Returns how many.
   */
  loaded(model: string): number {
    if (this.resident.has(model)) return 0;
    const kept: string[] = [];
    for (const other of this.resident) {
      if (this.fit(other, model) === 'together') kept.push(other);
      else this.doubted.push({ gone: other, for: model });
    }
    const displaced = this.resident.size - kept.length;
    this.resident = new Set([...kept, model]);
    return displaced;
  }
}

function pairOf(a: string, b: string): string {
  return JSON.stringify(a < b ? [a, b] : [b, a]);
}
