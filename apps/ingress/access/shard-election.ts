/**
 * Who owns which shard of the limits. Each ingress has a session that it writes anew every beat; a session that stands
 * still is dead, and its shards go to whoever claims them first. No clocks of different machines are compared.
 */
import { limitShardOf, limitShards } from '#contracts';

export const electionTiming = {
  /** How often a session is written. */
  beatMs: 1_000,
  /** An owner that could not write for so long no longer counts on its shards. */
  fenceMs: 2_500,
  /** A session that stood still for so long is dead. Longer than fenceMs: a shard never has two owners. */
  staleMs: 3_200,
} as const;

const sessionPrefix = 'limits.session.';
const shardPrefix = 'limits.shard.';

export const sessionKey = (holder: string) => `${sessionPrefix}${holder}`;
export const shardKey = (shard: number) => `${shardPrefix}${shard}`;

export class ShardElection {
  private readonly seenAt = new Map<string, number>();
  private readonly holderOf = new Map<number, string>();
  private readonly owned = new Set<number>();
  private readonly freeSince = new Map<number, number>();
  private beatenAt = -Infinity;
  /** Since when sessions are watched. Before a while has passed, one that was not seen may well live. */
  private watchingSince = Infinity;

  constructor(private holder: string) {}

  get self(): string {
    return this.holder;
  }

  /** Takes over an entry of the bucket; null = deleted. Returns the holder whose session ended by that, or null. */
  observe(key: string, holder: string | null, now: number): string | null {
    if (key.startsWith(sessionPrefix)) {
      const name = key.slice(sessionPrefix.length);
      if (holder !== null) this.seenAt.set(name, now);
      else if (this.seenAt.delete(name)) return name;
      return null;
    }
    if (!key.startsWith(shardPrefix)) return null;
    const shard = Number(key.slice(shardPrefix.length));
    if (holder === null) this.holderOf.delete(shard);
    else this.holderOf.set(shard, holder);
    if (holder !== this.holder) this.owned.delete(shard);
    return null;
  }

  /** This process wrote its session, having begun at `sentAt`. */
  beaten(sentAt: number): void {
    this.beatenAt = Math.max(this.beatenAt, sentAt);
    this.watchingSince = Math.min(this.watchingSince, sentAt);
    this.seenAt.set(this.holder, sentAt);
  }

  /** The claim of a shard was accepted. */
  won(shard: number): void {
    this.owned.add(shard);
    this.holderOf.set(shard, this.holder);
  }

  /** Whether this process may decide for a shard. */
  owns(shard: number, now: number): boolean {
    return this.owned.has(shard) && now - this.beatenAt < electionTiming.fenceMs;
  }

  /** True where the session was lost: what was owned is not owned any more, and a new session is to be begun under a new name. */
  renewAfterFence(newHolder: string, now: number): boolean {
    if (this.beatenAt === -Infinity || now - this.beatenAt < electionTiming.fenceMs) return false;
    this.owned.clear();
    this.seenAt.delete(this.holder);
    this.holder = newHolder;
    this.beatenAt = -Infinity;
    return true;
  }

  /**
   * Shards without a living holder, beginning at one that differs between processes, so that they share the work. Those of
   * which this process does not know what was counted are left to others for a while.
   */
  claimable(now: number, knows: (shard: number) => boolean): number[] {
    if (this.beatenAt === -Infinity) return [];
    const first = limitShardOf(this.holder);
    const order = Array.from({ length: limitShards }, (_, i) => (first + i) % limitShards);
    return order.filter((shard) => {
      const holder = this.holderOf.get(shard);
      if (this.owned.has(shard) || this.isAlive(holder, now)) {
        this.freeSince.delete(shard);
        return false;
      }
      const freeSince = this.freeSince.get(shard) ?? now;
      this.freeSince.set(shard, freeSince);
      return holder === undefined || knows(shard) || now - freeSince >= electionTiming.staleMs;
    });
  }

  /** Whether somebody else decides for a shard now. */
  isHeldByOther(shard: number, now: number): boolean {
    return !this.owned.has(shard) && this.isAlive(this.holderOf.get(shard), now);
  }

  /** Whether the holder of an entry can still be counted on. One that was not seen for so long is dead. */
  isAlive(holder: string | undefined, now: number): boolean {
    if (holder === undefined) return false;
    const seenAt = this.seenAt.get(holder) ?? Math.min(this.watchingSince, now);
    return now - seenAt < electionTiming.staleMs;
  }

  /** Sessions that died since the last call; they are forgotten. */
  buryDead(now: number): string[] {
    const dead = [...this.seenAt.keys()].filter((holder) => holder !== this.holder && !this.isAlive(holder, now));
    for (const holder of dead) this.seenAt.delete(holder);
    return dead;
  }

  /** Living ingresses, this one included. */
  get members(): number {
    return Math.max(1, this.seenAt.size);
  }

  get ownedShards(): readonly number[] {
    return [...this.owned];
  }
}
