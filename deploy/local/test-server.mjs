/**
 * Runs one server for tests, with the launcher's own code: `node test-server.mjs nats|postgres '{...}'`.
 * Prints one line of JSON once the server is ready and ends it when standard input closes, so that a test runner that is
 * killed leaves nothing behind. Ends by itself when the server does.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isNatsReady, natsProgram } from './nats.mjs';
import { findNatsServer } from './nats-binary.mjs';
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
import { startTethered } from './tether.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const [kind, json] = process.argv.slice(2);
/** @type {{ folder: string, port?: number, users?: Record<string, string> }} */
const options = JSON.parse(json ?? '{}');

/**
 * Runs the program until it or the test ends.
 * @param {import('./tether.mjs').Program} program
 * @param {() => Promise<boolean>} isReady
 * @param {object} facts what the test is told
 */
async function serve(program, isReady, facts) {
  const { process: child, pid: started } = startTethered(program);
  child.stdout?.pipe(process.stderr);
  child.stderr?.pipe(process.stderr);
  child.once('exit', (code) => process.exit(code ?? 0));
  const pid = await started;
  const stop = () => {
    process.kill(pid, 'SIGCONT');
    process.kill(pid, program.deathSignal);
  };
  process.stdin.resume();
  process.stdin.once('close', stop);
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, stop);
  while (!(await isReady())) await new Promise((resolve) => setTimeout(resolve, 20));
  process.stdout.write(`${JSON.stringify({ ...facts, pid })}\n`);
}

async function serveNats() {
  const server = process.env.SIGNALBOX_NATS_SERVER ?? (await findNatsServer(join(root, '.runtime'), console.error));
  const port = await freePort(options.port ?? 0, '127.0.0.1');
  const program = natsProgram({ ...options, server, port, syncAlways: false });
  await serve(program, () => isNatsReady(port), { port, url: `nats://127.0.0.1:${String(port)}` });
}

async function servePostgres() {
  const binaries = postgresBinaries(root);
  const { folder } = options;
  const identity = postgresIdentity(binaries, folder);
  const password = 'test';
  const cluster = await ensureCluster({ binaries, folder, password, identity, isTest: true });
  clearStalePid(cluster);
  const port = await freePort(options.port ?? 0, '127.0.0.1');
  const program = postgresProgram({ binaries, cluster, port, identity, isTest: true });
  await serve(program, () => isPostgresReady(port), { port, url: databaseUrl(port, password) });
}

await (kind === 'nats' ? serveNats() : servePostgres());
