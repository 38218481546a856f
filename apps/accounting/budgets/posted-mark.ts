/**
 * Until when all usage is known to be posted, for `LeaseFacts`. A look that finds the stream empty says little: reports may
 * wait at their senders. But when every look for `drainMs` found it empty, with the bus and the database there, whoever had
 * to wait has sent.
 */
export class PostedMark {
  /** The first look of the present quiet time. */
  private quietSince: number | null = null;
  private mark = 0;

  constructor(private readonly drainMs: number) {}

  /** Takes over what a look at `now` found; returns until when all is posted. */
  look(isQuiet: boolean, now: number): number {
    if (!isQuiet) this.quietSince = null;
    else {
      this.quietSince ??= now;
      if (now - this.quietSince >= this.drainMs) this.mark = Math.max(this.mark, now - this.drainMs);
    }
    return this.mark;
  }

  /** Something went away between two looks. */
  disturb(): void {
    this.quietSince = null;
  }
}
