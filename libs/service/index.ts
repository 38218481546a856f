/** What every service shares: boot, drain, management port, the Nest transport over the bus. */
export { finishStreams, runService, waitUntil } from './run-service.js';
export type { Boot, RunningApplication, ServiceName } from './run-service.js';
export { Serves, BusTransport } from './bus-transport.js';
export { nestLogger } from './nest-logger.js';
export { Readiness } from './readiness.js';
export { Snapshots } from './snapshots.js';
export { Secrets } from './secrets.js';
export { ServiceModule } from './service.module.js';
export type { ServiceParts } from './service.module.js';
export { Ownership } from './ownership.js';
export type { OwnershipOptions } from './ownership.js';
