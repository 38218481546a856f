/** Alerts when a provider refuses a key, or an account has no credit: once a day for each. */
import { Injectable } from '@nestjs/common';
import { Bus } from '#bus';
import { AlertCredentials, type Backend } from '#contracts';
import { Logger } from '#telemetry';
import { credentialMessageId, type CredentialProblem } from './credential-problem.js';

@Injectable()
export class CredentialAlert {
  private readonly told = new Map<string, string>();

  constructor(
    private readonly bus: Bus,
    private readonly logger: Logger,
  ) {}

  /** Tells of a problem, unless it was told today. */
  async take(backend: Backend, problem: CredentialProblem): Promise<void> {
    const now = new Date();
    const messageId = credentialMessageId(backend, problem, now);
    const place = `${backend.id}:${problem}`;
    if (this.told.get(place) === messageId) return;
    this.told.set(place, messageId);
    this.logger.warn({ backend: backend.id, problem }, 'an account at a provider needs attention');
    const alert = { v: 1 as const, at: now.toISOString(), backendId: backend.id, provider: backend.provider, problem };
    try {
      await this.bus.publishDurable(AlertCredentials, alert, { messageId });
    } catch (error) {
      this.told.delete(place);
      this.logger.warn({ backend: backend.id, err: error }, 'an alert could not be sent');
    }
  }
}
