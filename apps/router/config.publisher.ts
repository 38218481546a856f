/**
 * Reads the config file, watches it, and publishes what is in force to the bucket CONFIG. An invalid change is refused: the
 * last good one stays, with the problems of the refused one in it. Models found on hosts without a config join it here.
 */
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Bus, type Bucket } from '#bus';
import {
  defaultConfig,
  Environment,
  formatProblem,
  readConfigFile,
  watchConfigFile,
  withDiscoveredModels,
  withRevision,
} from '#config';
import { ConfigBucket, type ConfigProblem, type ConfigSnapshot } from '#contracts';
import { Logger, Metrics } from '#telemetry';
import { FleetSubscriber } from './fleet.subscriber.js';

const snapshotKey = 'snapshot';

@Injectable()
export class ConfigPublisher implements OnModuleInit, OnApplicationShutdown {
  private bucket: Bucket<ConfigSnapshot> | null = null;
  private accepted: ConfigSnapshot | null = null;
  private published: string | null = null;
  private watcher: { stop(): void } | null = null;
  private publishing: Promise<void> = Promise.resolve();

  constructor(
    private readonly bus: Bus,
    private readonly environment: Environment,
    private readonly fleet: FleetSubscriber,
    private readonly logger: Logger,
    private readonly metrics: Metrics,
  ) {}

  async onModuleInit(): Promise<void> {
    this.bucket = await this.bus.bucket(ConfigBucket);
    const { configFile } = this.environment;
    if (configFile !== null) this.watcher = watchConfigFile(configFile, () => this.read(configFile));
    if (configFile === null) this.accept(defaultConfig(this.environment.variables));
    else this.read(configFile);
    if (this.accepted === null) throw new Error('the config file is not usable');
    this.fleet.onHealth(() => this.publish());
    this.bus.onStatus((connected) => {
      if (connected) this.publish();
    });
    await this.publishing;
  }

  onApplicationShutdown(): void {
    this.watcher?.stop();
  }

  private read(path: string): void {
    const loaded = readConfigFile(path, this.environment.variables);
    if (loaded.kind === 'ok') {
      for (const problem of loaded.problems)
        this.logger.warn({ path: problem.path, line: problem.line }, formatProblem(problem));
      this.accept(loaded.snapshot);
      this.metrics.set('signalbox_config_reload_success_timestamp_seconds', {}, Date.now() / 1000);
    } else this.refuse(loaded.problems);
  }

  private accept(snapshot: ConfigSnapshot): void {
    this.accepted = snapshot;
    this.publish();
  }

  private refuse(problems: readonly ConfigProblem[]): void {
    this.metrics.count('signalbox_config_reload_failures_total', {});
    for (const problem of problems)
      this.logger.error(
        { path: problem.path, line: problem.line },
        `the changed config is refused: ${formatProblem(problem)}`,
      );
    if (this.accepted === null) return;
    this.accepted = { ...this.accepted, refused: { at: new Date().toISOString(), problems: [...problems] } };
    this.publish();
  }

  /** Writes the accepted config with the models that its hosts have; equal ones are written once. */
  private publish(): void {
    if (this.accepted === null || this.bucket === null) return;
    let snapshot = this.accepted;
    for (const backendId of snapshot.discoverBackends) {
      snapshot = withDiscoveredModels(snapshot, backendId, this.fleet.healthOf(backendId)?.installed ?? []);
    }
    const text = JSON.stringify(snapshot);
    if (text === this.published) return;
    const { bucket } = this;
    this.publishing = this.publishing.then(async () => {
      try {
        await bucket.put(snapshotKey, snapshot);
        this.published = text;
      } catch (error) {
        this.logger.warn({ err: error }, 'the configuration could not be published yet');
        setTimeout(() => this.publish(), 1_000).unref();
      }
    });
  }
}
