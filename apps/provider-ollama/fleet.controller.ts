/** Follows the config: one HostController for each local backend that this worker serves or stands by for. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Bus } from '#bus';
import { Environment, resolveHeaders } from '#config';
import type { Backend, ConfigSnapshot } from '#contracts';
import { Secrets, Snapshots } from '#service';
import { Logger, Metrics } from '#telemetry';
import { UsageReporter, type AttemptTools } from '#upstream';
import { OllamaClient } from './engines/ollama.client.js';
import { OpenAiEngineClient } from './engines/openai-engine.client.js';
import { HostController, type HostParts } from './hosts/host.controller.js';
import { backendsToServe } from './hosts/host-settings.js';

@Injectable()
export class FleetController implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly hosts = new Map<string, { controller: HostController; dialect: string }>();
  private readonly usage: UsageReporter;
  private readonly parts: HostParts;
  private stopped = false;

  constructor(
    bus: Bus,
    private readonly environment: Environment,
    private readonly logger: Logger,
    metrics: Metrics,
    private readonly snapshots: Snapshots,
    private readonly secrets: Secrets,
  ) {
    const spoolFolder = join(environment.dataDir, 'spool');
    this.usage = new UsageReporter({ bus, logger, metrics, source: 'worker', service: 'provider-ollama', spoolFolder });
    const tools: AttemptTools = {
      usage: this.usage,
      metrics,
      savingsReference: () => snapshots.current()?.general.savingsReference ?? '',
      conventionalMetrics: () => snapshots.current()?.general.conventionalMetrics === true,
      now: () => performance.now(),
    };
    const holder = `${hostname().replace(/[^A-Za-z0-9_-]/g, '-')}-${randomUUID().slice(0, 8)}`;
    const preferred = environment.backends !== null;
    const numParallel = environment.variables['OLLAMA_NUM_PARALLEL'];
    this.parts = { bus, logger, metrics, tools, holder, preferred, numParallel };
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.usage.start();
    this.snapshots.onChange((snapshot) => this.follow(snapshot));
  }

  /** Gives every host away, and waits for what runs on them. */
  async release(): Promise<void> {
    this.stopped = true;
    await Promise.allSettled([...this.hosts.values()].map(({ controller }) => controller.stop()));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.release();
    await this.usage.stop();
  }

  private follow(snapshot: ConfigSnapshot): void {
    if (this.stopped) return;
    const backends = backendsToServe(snapshot, this.environment.backends);
    for (const name of this.environment.backends ?? []) {
      if (backends.some((backend) => backend.id === name)) continue;
      this.logger.warn({ backend: name }, 'SIGNALBOX_BACKENDS names a backend that the config does not have');
    }
    const wanted = new Map<string, string>(backends.map((backend) => [backend.id, backend.dialect]));
    for (const [id, host] of this.hosts) {
      if (wanted.get(id) === host.dialect) continue;
      this.hosts.delete(id);
      void host.controller.stop();
    }
    for (const backend of backends) this.serve(backend, snapshot);
  }

  private serve(backend: Backend, snapshot: ConfigSnapshot): void {
    const headers = this.headersOf(backend);
    const known = this.hosts.get(backend.id);
    if (known !== undefined) {
      known.controller.configure(backend, snapshot, headers);
      return;
    }
    const fill = (values: Readonly<Record<string, string>>) => resolveHeaders(values, this.secrets.variables());
    const engine = backend.dialect === 'ollama' ? new OllamaClient(fill) : new OpenAiEngineClient(fill);
    const controller = new HostController(backend, snapshot, engine, this.parts);
    controller.configure(backend, snapshot, headers);
    this.hosts.set(backend.id, { controller, dialect: backend.dialect });
    controller.start();
  }

  /** Most engines want no key; a proxy in front of one may. Without it the engine's own refusal says the rest. */
  private headersOf(backend: Backend): Record<string, string> {
    if (backend.apiKey === null) return {};
    try {
      const secret = this.secrets.resolve(backend.apiKey);
      if (secret !== null) return { authorization: `Bearer ${secret.reveal()}` };
    } catch (error) {
      this.logger.warn({ backend: backend.id, err: error }, 'the key of a backend cannot be read');
    }
    return {};
  }
}
