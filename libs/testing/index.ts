/** What tests are made with: real servers, fake upstreams, the whole suite. */
export { startNats } from './nats-server.js';
export { startPostgres } from './postgres.js';
export type { TestDatabase } from './postgres.js';
export type { TestServer, TestServerOptions } from './test-server.js';
