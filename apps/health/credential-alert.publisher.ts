/** Alerts when a provider refuses a key, or an account has no credit: once a day for each. */
import { Injectable } from '@nestjs/common';
import { Bus } from '#bus';
import { AlertCredentials, type Backend } from '#contracts';
import { Logger, Metrics } from '#telemetry';
import { credentialMessageId, type CredentialProblem } from './credential-problem.js';

const problems: readonly CredentialProblem[] = ['refused', 'no-credit'];

@Injectable()
export class CredentialAlert {
  private readonly told = new Map<string, string>();

  constructor(
    private readonly bus: Bus,
    private readonly logger: Logger,
    private readonly metrics: Metrics,
  ) {}

  /** Has an eye on a backend: its problems are shown at 0, so that the first one is seen. */
  watch({ id: backend }: Backend): void {
    this.metrics.expect('signalbox_account_problems_total', ...problems.map((problem) => ({ backend, problem })));
  }

  /** Counts a problem, and tells of it unless it was told today. */
  async take(backend: Backend, problem: CredentialProblem): Promise<void> {
    this.metrics.count('signalbox_account_problems_total', { backend: backend.id, problem });
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
