/** The access module of an ingress as it runs, on a bus of its own: several of them are several ingresses. */
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Bus } from '#bus';
import { Environment } from '#config';
import { Readiness, ServiceModule, Snapshots } from '#service';
import { Logger, Metrics } from '#telemetry';
import { Access } from '../access/access.client.js';
import { AccessModule } from '../access/access.module.js';
import { Authenticator } from '../access/authenticator.client.js';
import { LimitSession } from '../access/limit-session.client.js';
import { Limiter } from '../access/limiter.client.js';

@Module({})
class TestRoot {}

export interface AccessProcess {
  readonly access: Access;
  readonly authenticator: Authenticator;
  readonly limiter: Limiter;
  readonly session: LimitSession;
  readonly bus: Bus;
  stop(): Promise<void>;
  /** Cuts it off without a word, as kill -9 does. */
  kill(): Promise<void>;
}

export async function startAccess(natsUrl: string, variables: Record<string, string> = {}): Promise<AccessProcess> {
  const environment = Environment.parse({
    NATS_URL: natsUrl,
    SIGNALBOX_KEY_PEPPER: 'pepper-of-the-tests',
    LITELLM_MASTER_KEY: 'sk-master-of-the-tests',
    ...variables,
  });
  const logger = Logger.create('ingress', 'error');
  const metrics = new Metrics({ service: 'ingress', version: 'test', processMetrics: false });
  const bus = await Bus.connect({ url: natsUrl, user: null, password: null, name: 'ingress', logger, metrics });
  const readiness = new Readiness();
  const snapshots = new Snapshots(bus, logger, metrics, readiness);
  await snapshots.start();
  const parts = { bus, environment, logger, metrics, readiness, snapshots };
  const app = await NestFactory.createApplicationContext(
    { module: TestRoot, imports: [ServiceModule.of(parts), AccessModule] },
    { logger: false },
  );
  app.enableShutdownHooks([]);
  await snapshots.whenReady();
  return {
    access: app.get(Access, { strict: false }),
    authenticator: app.get(Authenticator, { strict: false }),
    limiter: app.get(Limiter, { strict: false }),
    session: app.get(LimitSession, { strict: false }),
    bus,
    stop: async () => {
      await app.close();
      snapshots.stop();
      await bus.drain();
    },
    kill: async () => {
      snapshots.stop();
      await bus.drain();
      await app.close();
    },
  };
}
