/** Keys that a call names: by themselves or by their token. */
import { Injectable } from '@nestjs/common';
import { Bus } from '#bus';
import { Environment } from '#config';
import { GatewayError, GetKeyInfo, type KeyRef } from '#contracts';
import { keyRefOf } from './key-secret.js';

@Injectable()
export class NamedKeys {
  constructor(
    private readonly bus: Bus,
    private readonly environment: Environment,
  ) {}

  /** The key as accounting knows it. */
  refOf(named: string): KeyRef {
    return keyRefOf(named, this.pepper);
  }

  /** What virtual keys are made and found with; throws service_unavailable where it is not set. */
  get pepper(): string {
    const { keyPepper } = this.environment;
    if (keyPepper === null)
      throw new GatewayError('service_unavailable', {
        message: 'Virtual keys need SIGNALBOX_KEY_PEPPER to be set for the ingress and for accounting.',
      });
    return keyPepper;
  }

  /** The token of a key in a query; scripts filter by the key itself. Throws not_found for a key that nobody has. */
  async keyIdOf(named: string | null): Promise<string | null> {
    if (named === null || !named.startsWith('sk-') || this.environment.keyPepper === null) return named;
    return (await this.bus.request(GetKeyInfo, { v: 1, key: this.refOf(named) })).key.token;
  }
}
