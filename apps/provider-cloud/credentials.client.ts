/** Upstream keys, resolved from this process' own environment, or the config file it was given. Kept until the config changes. */
import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Secret } from '#config';
import type { Backend, SecretRef } from '#contracts';
import { Secrets, Snapshots } from '#service';
import { Logger } from '#telemetry';
import type { UpstreamFailure } from '#wire';

export type Credential =
  | { readonly kind: 'key'; readonly key: string | null }
  | { readonly kind: 'missing'; readonly failure: UpstreamFailure };

@Injectable()
export class Credentials implements OnModuleInit {
  private readonly known = new Map<string, Secret | null>();

  constructor(
    private readonly secrets: Secrets,
    private readonly snapshots: Snapshots,
    private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.snapshots.onChange(() => this.known.clear());
  }

  /** The key of a backend; `missing` names the variable, for admins. */
  of(backend: Backend): Credential {
    if (backend.apiKey === null) return { kind: 'key', key: null };
    const secret = this.resolve(backend.apiKey);
    if (secret !== null) return { kind: 'key', key: secret.reveal() };
    const { apiKey } = backend;
    const place =
      apiKey.from === 'env' ? `the environment variable ${apiKey.name}` : `${apiKey.path} of the config file`;
    return {
      kind: 'missing',
      failure: {
        code: 'upstream_error',
        status: null,
        message: `The gateway has no credentials for ${backend.provider}: ${place} is not set for the cloud worker.`,
        blame: 'backend',
        retryAfterMs: null,
        account: 'credentials',
      },
    };
  }

  private resolve(ref: SecretRef): Secret | null {
    const name = ref.from === 'env' ? `env ${ref.name}` : `file ${ref.path}`;
    const known = this.known.get(name);
    if (known !== undefined) return known;
    let secret: Secret | null = null;
    try {
      secret = this.secrets.resolve(ref);
    } catch (error) {
      this.logger.error({ err: error, ref }, 'a key cannot be read');
    }
    this.known.set(name, secret);
    return secret;
  }
}
