/**
 * Credits: how much the worker may send before the ingress has taken it. Both sides count totals since the stream began,
 * so a lost, repeated or late message does no harm. Pure.
 */

export const initialCredit = { frames: 64, bytes: 256 * 1024 } as const;

/** The worker's side. */
export class CreditBalance {
  private sentFrames = 0;
  private sentBytes = 0;
  private grantedFrames: number = initialCredit.frames;
  private grantedBytes: number = initialCredit.bytes;

  /** True while one more data frame may go. A frame may overdraw the bytes, so a large one is never stuck. */
  get open(): boolean {
    return this.sentFrames < this.grantedFrames && this.sentBytes < this.grantedBytes;
  }

  spend(bytes: number): void {
    this.sentFrames += 1;
    this.sentBytes += bytes;
  }

  /** Takes a grant; older ones change nothing. */
  grant(totals: { frames: number; bytes: number }): void {
    this.grantedFrames = Math.max(this.grantedFrames, totals.frames);
    this.grantedBytes = Math.max(this.grantedBytes, totals.bytes);
  }
}

/** The ingress' side: what was taken, and when to say so. */
export class CreditGrant {
  private takenFrames = 0;
  private takenBytes = 0;
  private toldFrames = 0;
  private toldBytes = 0;

  /** Counts a data frame that the client's socket took. Returns the totals to grant once half of the credit is used, else null. */
  take(bytes: number): { frames: number; bytes: number } | null {
    this.takenFrames += 1;
    this.takenBytes += bytes;
    const half =
      this.takenFrames - this.toldFrames >= initialCredit.frames / 2 ||
      this.takenBytes - this.toldBytes >= initialCredit.bytes / 2;
    return half ? this.totals() : null;
  }

  /** The totals as of now; also sent with every beat, which mends a lost grant. */
  totals(): { frames: number; bytes: number } {
    this.toldFrames = this.takenFrames;
    this.toldBytes = this.takenBytes;
    return { frames: this.takenFrames + initialCredit.frames, bytes: this.takenBytes + initialCredit.bytes };
  }
}
