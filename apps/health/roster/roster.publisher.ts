/** Watches the free models of the config, and alerts when one is gone: once a day for the same models, at once for others. */
import { Injectable } from '@nestjs/common';
import { Bus } from '#bus';
import { AlertModels, type Backend, type BackendHealth, type RetiredModel } from '#contracts';
import { Snapshots } from '#service';
import { Logger } from '#telemetry';
import { offeredModels, retiredModels, rosterMessageId } from './free-roster.js';
import { isFreeName, type FreeModel } from './replacement.js';

@Injectable()
export class Roster {
  private readonly told = new Map<string, string>();
  /** Free models that were offered since the start: what a retired one could do. */
  private readonly seen = new Map<string, FreeModel>();

  constructor(
    private readonly bus: Bus,
    private readonly snapshots: Snapshots,
    private readonly logger: Logger,
  ) {}

  /** Takes the list of models that a probe brought; returns what is gone, with replacements. */
  async take(backend: Backend, installed: BackendHealth['installed']): Promise<RetiredModel[]> {
    if (backend.provider !== 'openrouter' || installed === null) return [];
    const offered = offeredModels(installed);
    for (const model of offered) if (isFreeName(model.id)) this.seen.set(model.id, model);
    const now = new Date();
    const gone = retiredModels(this.snapshots.current()?.deployments ?? [], backend, offered, this.seen, now);
    if (gone.length > 0) await this.tell(backend, gone, now);
    return gone;
  }

  private async tell(backend: Backend, gone: RetiredModel[], now: Date): Promise<void> {
    const messageId = rosterMessageId(backend, gone, now);
    if (this.told.get(backend.id) === messageId) return;
    this.told.set(backend.id, messageId);
    const models = gone.map(({ upstreamModel, replacement }) => ({
      model: upstreamModel,
      replacement: replacement?.upstreamModel ?? null,
    }));
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
