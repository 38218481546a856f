/** DATA_DIR: who may use it, the pids of who runs in it, and the secrets that are made on the first start. */
import { randomBytes } from 'node:crypto';
import { accessSync, constants, existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LaunchError } from './launch-error.mjs';

/**
 * Makes the folder and claims it.
 * @param {string} folder absolute
 * @returns {() => void} gives it back; throws LaunchError if it cannot be written or another suite runs in it
 */
export function claimDataDir(folder) {
  try {
    for (const part of ['', 'run', 'logs', 'secrets']) makeFolder(join(folder, part));
    accessSync(folder, constants.W_OK);
    const probe = join(folder, 'run', `write-test-${String(process.pid)}`);
    writeFileSync(probe, '');
    rmSync(probe);
  } catch (error) {
    throw new LaunchError(
      `the data directory ${folder} cannot be written (${codeOf(error)}): make it writable or choose another with --data-dir.`,
    );
  }
  const claim = join(folder, 'run', 'launcher.pid');
  for (let attempt = 0; ; attempt += 1) {
    try {
      writeFileSync(claim, `${String(process.pid)}\n`, { flag: 'wx' });
      return () => rmSync(claim, { force: true });
    } catch (error) {
      const holder = pidIn(claim);
      const isHeld = isOneOfOurs(holder);
      if (isHeld || attempt > 3 || codeOf(error) !== 'EEXIST') {
        throw new LaunchError(
          `another Signalbox (process ${String(holder)}) uses the data directory ${folder}: stop it or choose another with --data-dir.`,
        );
      }
      rmSync(claim, { force: true });
    }
  }
}

/**
 * Like mkdir -p. Node's own `recursive` never returns where the parent is there but makes nothing, as /proc.
 * @param {string} folder
 */
function makeFolder(folder) {
  if (existsSync(folder)) return;
  if (!existsSync(dirname(folder))) makeFolder(dirname(folder));
  mkdirSync(folder, { mode: 0o755 });
}

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

/**
 * @param {string} file
 * @returns {number | undefined}
 */
export function pidIn(file) {
  if (!existsSync(file)) return undefined;
  const pid = Number(readFileSync(file, 'utf8').trim());
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

/**
 * @param {number} pid
 * @returns {boolean}
 */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/**
 * Pids are used again, in containers soon: the command line tells one of our programs from a stranger.
 * @param {number | undefined} pid
 * @returns {boolean} true for another launcher, test run or benchmark that lives
 */
export function isOneOfOurs(pid) {
  if (pid === undefined || pid === process.pid || !isAlive(pid)) return false;
  try {
    return /(start|test|bench)\.mjs/.test(readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8'));
  } catch {
    return process.platform !== 'linux';
  }
}

/**
 * A random secret that is made once for a data directory.
 * @param {string} folder the data directory
 * @param {string} name of the file under `secrets`
 * @returns {string} 43 letters, safe in URLs
 */
export function secretOf(folder, name) {
  const file = join(folder, 'secrets', name);
  if (!existsSync(file)) {
    // Written aside and linked into place: a kill in between leaves none or a whole one.
    const draft = `${file}.${String(process.pid)}`;
    writeFileSync(draft, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 });
    try {
      linkSync(draft, file);
    } finally {
      rmSync(draft);
    }
  }
  return readFileSync(file, 'utf8').trim();
}

/**
 * Leaves a secret that changes with each start where only the owner finds it.
 * @param {string} folder
 * @param {string} name
 * @param {string} value
 */
export function tellSecret(folder, name, value) {
  writeFileSync(join(folder, 'secrets', name), `${value}\n`, { mode: 0o600 });
}
