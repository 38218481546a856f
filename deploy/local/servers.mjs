/** The two servers that the suite brings along, each unless the caller has one: NATS and PostgreSQL. */
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { secretOf, tellSecret } from './data-dir.mjs';
import { SERVICES } from './environment.mjs';
import { findNatsServer } from './nats-binary.mjs';
import { isNatsReady, natsProgram } from './nats.mjs';
import { freePort } from './ports.mjs';
import {
  clearStalePid,
  databaseUrl,
  ensureCluster,
  isPostgresReady,
  postgresBinaries,
  postgresIdentity,
  postgresProgram,
} from './postgres.mjs';

/** How long a server has to end; a checkpoint of a busy database takes its time. */
const STOP_WITHIN_MS = 20_000;

/**
 * @param {string} root
 * @param {string} dataDir
 * @param {(line: string) => void} tell
 * @returns {Promise<{ spec: import('./supervised.mjs').Spec, url: string, passwords: Record<string, string> }>}
 */
export async function natsServer(root, dataDir, tell) {
  const server = await findNatsServer(join(root, '.runtime'), tell);
  const users = Object.fromEntries(SERVICES.map((name) => [name, secretOf(dataDir, `nats-password-${name}`)]));
  const port = await freePort(0, '127.0.0.1');
  const program = natsProgram({ server, folder: join(dataDir, 'nats'), port, users });
  const spec = {
    name: 'nats',
    program: () => Promise.resolve(program),
    isReady: () => isNatsReady(port),
    stopSignal: /** @type {const} */ ('SIGTERM'),
    stopWithinMs: STOP_WITHIN_MS,
  };
  return { spec, url: `nats://127.0.0.1:${String(port)}`, passwords: users };
}

/**
 * @param {string} root
 * @param {string} dataDir
 * @param {(line: string) => void} tell
 * @returns {Promise<{ spec: import('./supervised.mjs').Spec, url: string }>}
 */
export async function postgresServer(root, dataDir, tell) {
  const binaries = postgresBinaries(root);
  const folder = join(dataDir, 'postgres');
  const password = secretOf(dataDir, 'postgres-password');
  const identity = postgresIdentity(binaries, folder);
  const cluster = await ensureCluster({ binaries, folder, password, identity });
  const port = await freePort(0, '127.0.0.1');
  const program = postgresProgram({ binaries, cluster, port, identity });
  const spec = {
    name: 'postgres',
    async program() {
      await settlePredecessor(cluster, tell);
      return program;
    },
    isReady: () => isPostgresReady(port),
    // Fast shutdown: open sessions are ended, committed work is safe.
    stopSignal: /** @type {const} */ ('SIGINT'),
    hardSignal: /** @type {const} */ ('SIGQUIT'),
    stopWithinMs: STOP_WITHIN_MS,
  };
  const url = databaseUrl(port, password);
  // For people with SQL of their own: psql "$(cat data/secrets/database-url)".
  tellSecret(dataDir, 'database-url', url);
  return { spec, url };
}

/**
 * Two servers on one cluster would destroy it, so one that a killed launcher left is waited for; its death signal has
 * asked it to end already.
 * @param {string} cluster
 * @param {(line: string) => void} tell
 */
async function settlePredecessor(cluster, tell) {
  for (let round = 0; ; round += 1) {
    const pid = clearStalePid(cluster);
    if (pid === undefined) return;
    if (round === 0) tell(`waiting for the database server of an earlier run (process ${String(pid)}) to end`);
    if (round % 50 === 0) process.kill(pid, round < 100 ? 'SIGINT' : 'SIGQUIT');
    await wait(100);
  }
}
