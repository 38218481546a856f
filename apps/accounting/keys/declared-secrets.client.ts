/** Reads the secrets of declared keys: where the snapshot only says in which variable, or where in the file, they stand. */
import { Injectable } from '@nestjs/common';
import { Environment, resolveSecret, secretSourcesOf } from '#config';
import type { SecretRef } from '#contracts';

@Injectable()
export class DeclaredSecrets {
  constructor(private readonly environment: Environment) {}

  /** null where it is not set. */
  read(ref: SecretRef): Promise<string | null> {
    return Promise.resolve(resolveSecret(ref, secretSourcesOf(this.environment))?.reveal() ?? null);
  }
}
