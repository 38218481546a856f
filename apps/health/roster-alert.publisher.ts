/** Alerts when a configured free model is gone: once a day for the same models, and at once for others. */
import { Injectable } from '@nestjs/common';
import { Bus } from '#bus';
import { AlertModels, type Backend, type BackendHealth } from '#contracts';
import { Snapshots } from '#service';
import { Logger } from '#telemetry';
import { goneFreeModels, rosterMessageId } from './free-roster.js';

@Injectable()
export class RosterAlert {
  private readonly told = new Map<string, string>();

  constructor(
    private readonly bus: Bus,
    private readonly snapshots: Snapshots,
    private readonly logger: Logger,
  ) {}

  /** Takes the list of models that a probe brought. */
  async take(backend: Backend, offered: BackendHealth['installed']): Promise<void> {
    const gone = goneFreeModels(this.snapshots.current()?.deployments ?? [], backend, offered);
    if (gone.length === 0) return;
    const now = new Date();
    const messageId = rosterMessageId(backend, gone, now);
    if (this.told.get(backend.id) === messageId) return;
    this.told.set(backend.id, messageId);
    const models = gone.map((model) => model.upstreamModel);
    this.logger.warn({ backend: backend.id, models }, 'configured free models are no longer offered');
    const alert = { v: 1 as const, at: now.toISOString(), backendId: backend.id, provider: backend.provider, gone };
    try {
      await this.bus.publishDurable(AlertModels, alert, { messageId });
    } catch (error) {
      this.told.delete(backend.id);
      this.logger.warn({ backend: backend.id, err: error }, 'an alert could not be sent');
    }
  }
}
