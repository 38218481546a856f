/** Boots a service: environment, logs, metrics, traces, bus, Nest; and ends it cleanly. */
import 'reflect-metadata';
import {
  Module,
  type DynamicModule,
  type INestApplicationContext,
  type INestMicroservice,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Bus } from '#bus';
import { Environment } from '#config';
import { Logger, Metrics, startTelemetry, type TelemetryHandle } from '#telemetry';
import { collectBootGarbage, keepCompiledCode } from './boot-memory.js';
import { BusTransport } from './bus-transport.js';
import { ManagementServer } from './management-server.js';
import { nestLogger } from './nest-logger.js';
import { PassErrorsFilter } from './pass-errors.filter.js';
import { Readiness } from './readiness.js';
import { ServiceModule, type ServiceParts } from './service.module.js';
import { Snapshots } from './snapshots.js';

export type ServiceName = 'ingress' | 'router' | 'accounting' | 'health' | 'provider-ollama' | 'provider-cloud';

/** How a service with a listener of its own (the ingress) is made; the default is a microservice on the bus. */
export type Boot = (module: Type<unknown> | DynamicModule, parts: ServiceParts) => Promise<RunningApplication>;

export interface RunningApplication {
  readonly app: INestApplicationContext;
  /** Stops taking new work and waits for what runs, `drainMs` at most. */
  drain(drainMs: number): Promise<void>;
}

@Module({})
class RootModule {}

/** Runs until SIGTERM or SIGINT; never returns otherwise. Start-up failures are logged in one line, exit code 1. */
export async function runService(
  name: ServiceName,
  module: Type<unknown>,
  boot: Boot = bootMicroservice,
): Promise<void> {
  const environment = readEnvironment(name);
  const logger = Logger.create(name, environment.logLevel);
  exitOnBugs(logger);
  const { version, commit } = environment;
  const metrics = new Metrics({ service: name, version, commit, processMetrics: true });
  const readiness = new Readiness();
  readiness.hold('start', 'starting');
  const management = new ManagementServer({ metrics, readiness });
  try {
    const telemetry = await startTelemetry({
      service: name,
      exporting: environment.traceExport,
      version: environment.version,
      sampling: environment.traceSampling,
      metrics,
    });
    const managementPort = await management.listen(environment.managementHost, environment.managementPort);
    readiness.hold('bus', 'connecting to the bus');
    const bus = await Bus.connect({
      url: environment.natsUrl,
      user: environment.natsUser,
      password: environment.natsPassword,
      name,
      replicas: environment.natsReplicas,
      logger,
      metrics,
    });
    readiness.release('bus');
    bus.onStatus((connected) =>
      connected ? readiness.release('bus') : readiness.hold('bus', 'the bus is not connected'),
    );
    const snapshots = new Snapshots(bus, logger, metrics, readiness);
    await snapshots.start();
    const parts = { bus, environment, logger, metrics, readiness, snapshots };
    const running = await boot({ module: RootModule, imports: [ServiceModule.of(parts), module] }, parts);
    await bus.flush();
    keepCompiledCode();
    collectBootGarbage();
    readiness.release('start');
    logger.info({ managementPort, version: environment.version }, 'started');
    onTermination(async () => {
      readiness.hold('drain', 'shutting down');
      logger.info({ openStreams: bus.openStreams }, 'draining');
      await running.drain(environment.drainMs);
      await shutDown(parts, running.app, telemetry, management);
    });
  } catch (error) {
    logger.error({ err: error }, `cannot start: ${error instanceof Error ? error.message : String(error)}`);
    await logger.flush();
    process.exit(1);
  }
}

async function shutDown(
  parts: ServiceParts,
  app: INestApplicationContext,
  telemetry: TelemetryHandle,
  management: ManagementServer,
): Promise<void> {
  parts.snapshots.stop();
  await app.close();
  await parts.bus.drain();
  await telemetry.shutdown(3_000);
  await management.close();
  parts.logger.info({}, 'stopped');
  await parts.logger.flush();
  process.exit(0);
}

/** The default boot: a Nest microservice whose controllers answer contracts. */
async function bootMicroservice(
  module: Type<unknown> | DynamicModule,
  parts: ServiceParts,
): Promise<RunningApplication> {
  const app: INestMicroservice = await NestFactory.createMicroservice(module, {
    strategy: new BusTransport(parts.bus),
    logger: nestLogger(parts.logger),
    abortOnError: false,
  });
  app.useGlobalFilters(new PassErrorsFilter());
  await app.listen();
  const drain = async (drainMs: number) => {
    await parts.bus.stopTakingStreams();
    await finishStreams(parts.bus, drainMs);
  };
  return { app, drain };
}

/** How long a stream that is told to end may take for its last words. */
const lastWordsMs = 2_000;

/** Lets the streams of a worker finish, and ends those that take longer than `drainMs`. */
export async function finishStreams(bus: Bus, drainMs: number): Promise<void> {
  await waitUntil(() => bus.openStreams === 0, drainMs);
  bus.endStreams();
  await waitUntil(() => bus.openStreams === 0, lastWordsMs);
}

/** Resolves when `done()` holds, or after `limitMs`. */
export async function waitUntil(done: () => boolean, limitMs: number): Promise<void> {
  const until = performance.now() + limitMs;
  while (!done() && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 25));
}

function readEnvironment(name: string): Environment {
  try {
    return Environment.ofProcess();
  } catch (error) {
    process.stderr.write(`${name}: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}

/** The first signal drains, a second one ends at once. */
function onTermination(drain: () => Promise<void>): void {
  let asked = false;
  const handle = () => {
    if (asked) process.exit(1);
    asked = true;
    drain().catch(() => process.exit(1));
  };
  process.on('SIGTERM', handle);
  process.on('SIGINT', handle);
}

/** A rejected promise nobody handles is a bug, but no reason to drop everybody's streams; an exception leaves unknown state. */
function exitOnBugs(logger: Logger): void {
  process.on('unhandledRejection', (reason) => logger.error({ err: reason }, 'unhandled rejection'));
  process.on('uncaughtException', (error) => {
    logger.error({ err: error }, 'uncaught exception');
    setImmediate(() => process.exit(1));
  });
}
