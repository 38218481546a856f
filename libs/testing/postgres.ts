/** A real PostgreSQL for tests: one cluster for each test process, a fresh database for each call. */
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { startTestServer, type TestServer } from './test-server.js';

export interface TestDatabase {
  /** For DATABASE_URL. */
  readonly url: string;
  /** The server itself, to crash it or to hold it up; shared by all databases of this process. */
  readonly server: TestServer;
  /** Drops the database; the last one to stop ends the server. */
  stop(): Promise<void>;
}

let cluster: Promise<TestServer> | undefined;
let users = 0;

/** Makes an empty database on the shared cluster. With `own` it gets a cluster for itself, so that a test may crash it. */
export async function startPostgres(options: { own?: boolean } = {}): Promise<TestDatabase> {
  if (options.own === true) {
    const server = await startTestServer('postgres');
    return { url: server.url, server, stop: () => server.stop() };
  }
  users += 1;
  cluster ??= startTestServer('postgres');
  const server = await cluster;
  const name = `test_${randomBytes(6).toString('hex')}`;
  await execute(server.url, `CREATE DATABASE ${name}`);
  return {
    url: server.url.replace(/\/[^/]+$/, `/${name}`),
    server,
    async stop() {
      users -= 1;
      if (users > 0) return execute(server.url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      cluster = undefined;
      await server.stop();
    },
  };
}

async function execute(connectionString: string, sql: string): Promise<void> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
