/** Keeps this ingress' session in the bucket OWNERS, claims shards without an owner, and serves those it owns. */
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Bus, type Bucket } from '#bus';
import {
  AskLimits,
  CopyLimits,
  LimitOwners,
  limitShardOf,
  limitShards,
  LimitsTaken,
  type LimitOwner,
} from '#contracts';
import { Logger } from '#telemetry';
import { InstanceName } from './instance-name.client.js';
import { askMs, LimitCounter } from './limit-counter.js';
import { electionTiming, sessionKey, shardKey, ShardElection } from './shard-election.js';

/** Limits look back no further (parallel requests aside), and a second is allowed for what came late. */
const longestWindowMs = 61_000;

@Injectable()
export class LimitSession implements OnModuleInit, OnApplicationShutdown {
  readonly election: ShardElection;
  private readonly servers = new Map<number, { stop(): Promise<void> }[]>();
  /** Shards of which this process knows what was counted before it started. */
  private readonly copied = new Set<number>();
  private readonly startedAt = performance.now();
  private bucket: Bucket<LimitOwner> | null = null;
  private readonly stops: (() => void)[] = [];
  private timer: NodeJS.Timeout | null = null;
  private beats = 0;
  private sessions = 0;
  private busy = false;
  private stopped = false;

  constructor(
    private readonly bus: Bus,
    private readonly logger: Logger,
    private readonly counter: LimitCounter,
    private readonly instance: InstanceName,
  ) {
    this.election = new ShardElection(this.nextName());
  }

  onModuleInit(): void {
    this.start().catch((error: unknown) => this.logger.error({ err: error }, 'limits are not shared'));
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    if (this.timer !== null) clearInterval(this.timer);
    for (const stop of this.stops) stop();
    // Told at once, the others need not wait until the session looks dead.
    await this.bucket?.delete(sessionKey(this.election.self)).catch(() => {});
    await Promise.allSettled([...this.servers.values()].flat().map((server) => server.stop()));
  }

  /** Whether this process decides for the shard now. */
  owns(shard: number): boolean {
    return this.election.owns(shard, performance.now());
  }

  /** Whether this process knows what was counted: copied, heard since the longest window began, or there was nobody else. */
  knows(shard: number): boolean {
    return (
      this.copied.has(shard) || performance.now() - this.startedAt > longestWindowMs || this.election.members === 1
    );
  }

  private async start(): Promise<void> {
    const taken = this.bus.subscribe(LimitsTaken, (event) => {
      if (event.holder !== this.instance.name) this.counter.heard(event, performance.now());
    });
    const bucket = await this.bus.bucket(LimitOwners);
    this.bucket = bucket;
    const watcher = bucket.watch((key, value) => this.observe(key, value));
    this.stops.push(
      () => taken.stop(),
      () => watcher.stop(),
    );
    await this.beat();
    if (!this.stopped) this.timer = setInterval(() => void this.beat(), electionTiming.beatMs).unref();
  }

  private observe(key: string, value: LimitOwner | null): void {
    const isSession = value !== null && key.startsWith(sessionKey(''));
    if (isSession && key !== sessionKey(this.election.self)) this.counter.noteListener();
    const ended = this.election.observe(key, value?.holder ?? null, performance.now());
    if (ended !== null) this.counter.memberEnded(ended);
    if (ended !== null && !this.stopped) void this.beat();
  }

  /** Writes the session, buries the dead and claims what has no owner. */
  private async beat(): Promise<void> {
    const { bucket } = this;
    if (bucket === null || this.busy || this.stopped) return;
    this.busy = true;
    try {
      if (this.election.renewAfterFence(this.nextName(), performance.now())) {
        this.logger.warn({}, 'the session of this ingress was lost: its limits are counted by others');
      }
      const sentAt = performance.now();
      this.beats += 1;
      await bucket.put(sessionKey(this.election.self), { v: 1, holder: this.election.self, beat: this.beats });
      this.election.beaten(sentAt);
      if (this.election.members > 1) this.counter.noteListener();
      for (const dead of this.election.buryDead(performance.now())) {
        this.counter.memberEnded(dead);
        await bucket.delete(sessionKey(dead));
      }
      await this.copyMissing();
      const claimable = this.election.claimable(performance.now(), (shard) => this.knows(shard));
      for (const shard of claimable) await this.claim(bucket, shard);
      await this.serveOwned();
    } catch (error) {
      this.logger.debug({ err: error }, 'the session of this ingress could not be written');
    } finally {
      this.busy = false;
    }
  }

  private async claim(bucket: Bucket<LimitOwner>, shard: number): Promise<void> {
    const key = shardKey(shard);
    const mine = { v: 1 as const, holder: this.election.self, beat: 0 };
    const found = await bucket.get(key);
    if (found !== null && this.election.isAlive(found.value.holder, performance.now())) {
      this.election.observe(key, found.value.holder, performance.now());
      if (found.value.holder !== this.election.self) return;
    }
    const won = found === null ? await bucket.create(key, mine) : await bucket.update(key, mine, found.revision);
    if (won === null) return;
    this.election.won(shard);
    this.copied.add(shard);
  }

  private async serveOwned(): Promise<void> {
    const owned = new Set(this.election.ownedShards);
    for (const [shard, servers] of this.servers) {
      if (owned.has(shard)) continue;
      this.servers.delete(shard);
      await Promise.all(servers.map((server) => server.stop()));
    }
    for (const shard of owned) {
      if (this.servers.has(shard)) continue;
      const tokens = { shard: String(shard) };
      this.servers.set(shard, [
        this.bus.serve(AskLimits, tokens, async (question) =>
          this.counter.decide(question, () => this.owns(shard), askMs),
        ),
        this.bus.serve(CopyLimits, tokens, async () => {
          this.counter.noteListener();
          return {
            v: 1 as const,
            books: this.counter.books.copy((owner) => limitShardOf(owner) === shard, performance.now()),
          };
        }),
      ]);
    }
  }

  /** What was counted before this ingress started: it may soon be the one that is asked. */
  private async copyMissing(): Promise<void> {
    const now = performance.now();
    const missing = Array.from({ length: limitShards }, (_, shard) => shard).filter(
      (shard) => !this.copied.has(shard) && this.election.isHeldByOther(shard, now),
    );
    await Promise.allSettled(
      missing.map(async (shard) => {
        const { books } = await this.bus.request(CopyLimits, { v: 1 }, { tokens: { shard: String(shard) } });
        this.counter.books.merge(books, performance.now());
        this.copied.add(shard);
      }),
    );
  }

  private nextName(): string {
    this.sessions += 1;
    return `${this.instance.name}-${this.sessions}`;
  }
}
