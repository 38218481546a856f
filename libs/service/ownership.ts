/**
 * One owner for a thing among all processes that could do it: beats while it owns, looks while it does not, stops by
 * itself when it cannot reach the bucket any more.
 */
import type { Bucket, Bus } from '#bus';
import { OwnersBucket, ownershipTiming, type OwnerEntry } from '#contracts';
import type { Logger } from '#telemetry';
import { claimOf, type Sighting } from './claim.js';

export interface OwnershipOptions {
  /** `backend.BACKEND` or `service.NAME`. */
  readonly key: string;
  /** Id of this process. */
  readonly holder: string;
  readonly preferred: boolean;
  /** Called with the entry that was taken over; null where nobody had it. */
  readonly onGain: (before: OwnerEntry | null) => void;
  readonly onLose: () => void;
}

export class Ownership {
  private timer: NodeJS.Timeout | null = null;
  private fence: NodeJS.Timeout | null = null;
  private stopped = false;
  private step: Promise<void> = Promise.resolve();
  private bucket: Bucket<OwnerEntry> | null = null;
  private sighting: Sighting | null = null;
  private revision: number | null = null;
  private beat = 0;
  private draining = false;

  constructor(
    private readonly parts: { readonly bus: Bus; readonly logger: Logger },
    private readonly options: OwnershipOptions,
  ) {}

  get owned(): boolean {
    return this.revision !== null;
  }

  start(): void {
    this.schedule(0);
  }

  /** Written with the entry, so that the next owner knows. */
  setDraining(draining: boolean): void {
    this.draining = draining;
    if (this.owned) this.schedule(0);
  }

  /** Gives the thing up; a standby sees it within half a second. `onLose` is called where it was owned. */
  async stop(): Promise<void> {
    this.stopped = true;
    if (this.timer !== null) clearTimeout(this.timer);
    await this.step;
    const { revision } = this;
    if (revision === null) return;
    this.lose();
    await this.bucket?.delete(this.options.key, revision).catch(() => {});
  }

  private schedule(ms: number): void {
    if (this.timer !== null) clearTimeout(this.timer);
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.step = this.step.then(() => this.run());
    }, ms);
  }

  private async run(): Promise<void> {
    if (this.stopped) return;
    try {
      this.bucket ??= await this.parts.bus.bucket(OwnersBucket);
      if (this.owned) await this.renew(this.bucket);
      else await this.look(this.bucket);
    } catch (error) {
      this.parts.logger.debug({ entry: this.options.key, err: error }, 'the bucket of owners cannot be reached');
    }
    this.schedule(this.owned ? ownershipTiming.beatMs : ownershipTiming.lookMs);
  }

  private async renew(bucket: Bucket<OwnerEntry>): Promise<void> {
    const { revision } = this;
    if (revision === null) return;
    const askedAt = performance.now();
    const next = await withinFence(bucket.update(this.options.key, this.entry(), revision));
    if (this.revision !== revision) return;
    if (next === null) this.lose();
    else this.take(next, askedAt);
  }

  private async look(bucket: Bucket<OwnerEntry>): Promise<void> {
    const { key, holder, preferred } = this.options;
    const askedAt = performance.now();
    const entry = await bucket.get(key);
    const claim = claimOf(entry, this.sighting, { holder, preferred, now: performance.now() });
    if (claim.kind === 'wait') {
      this.sighting = claim.sighting;
      return;
    }
    this.draining = entry?.value.draining ?? false;
    const value = this.entry();
    const next =
      claim.kind === 'create' ? await bucket.create(key, value) : await bucket.update(key, value, claim.revision);
    if (next === null || this.stopped) return;
    this.take(next, askedAt);
    this.parts.logger.info({ entry: key, after: entry?.value.holder ?? null }, 'owner now');
    this.options.onGain(entry?.value ?? null);
  }

  private take(revision: number, askedAt: number): void {
    this.revision = revision;
    this.sighting = null;
    if (this.fence !== null) clearTimeout(this.fence);
    // Counted from before the write, and on a timer of its own: a write that hangs must not delay it.
    this.fence = setTimeout(() => this.lose(), ownershipTiming.fenceMs - (performance.now() - askedAt));
  }

  private lose(): void {
    this.revision = null;
    if (this.fence !== null) clearTimeout(this.fence);
    this.parts.logger.info({ entry: this.options.key }, 'owner no longer');
    this.options.onLose();
  }

  private entry(): OwnerEntry {
    this.beat += 1;
    const { holder, preferred } = this.options;
    return { v: 1, holder, beat: this.beat, preferred, draining: this.draining };
  }
}

/** A write that hangs must not hold up the next one. */
function withinFence<T>(write: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no answer in time')), ownershipTiming.fenceMs / 2);
    write.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
