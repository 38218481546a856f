/** What every service can have injected. */
import { type DynamicModule, Global, Module } from '@nestjs/common';
import { Bus } from '#bus';
import { Environment } from '#config';
import { Logger, Metrics } from '#telemetry';
import { Readiness } from './readiness.js';
import { Snapshots } from './snapshots.js';
import { Secrets } from './secrets.js';

export interface ServiceParts {
  readonly bus: Bus;
  readonly environment: Environment;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly readiness: Readiness;
  readonly snapshots: Snapshots;
}

@Global()
@Module({})
export class ServiceModule {
  static of(parts: ServiceParts): DynamicModule {
    const providers = [
      { provide: Bus, useValue: parts.bus },
      { provide: Environment, useValue: parts.environment },
      { provide: Logger, useValue: parts.logger },
      { provide: Metrics, useValue: parts.metrics },
      { provide: Readiness, useValue: parts.readiness },
      { provide: Snapshots, useValue: parts.snapshots },
      { provide: Secrets, useValue: new Secrets(parts) },
    ];
    return { module: ServiceModule, providers, exports: providers.map((provider) => provider.provide) };
  }
}
