/** Tells every ingress that a key, team or user changed, so that it forgets what it cached. */
import { Injectable } from '@nestjs/common';
import { Bus, type Bucket } from '#bus';
import { KeysBucket } from '#contracts';
import { Logger } from '#telemetry';
import type { z } from 'zod';
import type { AdminChange } from './audit.store.js';
import { changeKey } from './change-key.js';

type Notice = z.output<typeof KeysBucket.value>;

@Injectable()
export class ChangePublisher {
  private bucket: Promise<Bucket<Notice>> | null = null;

  constructor(
    private readonly bus: Bus,
    private readonly logger: Logger,
  ) {}

  /** After the commit. Failing is no failure of the change: caches end by themselves, only later. */
  async announce(changes: readonly Pick<AdminChange, 'kind' | 'id'>[]): Promise<void> {
    try {
      this.bucket ??= this.bus.bucket(KeysBucket);
      const bucket = await this.bucket;
      const at = new Date().toISOString();
      const notices = new Map(changes.map(({ kind, id }) => [changeKey(kind, id), { v: 1 as const, kind, id, at }]));
      await Promise.all([...notices].map(([key, notice]) => bucket.put(key, notice)));
    } catch (error) {
      this.bucket = null;
      this.logger.warn({ err: error, changes: changes.length }, 'a change of keys could not be announced');
    }
  }
}
