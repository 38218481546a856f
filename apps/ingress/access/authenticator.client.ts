/** Who calls: the keys of clients, the master key, and everybody where there is none. */
import { Injectable } from '@nestjs/common';
import { Environment } from '#config';
import { budgetScopeName, GatewayError, type KeyRecord } from '#contracts';
import { Snapshots } from '#service';
import { describeSpan, Metrics } from '#telemetry';
import { isLoopbackHost } from '../http/host-rule.js';
import { AddressThrottle } from './address-throttle.js';
import {
  isKeyShaped,
  isSameSecret,
  keyDigest,
  keyProblem,
  masterRecord,
  missingKey,
  presentedKey,
  wrongKey,
  type RequestHeaders,
} from './authenticate.js';
import { Keys } from './keys.client.js';
import { MasterKey } from './master-key.client.js';

@Injectable()
export class Authenticator {
  private readonly throttle = new AddressThrottle();

  constructor(
    private readonly environment: Environment,
    private readonly snapshots: Snapshots,
    private readonly masterKey: MasterKey,
    private readonly keys: Keys,
    private readonly metrics: Metrics,
  ) {}

  /** The caller; throws invalid_api_key, or rate_limit_exceeded for an address that guesses. */
  async authenticate(headers: RequestHeaders, remoteAddress: string): Promise<KeyRecord> {
    const master = this.masterKey.current();
    if (master === null) return this.anonymous();
    const presented = presentedKey(headers);
    if (presented === null) throw this.refused(missingKey());
    if (isSameSecret(presented, master)) return this.masterFrom(remoteAddress);
    const pepper = this.environment.keyPepper;
    const digest = keyDigest(presented, pepper ?? '');
    const known = this.keys.known(digest);
    describeSpan({ 'gateway.auth.cache': known === undefined ? 'miss' : 'hit' });
    const isPossible = pepper !== null && isKeyShaped(presented);
    const look = () => (isPossible ? this.keys.lookUp(digest) : this.keys.unknown(digest));
    const key = known === undefined ? await this.lookUp(look, remoteAddress) : known;
    const problem = key === null ? wrongKey(presented) : keyProblem(key, Date.now());
    if (problem !== null || key === null) throw this.refused(problem ?? wrongKey(presented));
    return key;
  }

  /** Everybody, where no key is configured; the launcher refuses that for the open network, and so do we. */
  private anonymous(): KeyRecord {
    if (this.environment.allowAnonymous || isLoopbackHost(this.environment.host))
      return masterRecord('anonymous', this.globalScopes());
    throw this.refused(
      new GatewayError('invalid_api_key', {
        message:
          'This gateway has no master key and listens on the network, so it serves nobody: set LITELLM_MASTER_KEY or SIGNALBOX_ALLOW_ANONYMOUS=1.',
      }),
    );
  }

  /** The master key is guessed like any other: an address that guessed too much must wait with it too, unless it had it right before. */
  private masterFrom(address: string): KeyRecord {
    if (!this.throttle.isTrusted(address)) this.mustNotGuess(address);
    this.throttle.trust(address);
    return masterRecord('master', this.globalScopes());
  }

  private mustNotGuess(address: string): void {
    const retryAfterMs = this.throttle.waitFor(address, performance.now());
    if (retryAfterMs === 0) return;
    throw this.refused(
      new GatewayError('rate_limit_exceeded', { limit: 'too many wrong API keys from this address', retryAfterMs }),
    );
  }

  private async lookUp(look: () => Promise<KeyRecord | null>, address: string): Promise<KeyRecord | null> {
    this.mustNotGuess(address);
    const key = await look();
    if (key === null) this.throttle.failed(address, performance.now());
    return key;
  }

  /** The budget of the whole gateway binds everybody, the master key too: people hand it to their apps. */
  private globalScopes(): string[] {
    const limit = this.snapshots.current()?.general.maxBudget ?? null;
    return limit === null ? [] : [budgetScopeName({ unit: 'usd', owner: 'global', id: '', model: null })];
  }

  private refused(error: GatewayError): GatewayError {
    this.metrics.count('signalbox_rejections_total', { reason: error.code });
    return error;
  }
}
