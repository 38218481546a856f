/**
 * What may pass while the owner of a limit cannot be asked: of what was left when it went away, every living ingress may
 * let through its share, so that together they stay under the limit.
 */
import type { LimitTake } from '#contracts';

export class LimitShares {
  private readonly left = new Map<string, number>();

  /** Takes from the shares of all limits, or of none. `usedOf`: what is known to count of a limit now. */
  take(
    owner: string,
    takes: readonly LimitTake[],
    members: number,
    usedOf: (take: LimitTake) => number,
  ): { readonly granted: boolean; readonly refused: LimitTake | null } {
    const keys = takes.map((take) => `${owner} ${take.kind} ${take.windowMs} ${take.name}`);
    for (const [i, take] of takes.entries()) {
      const key = keys[i] ?? '';
      const share = this.left.get(key) ?? Math.floor(Math.max(0, take.limit - usedOf(take)) / members);
      this.left.set(key, share);
      if (share < take.amount || usedOf(take) + take.amount > take.limit) return { granted: false, refused: take };
    }
    for (const [i, take] of takes.entries()) {
      const key = keys[i] ?? '';
      this.left.set(key, (this.left.get(key) ?? 0) - take.amount);
    }
    return { granted: true, refused: null };
  }

  /** The owner answers again. */
  clear(owner: string): void {
    for (const key of this.left.keys()) if (key.startsWith(`${owner} `)) this.left.delete(key);
  }

  get isEmpty(): boolean {
    return this.left.size === 0;
  }
}
