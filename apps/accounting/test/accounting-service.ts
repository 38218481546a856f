/** Accounting as it runs, in this process: its real module on a real bus and a real database. */
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Client } from 'pg';
import { throwError } from 'rxjs';
import { Bus } from '#bus';
import { Environment } from '#config';
import { ConfigBucket, type ConfigSnapshot } from '#contracts';
import { BusTransport, Readiness, ServiceModule, Snapshots } from '#service';
import { Logger, Metrics } from '#telemetry';
import { AccountingModule } from '../accounting.module.js';

@Module({})
class TestRoot {}

export interface AccountingService {
  /** A bus of the test's own, as another service has one. */
  readonly bus: Bus;
  readonly sql: Client;
  readonly readiness: Readiness;
  /** A provider of the module. */
  get<T>(type: abstract new (...args: never[]) => T): T;
  publishConfig(snapshot: ConfigSnapshot): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it and waits until it is ready. */
export async function startAccounting(options: {
  natsUrl: string;
  databaseUrl: string;
  snapshot: ConfigSnapshot;
  /** Where the test itself connects, when the service goes through a gate. */
  sqlUrl?: string;
  variables?: Record<string, string>;
}): Promise<AccountingService> {
  const environment = Environment.parse({
    NATS_URL: options.natsUrl,
    DATABASE_URL: options.databaseUrl,
    SIGNALBOX_KEY_PEPPER: 'pepper-of-the-tests',
    SIGNALBOX_DRAIN_SECONDS: '0',
    ...options.variables,
  });
  const logger = Logger.create('accounting', 'error');
  const connect = (name: string, metrics: Metrics) =>
    Bus.connect({ url: options.natsUrl, user: null, password: null, name, logger, metrics });
  const metrics = new Metrics({ service: 'accounting', version: 'test', processMetrics: false });
  const bus = await connect('accounting', metrics);
  const own = await connect('test', new Metrics({ service: 'test', version: 'test', processMetrics: false }));
  const readiness = new Readiness();
  const snapshots = new Snapshots(bus, logger, metrics, readiness);
  const config = await own.bucket(ConfigBucket);
  await config.put('snapshot', options.snapshot);
  await snapshots.start();
  const parts = { bus, environment, logger, metrics, readiness, snapshots };
  const app = await NestFactory.createMicroservice(
    { module: TestRoot, imports: [ServiceModule.of(parts), AccountingModule] },
    { strategy: new BusTransport(bus), logger: false },
  );
  // As runService has it: errors reach the bus as they were thrown.
  app.useGlobalFilters({ catch: (error: unknown) => throwError(() => error) });
  await app.listen();
  await bus.flush();
  await until(() => readiness.ready);
  const sql = new Client({ connectionString: options.sqlUrl ?? options.databaseUrl });
  await sql.connect();
  return {
    bus: own,
    sql,
    readiness,
    get: (type) => app.get(type, { strict: false }),
    publishConfig: async (snapshot) => void (await config.put('snapshot', snapshot)),
    stop: async () => {
      await sql.end();
      await app.close();
      snapshots.stop();
      await Promise.all([bus.drain(), own.drain()]);
    },
  };
}

/** Asks again every 10 ms until it holds; the test's own time limit ends it otherwise. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10));
}
