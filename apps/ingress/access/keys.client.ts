/** Finds the record of a key: in the cache, else by asking accounting, once for all who wait for the same. */
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Bus } from '#bus';
import { KeysBucket, LookUpKey, type KeyDigest, type KeyRecord } from '#contracts';
import { Logger } from '#telemetry';
import { KeyCache } from './key-cache.js';

/** A key, team or user was changed; `all`: anything may have been. */
export interface KeyChange {
  readonly kind: 'key' | 'team' | 'user' | 'all';
  readonly id: string;
}

/** An accounting that was restarted is back within this time. */
const restartMs = 5_000;

@Injectable()
export class Keys implements OnModuleInit, OnApplicationShutdown {
  private readonly cache = new KeyCache();
  private readonly asking = new Map<KeyDigest, Promise<KeyRecord | null>>();
  private watcher: { stop(): void } | null = null;
  /** Counts changes: an answer that was on its way while one came in is not kept. */
  private changes = 0;
  private readonly handlers = new Set<(change: KeyChange) => void>();

  constructor(
    private readonly bus: Bus,
    private readonly logger: Logger,
  ) {}

  async onModuleInit(): Promise<void> {
    const bucket = await this.bus.bucket(KeysBucket);
    this.watcher = bucket.watch((key, change) => {
      if (change === null || !key.startsWith('changed.')) return;
      this.changes += 1;
      this.cache.invalidate(change.kind, change.id);
      for (const handler of this.handlers) handler(change);
    });
    // What changed while the bus was away was not heard.
    this.bus.onStatus((connected) => {
      this.changes += 1;
      if (connected) this.cache.expire();
    });
  }

  onApplicationShutdown(): void {
    this.watcher?.stop();
  }

  /** Told of each change, within a second of it. */
  onChange(handler: (change: KeyChange) => void): void {
    this.handlers.add(handler);
  }

  /** What the cache holds: undefined = it must be looked up. */
  known(digest: KeyDigest): KeyRecord | null | undefined {
    const cached = this.cache.get(digest, performance.now());
    if (cached === null) return undefined;
    if (cached.kind === 'no-key') return null;
    return cached.isFresh ? cached.key : undefined;
  }

  /** The record; null = no such key. A key that was good is used on while accounting is away; else throws service_unavailable. */
  async lookUp(digest: KeyDigest): Promise<KeyRecord | null> {
    let asked = this.asking.get(digest);
    if (asked === undefined) {
      asked = this.ask(digest).finally(() => this.asking.delete(digest));
      this.asking.set(digest, asked);
    }
    return asked;
  }

  /** Notes that a digest is no key without asking anybody: what was presented cannot be one. */
  unknown(digest: KeyDigest): Promise<null> {
    this.cache.put(digest, null, performance.now());
    return Promise.resolve(null);
  }

  private async ask(digest: KeyDigest): Promise<KeyRecord | null> {
    const { changes } = this;
    try {
      // Where a record is known, it serves while accounting is away; a key that nobody knows here yet waits for it.
      const patienceMs = this.cache.get(digest, performance.now())?.kind === 'key' ? 0 : restartMs;
      const { key } = await this.bus.request(LookUpKey, { v: 1, digest }, { patienceMs });
      if (changes === this.changes) this.cache.put(digest, key, performance.now());
      return key;
    } catch (error) {
      const cached = this.cache.get(digest, performance.now());
      if (cached?.kind !== 'key') throw error;
      this.logger.warn(
        { err: error, keyId: cached.key.id },
        'a key could not be looked up; what was known of it is used',
      );
      return cached.key;
    }
  }
}
