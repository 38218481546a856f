/** Feeds the picture of the fleet: outcomes of attempts, load of hosts, judgements of health, and the config in force. */
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Bus } from '#bus';
import {
  AttemptOutcome,
  BackendLoad,
  HealthBucket,
  type BackendHealth,
  type ConfigSnapshot,
  type InstalledModel,
} from '#contracts';
import { Snapshots } from '#service';
import { Logger, Metrics } from '#telemetry';
import { FleetView } from './fleet/fleet-view.js';
import type { InstalledModels } from './model-cards.js';
import { buildRouteIndex, type RouteIndex } from './route-index.js';

const circuitLevels = { closed: 0, 'half-open': 1, open: 2 } as const;
const metricsEveryMs = 5_000;

export interface Fleet {
  readonly index: RouteIndex;
  readonly view: FleetView;
}

@Injectable()
export class FleetConsumer implements OnModuleInit, OnApplicationShutdown {
  private fleet: Fleet | null = null;
  private readonly listening: { stop(): void }[] = [];
  private readonly installed = new Map<string, readonly InstalledModel[]>();
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly bus: Bus,
    private readonly snapshots: Snapshots,
    private readonly metrics: Metrics,
    private readonly logger: Logger,
  ) {}

  async onModuleInit(): Promise<void> {
    const bucket = await this.bus.bucket(HealthBucket);
    this.snapshots.onChange((snapshot) => {
      const isFirst = this.fleet === null;
      this.follow(snapshot);
      // Judgements are kept by backend, so there is a picture to put them into before any is read.
      if (isFirst) this.listening.push(bucket.watch((backendId, health) => this.takeHealth(backendId, health)));
    });
    this.listening.push(
      this.bus.subscribe(AttemptOutcome, (outcome) => this.fleet?.view.applyOutcome(outcome, Date.now())),
      this.bus.subscribe(BackendLoad, (load) => this.fleet?.view.applyLoad(load, Date.now())),
    );
    this.timer = setInterval(() => this.showCircuits(), metricsEveryMs);
    this.timer.unref();
  }

  onApplicationShutdown(): void {
    for (const listener of this.listening) listener.stop();
    if (this.timer !== null) clearInterval(this.timer);
  }

  /** null before the first config. */
  current(): Fleet | null {
    return this.fleet;
  }

  /** The models that each host and cloud has, by the last probe. */
  installedModels(): InstalledModels {
    return this.installed;
  }

  private follow(snapshot: ConfigSnapshot): void {
    const before = this.fleet;
    if (before?.index.snapshot.revision === snapshot.revision) return;
    const index = buildRouteIndex(snapshot);
    const view = before?.view ?? new FleetView(index);
    view.reload(index, Date.now());
    this.fleet = { index, view };
    for (const id of before?.index.backends.keys() ?? []) {
      if (!index.backends.has(id)) this.metrics.forget('signalbox_backend_circuit_state', { backend: id });
    }
    const { deployments, backends } = snapshot;
    this.logger.info({ deployments: deployments.length, backends: backends.length }, 'routes rebuilt');
  }

  private takeHealth(backendId: string, health: BackendHealth | null): void {
    if (health === null) {
      this.installed.delete(backendId);
      this.fleet?.view.forgetHealth(backendId);
      return;
    }
    if (health.installed !== null) this.installed.set(backendId, health.installed);
    this.fleet?.view.applyHealth(health, Date.now());
  }

  private showCircuits(): void {
    if (this.fleet === null) return;
    for (const backend of this.fleet.index.backends.keys()) {
      const { kind } = this.fleet.view.backendBreaker(backend, Date.now());
      this.metrics.set('signalbox_backend_circuit_state', { backend }, circuitLevels[kind]);
    }
  }
}
