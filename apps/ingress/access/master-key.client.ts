/** The master key in force: LITELLM_MASTER_KEY, or what the config's `general_settings.master_key` refers to. */
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Environment, type Secret } from '#config';
import type { SecretRef } from '#contracts';
import { Secrets, Snapshots } from '#service';
import { Logger } from '#telemetry';

@Injectable()
export class MasterKey implements OnModuleInit {
  private key: string | null = null;
  private wanted = false;

  constructor(
    private readonly environment: Environment,
    private readonly secrets: Secrets,
    private readonly snapshots: Snapshots,
    private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.snapshots.onChange((snapshot) => this.take(snapshot.general.masterKey));
  }

  /** null where none is configured: everybody is let in then, from loopback only. A reference that leads nowhere lets nobody in. */
  current(): string | null {
    return this.key ?? (this.wanted ? '\u0000' : null);
  }

  private take(ref: SecretRef | null): void {
    this.wanted = ref !== null;
    if (ref === null) {
      this.key = this.environment.masterKey;
      return;
    }
    const resolved = this.resolve(ref);
    if (resolved === null) this.logger.error({ ref }, 'the master key cannot be read: nobody is let in');
    this.key = resolved === null ? null : resolved.reveal();
  }

  private resolve(ref: SecretRef): Secret | null {
    try {
      return this.secrets.resolve(ref);
    } catch (error) {
      this.logger.error({ err: error }, 'the config file cannot be read');
      return null;
    }
  }
}
