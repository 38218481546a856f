/** Remembers which attempts were taken, so that a message delivered twice starts one upstream call. Pure. */

const keepMs = 10 * 60 * 1000;
const maxKept = 20_000;

export class AttemptMemory {
  private readonly taken = new Map<string, number>();

  /** False where the id was taken within the last ten minutes. */
  take(id: string, now: number): boolean {
    for (const [old, at] of this.taken) {
      if (now - at < keepMs && this.taken.size < maxKept) break;
      this.taken.delete(old);
    }
    if (this.taken.has(id)) return false;
    this.taken.set(id, now);
    return true;
  }
}
