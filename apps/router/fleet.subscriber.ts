/** Keeps the router's picture of the fleet up to date: the config in force, outcomes, loads and judgements from the bus. */
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Bus } from '#bus';
import {
  AttemptOutcome,
  BackendLoad,
  GatewayError,
  HealthBucket,
  type BackendHealth,
  type ConfigSnapshot,
} from '#contracts';
import { Snapshots } from '#service';
import { FleetView } from './fleet/fleet-view.js';
import { buildRouteIndex, type RouteIndex } from './route-index.js';

export interface CurrentFleet {
  readonly index: RouteIndex;
  readonly view: FleetView;
}

@Injectable()
export class FleetSubscriber implements OnModuleInit, OnApplicationShutdown {
  private fleet: CurrentFleet | null = null;
  private readonly health = new Map<string, BackendHealth>();
  private readonly listeners = new Set<() => void>();
  private readonly subscriptions: { stop(): void }[] = [];

  constructor(
    private readonly bus: Bus,
    private readonly snapshots: Snapshots,
  ) {}

  async onModuleInit(): Promise<void> {
    this.snapshots.onChange((snapshot) => this.takeSnapshot(snapshot));
    this.subscriptions.push(
      this.bus.subscribe(AttemptOutcome, (outcome) => this.fleet?.view.applyOutcome(outcome, Date.now())),
      this.bus.subscribe(BackendLoad, (load) => this.fleet?.view.applyLoad(load, Date.now())),
    );
    const bucket = await this.bus.bucket(HealthBucket);
    this.subscriptions.push(bucket.watch((id, health) => this.takeHealth(id, health)));
  }

  onApplicationShutdown(): void {
    for (const subscription of this.subscriptions) subscription.stop();
  }

  /** Throws service_unavailable before the first config. */
  current(): CurrentFleet {
    if (this.fleet === null)
      throw new GatewayError('service_unavailable', { adminText: 'the router has no configuration yet' });
    return this.fleet;
  }

  /** Models that each host has, by its id. */
  installedNames(): ReadonlyMap<string, readonly string[]> {
    return new Map([...this.health].map(([id, { installed }]) => [id, (installed ?? []).map((model) => model.name)]));
  }

  /** The last judgement of a backend; undefined where there is none. */
  healthOf(backendId: string): BackendHealth | undefined {
    return this.health.get(backendId);
  }

  /** Called after a judgement has changed. */
  onHealth(listener: () => void): void {
    this.listeners.add(listener);
  }

  private takeSnapshot(snapshot: ConfigSnapshot): void {
    const index = buildRouteIndex(snapshot);
    if (this.fleet === null) {
      this.fleet = { index, view: new FleetView(index) };
      for (const health of this.health.values()) this.fleet.view.applyHealth(health, Date.now());
      return;
    }
    this.fleet.view.reload(index);
    this.fleet = { index, view: this.fleet.view };
  }

  private takeHealth(id: string, health: BackendHealth | null): void {
    if (health === null) {
      this.health.delete(id);
      this.fleet?.view.forgetHealth(id);
    } else {
      this.health.set(id, health);
      this.fleet?.view.applyHealth(health, Date.now());
    }
    for (const listener of this.listeners) listener();
  }
}
