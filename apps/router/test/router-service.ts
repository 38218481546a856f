/** The router as it runs, in this process: its real module on a real bus. */
import 'reflect-metadata';
import { Catch, Module, type RpcExceptionFilter } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { throwError, type Observable } from 'rxjs';
import { Bus } from '#bus';
import { Environment } from '#config';
import { BusTransport, Readiness, ServiceModule, Snapshots } from '#service';
import { Logger, Metrics } from '#telemetry';
import { RouterModule } from '../router.module.js';

@Module({})
class TestRoot {}

/** As runService has it: errors go to the bus with their code. */
@Catch()
class PassErrors implements RpcExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}

export interface RouterService {
  readonly readiness: Readiness;
  readonly snapshots: Snapshots;
  readonly metrics: Metrics;
  stop(): Promise<void>;
}

/** A bus of the test's own, as another service has one. */
export function connect(natsUrl: string, name = 'test'): Promise<Bus> {
  const metrics = new Metrics({ service: name, version: 'test', processMetrics: false });
  return Bus.connect({ url: natsUrl, user: null, password: null, name, logger: Logger.create(name, 'error'), metrics });
}

/** Starts a router; it may not be ready yet. */
export async function startRouter(natsUrl: string, variables: Record<string, string> = {}): Promise<RouterService> {
  const environment = Environment.parse({ NATS_URL: natsUrl, ...variables });
  const metrics = new Metrics({ service: 'router', version: 'test', processMetrics: false });
  // Refused files are errors in the log; here they are what is tested.
  const logger = Logger.create('router', 'error');
  const bus = await Bus.connect({ url: natsUrl, user: null, password: null, name: 'router', logger, metrics });
  const readiness = new Readiness();
  const snapshots = new Snapshots(bus, logger, metrics, readiness);
  await snapshots.start();
  const parts = { bus, environment, logger, metrics, readiness, snapshots };
  const app = await NestFactory.createMicroservice(
    { module: TestRoot, imports: [ServiceModule.of(parts), RouterModule] },
    { strategy: new BusTransport(bus), logger: false },
  );
  app.useGlobalFilters(new PassErrors());
  await app.listen();
  await bus.flush();
  return {
    readiness,
    snapshots,
    metrics,
    stop: async () => {
      snapshots.stop();
      await app.close();
      await bus.drain();
    },
  };
}
