/** Reads the secrets of declared keys: the snapshot only says in which variable, or where in the file, they stand. */
import { Injectable } from '@nestjs/common';
import { Environment, resolveSecret, secretSourcesOf } from '#config';
import type { SecretRef } from '#contracts';

@Injectable()
export class DeclaredSecrets {
  constructor(private readonly environment: Environment) {}

  /** The key itself; null where it is not set. Throws where the config file cannot be read. */
  read(ref: SecretRef): string | null {
    return resolveSecret(ref, secretSourcesOf(this.environment))?.reveal() ?? null;
  }
}
