/**
 * One owner among several processes, through a key-value entry that its owner touches again and again. An entry whose
 * revision does not change for a while is dead: only each watcher's own monotonic clock counts, no clocks are compared.
 */
import type { Bucket } from '#bus';

export interface OwnerEntry {
  readonly v: 1;
  readonly holder: string;
  readonly beat: number;
}

export interface OwnerLeaseOptions {
  readonly bucket: Bucket<OwnerEntry>;
  readonly key: string;
  /** Unique to this process. */
  readonly holder: string;
  /** Between touches, milliseconds; an entry untouched for four times as long is taken over. */
  readonly beatMs: number;
  readonly now: () => number;
  /** Told when this process becomes the owner, and when it is no longer. */
  readonly onChange: (owned: boolean) => void;
}

export class OwnerLease {
  private timer: NodeJS.Timeout | null = null;
  private stopped = false;
  private revision: number | null = null;
  private touchedAt = 0;
  private seen: { revision: number; since: number } | null = null;
  private beat = 0;
  private turn: Promise<void> = Promise.resolve();

  constructor(private readonly options: OwnerLeaseOptions) {}

  /** True while this process is the owner: its last touch is not older than the time after which others take over. */
  get owned(): boolean {
    return this.revision !== null && this.options.now() - this.touchedAt < this.options.beatMs * 3;
  }

  start(): void {
    this.turn = this.round();
  }

  /** Gives the entry back, so that a standby takes over at once. */
  async stop(): Promise<void> {
    this.stopped = true;
    if (this.timer !== null) clearTimeout(this.timer);
    await this.turn;
    if (this.revision === null) return;
    const { revision } = this;
    this.lose();
    await this.options.bucket.delete(this.options.key, revision).catch(() => {});
  }

  private async round(): Promise<void> {
    try {
      if (this.revision === null) await this.tryToTake();
      else await this.touch(this.revision);
    } catch {
      // The bus is away. An owner that cannot touch its entry must stop before others may take it.
      if (this.revision !== null && !this.owned) this.lose();
    }
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.turn = this.round();
    }, this.options.beatMs);
  }

  private async touch(revision: number): Promise<void> {
    const sentAt = this.options.now();
    const next = await this.options.bucket.update(this.options.key, this.entry(), revision);
    if (next === null) this.lose();
    else {
      this.revision = next;
      this.touchedAt = sentAt;
    }
  }

  private async tryToTake(): Promise<void> {
    const { bucket, key, now, beatMs } = this.options;
    const sentAt = now();
    const current = await bucket.get(key);
    if (current === null) {
      this.win(await bucket.create(key, this.entry()), sentAt);
      return;
    }
    if (this.seen?.revision !== current.revision) {
      this.seen = { revision: current.revision, since: now() };
      return;
    }
    if (now() - this.seen.since > beatMs * 4)
      this.win(await bucket.update(key, this.entry(), current.revision), sentAt);
  }

  private win(revision: number | null, sentAt: number): void {
    if (revision === null) return;
    this.revision = revision;
    this.touchedAt = sentAt;
    this.seen = null;
    this.options.onChange(true);
  }

  private lose(): void {
    this.revision = null;
    this.options.onChange(false);
  }

  private entry(): OwnerEntry {
    this.beat += 1;
    return { v: 1, holder: this.options.holder, beat: this.beat };
  }
}
