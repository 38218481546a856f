/** Upstream keys, resolved from this process' own environment (or the config file it was given) when they are needed. */
import { readFileSync } from 'node:fs';
import { Injectable } from '@nestjs/common';
import { Environment, resolveSecret } from '#config';
import type { Backend } from '#contracts';
import type { UpstreamFailure } from '#wire';

export type Credential =
  | { readonly kind: 'key'; readonly key: string | null }
  | { readonly kind: 'missing'; readonly failure: UpstreamFailure };

@Injectable()
export class Credentials {
  constructor(private readonly environment: Environment) {}

  /** The key of a backend; `missing` names the variable, for admins. */
  of(backend: Backend): Credential {
    if (backend.apiKey === null) return { kind: 'key', key: null };
    const { configFile, variables } = this.environment;
    const readFile = () => (configFile === null ? null : readFileSync(configFile, 'utf8'));
    const secret = resolveSecret(backend.apiKey, { env: variables, readFile });
    if (secret !== null) return { kind: 'key', key: secret.reveal() };
    const place =
      backend.apiKey.from === 'env'
        ? `the environment variable ${backend.apiKey.name}`
        : `${backend.apiKey.path} of the config file`;
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
}
