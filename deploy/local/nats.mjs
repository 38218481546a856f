/** The suite's own NATS server: its configuration, and how it is started and known to be ready. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { firstBytes } from './ports.mjs';

/**
 * The configuration file's text. Every service has a user of its own; the one of the cloud worker may not listen to
 * prompts that must stay in the house, so no mistake in routing can hand it one.
 * @param {{ port: number, store: string, users?: Readonly<Record<string, string>>, syncAlways: boolean }} options
 *   users: name to password; absent: no authentication (tests)
 * @returns {string}
 */
export function natsConfiguration({ port, store, users, syncAlways }) {
  const lines = [
    `listen: "127.0.0.1:${String(port)}"`,
    `server_name: "signalbox-${String(port)}"`,
    'max_payload: 1MB',
    // Without `always` an acknowledged usage event would live in memory for up to two minutes.
    `jetstream { store_dir: ${JSON.stringify(store)}, max_mem: 256MB${syncAlways ? ', sync_interval: always' : ''} }`,
    'write_deadline: "10s"',
  ];
  if (users !== undefined) {
    const entries = Object.entries(users).map(([user, password]) => {
      const rights = user === 'provider-cloud' ? ', permissions: { subscribe: { deny: ["infer.local.>"] } }' : '';
      return `    { user: ${JSON.stringify(user)}, password: ${JSON.stringify(password)}${rights} }`;
    });
    lines.push('authorization {', '  users = [', ...entries, '  ]', '}');
  }
  return `${lines.join('\n')}\n`;
}

/**
 * How many processors the server may use at a time. Its runtime keeps idle ones looking for work, time that the
 * services of the same machine then lack (docs/performance.md).
 * @param {number} cores
 * @param {string | undefined} asked GOMAXPROCS of whoever starts the suite, which goes before
 * @returns {string} a value for GOMAXPROCS
 */
export function natsProcessors(cores, asked) {
  return asked ?? String(Math.max(1, Math.floor(cores / 2)));
}

/**
 * Writes the configuration.
 * @param {{ server: string, folder: string, port: number, users?: Readonly<Record<string, string>>, syncAlways?: boolean }} options
 *   folder: where the configuration and the streams are kept
 * @returns {import('./tether.mjs').Program} what to run
 */
export function natsProgram({ server, folder, port, users, syncAlways = true }) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'nats-server.conf');
  const options = { port, store: join(folder, 'store'), syncAlways };
  const text = natsConfiguration(users === undefined ? options : { ...options, users });
  writeFileSync(file, text, { mode: 0o600 });
  const { PATH, GOMAXPROCS } = process.env;
  const env = { PATH, GOMAXPROCS: natsProcessors(availableParallelism(), GOMAXPROCS) };
  return { file: server, args: ['-c', file], env, cwd: folder, deathSignal: 'SIGTERM' };
}

/**
 * @param {number} port
 * @returns {Promise<boolean>} true once the server greets with JetStream on
 */
export async function isNatsReady(port) {
  const greeting = await firstBytes({ port, host: '127.0.0.1' });
  return greeting !== undefined && /^INFO .*"jetstream":true/.test(greeting.toString('utf8'));
}
