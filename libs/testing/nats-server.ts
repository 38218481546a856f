/** A real nats-server with JetStream for tests. */
import { startTestServer, type TestServer, type TestServerOptions } from './test-server.js';

/** Starts a nats-server on a free port; without `users` it lets anyone in. Its `url` is for NATS_URL. */
export function startNats(options: TestServerOptions = {}): Promise<TestServer> {
  return startTestServer('nats', options);
}
