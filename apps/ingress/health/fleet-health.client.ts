/** What is known of every backend, kept up to date from the bucket HEALTH. */
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Bus } from '#bus';
import { HealthBucket, type BackendHealth } from '#contracts';

@Injectable()
export class FleetHealth implements OnModuleInit, OnApplicationShutdown {
  private readonly known = new Map<string, BackendHealth>();
  private watcher: { stop(): void } | null = null;

  constructor(private readonly bus: Bus) {}

  async onModuleInit(): Promise<void> {
    const bucket = await this.bus.bucket(HealthBucket);
    this.watcher = bucket.watch((key, health) => {
      if (health === null) this.known.delete(key);
      else this.known.set(key, health);
    });
  }

  onApplicationShutdown(): void {
    this.watcher?.stop();
  }

  /** The last judgement; null where there was none yet. */
  of(backendId: string): BackendHealth | null {
    return this.known.get(backendId) ?? null;
  }
}
