/** Which outcomes say something new of a backend: each failure, the first success after it, and then one a second. */
const repeatMs = 1_000;

export class OutcomeNews {
  private readonly saidWellAt = new Map<string, number>();

  /** Whether the outcome of an attempt on `backend` is to be told to those who judge backends; `now` in milliseconds. */
  isNews(backend: string, ok: boolean, now: number): boolean {
    if (!ok) {
      this.saidWellAt.delete(backend);
      return true;
    }
    if (now - (this.saidWellAt.get(backend) ?? -Infinity) < repeatMs) return false;
    this.saidWellAt.set(backend, now);
    return true;
  }
}
