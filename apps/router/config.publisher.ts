/**
 * Publishes the config in force to the bucket CONFIG: the file's, or the one that holds without a file, with the models
 * that were discovered on Ollama hosts. An unusable file never replaces a good config; it stands beside it as `refused`.
 * Replicas read the same file and publish the same revision, which changes nothing.
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
  type LoadedConfig,
} from '#config';
import {
  BackendId,
  ConfigBucket,
  ConfigSnapshot,
  HealthBucket,
  type BackendHealth,
  type InstalledModel,
} from '#contracts';
import { Readiness } from '#service';
import { Logger, Metrics } from '#telemetry';

const snapshotKey = 'snapshot';
const hold = 'config-file';
const retryMs = 1_000;

@Injectable()
export class ConfigPublisher implements OnModuleInit, OnApplicationShutdown {
  private bucket: Bucket<ConfigSnapshot> | null = null;
  /** The last good config, without discovered models. */
  private base: ConfigSnapshot | null = null;
  private refused: ConfigSnapshot['refused'] = null;
  private readonly discovered = new Map<BackendId, readonly InstalledModel[]>();
  private readonly watching: { stop(): void }[] = [];
  private retry: NodeJS.Timeout | null = null;
  /** Writes come one after the other. */
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly bus: Bus,
    private readonly environment: Environment,
    private readonly readiness: Readiness,
    private readonly logger: Logger,
    private readonly metrics: Metrics,
  ) {}

  async onModuleInit(): Promise<void> {
    const { configFile } = this.environment;
    this.metrics.expect('signalbox_config_reload_failures_total', {});
    this.bucket = await this.bus.bucket(ConfigBucket);
    if (configFile !== null) {
      this.watching.push(watchConfigFile(configFile, () => void this.load()));
    }
    // What could not be written while the bus was away, or was lost with it, is written when it is back.
    this.bus.onStatus((connected) => {
      if (connected) void this.publish();
    });
    await this.load();
    const health = await this.bus.bucket(HealthBucket);
    this.watching.push(health.watch((backendId, state) => void this.discover(backendId, state)));
  }

  async onApplicationShutdown(): Promise<void> {
    for (const watcher of this.watching) watcher.stop();
    if (this.retry !== null) clearTimeout(this.retry);
    await this.writing;
  }

  private async load(): Promise<void> {
    const loaded = this.read();
    for (const problem of loaded.problems) {
      const fields = { path: problem.path, line: problem.line };
      if (problem.severity === 'error') this.logger.error(fields, formatProblem(problem));
      else if (problem.severity === 'warning') this.logger.warn(fields, formatProblem(problem));
      else this.logger.info(fields, formatProblem(problem));
    }
    if (loaded.kind === 'ok') {
      this.base = loaded.snapshot;
      this.refused = null;
      this.readiness.release(hold);
      this.metrics.set('signalbox_config_reload_success_timestamp_seconds', {}, Date.now() / 1000);
    } else {
      this.refused = { at: new Date().toISOString(), problems: loaded.problems };
      this.metrics.count('signalbox_config_reload_failures_total', {});
      const stays = this.base === null ? 'there is no good one yet' : 'the last good one stays';
      this.logger.error({ problems: loaded.problems.length }, `the config file is refused; ${stays}`);
    }
    await this.publish();
  }

  private read(): LoadedConfig {
    const { configFile, variables } = this.environment;
    if (configFile !== null) return readConfigFile(configFile, variables);
    const snapshot = defaultConfig(variables);
    return { kind: 'ok', snapshot, problems: snapshot.problems };
  }

  /** A host that could not be asked keeps the models it had: they come back with it. */
  private async discover(backendId: string, state: BackendHealth | null): Promise<void> {
    if (state === null || state.installed === null) return;
    const id = BackendId.parse(backendId);
    if (this.base?.discoverBackends.includes(id) !== true) return;
    this.discovered.set(id, state.installed);
    await this.publish();
  }

  private publish(): Promise<void> {
    this.writing = this.writing
      .then(() => this.write())
      .catch((error: unknown) => {
        this.logger.warn({ err: error }, 'the configuration could not be published yet');
        this.retry ??= setTimeout(() => {
          this.retry = null;
          void this.publish();
        }, retryMs);
      });
    return this.writing;
  }

  private async write(): Promise<void> {
    if (this.bucket === null) return;
    const stored = await this.bucket.get(snapshotKey);
    const base = this.base ?? stored?.value ?? null;
    if (base === null) {
      this.readiness.hold(hold, 'the config file cannot be used');
      return;
    }
    const next = this.merged(base, stored?.value ?? null);
    if (stored !== null && JSON.stringify(stored.value) === JSON.stringify(next)) return;
    await this.bucket.put(snapshotKey, next);
    this.logger.info({ revision: next.revision, deployments: next.deployments.length }, 'configuration published');
  }

  /** Parsed again, so that it compares with what is stored; equal refusals of another replica keep their time. */
  private merged(base: ConfigSnapshot, stored: ConfigSnapshot | null): ConfigSnapshot {
    const known = stored?.refused ?? null;
    const isKnown = known !== null && JSON.stringify(known.problems) === JSON.stringify(this.refused?.problems);
    let next: ConfigSnapshot = { ...base, refused: isKnown ? known : this.refused };
    if (this.base !== null) {
      for (const [id, installed] of this.discovered) next = withDiscoveredModels(next, id, installed);
    }
    return ConfigSnapshot.parse(next);
  }
}
