/**
 * Programs that some tests need and would be skipped without: Chromium for the console, Prometheus' promtool for the
 * rules. Installed only for root on a system with apt, as CI is; nothing here ever fails the run.
 */
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Program that a test looks for -> Debian's package that has it. */
export const TOOLS = /** @type {const} */ ({
  chromium: 'chromium',
  promtool: 'prometheus',
});

/** Long enough for a slow mirror, short enough to leave time for the tests. */
const limitMs = 180_000;

/**
 * @param {string} program
 * @param {string} path PATH
 * @returns {boolean}
 */
export function isOnPath(program, path) {
  return path.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return folder !== '';
    } catch {
      return false;
    }
  });
}

/**
 * @param {(line: string) => void} tell
 * @param {string} [path]
 */
export async function ensureTestTools(tell, path = process.env.PATH ?? '') {
  const missing = Object.entries(TOOLS).filter(([program]) => !isOnPath(program, path));
  if (missing.length === 0) return;
  const names = missing.map(([program]) => program).join(', ');
  if (process.getuid?.() !== 0 || !isOnPath('apt-get', path)) {
    tell(`tests that need ${names} will be skipped (install them to run these)`);
    return;
  }
  tell(`installing ${names} for the tests`);
  const until = Date.now() + limitMs;
  const packages = missing.map(([, name]) => name);
  if (await hasInstalled(packages, until)) return;
  // The lists may be empty or old, as in a fresh container.
  await apt(['update'], until);
  const failed = [];
  for (const [program, name] of missing) if (!(await hasInstalled([name], until))) failed.push(program);
  if (failed.length > 0) tell(`apt has no ${failed.join(', ')}: the tests that need them will be skipped`);
}

/**
 * @param {readonly string[]} packages
 * @param {number} until
 */
function hasInstalled(packages, until) {
  // Prometheus starts a daemon when it is installed as a service, where something is there that can start it.
  return apt(['install', '--no-install-recommends', ...packages], until);
}

/**
 * @param {readonly string[]} args
 * @param {number} until Epoch milliseconds after which it is given up.
 * @returns {Promise<boolean>} whether it succeeded
 */
function apt(args, until) {
  const timeout = until - Date.now();
  if (timeout <= 0) return Promise.resolve(false);
  return new Promise((resolve) => {
    const child = spawn('apt-get', ['-qq', '-y', '-oDPkg::Lock::Timeout=60', ...args], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
      stdio: 'ignore',
      timeout,
    });
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
  });
}
