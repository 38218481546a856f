/**
 * Ties a process to the launcher, so that nothing is left behind even when the launcher is killed with -9.
 * Linux does it in the kernel (a parent death signal, set by util-linux' setpriv); elsewhere a small guardian process
 * holds a pipe to the launcher and ends its charge when the pipe closes.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const GUARDIAN = fileURLToPath(new URL('guardian.mjs', import.meta.url));
const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'].find((file) => existsSync(file));
/** Exits if the launcher has died before the death signal was in force; else becomes the program. */
const CHECKED_EXEC = '[ "$PPID" = "$0" ] || exit 1; exec "$@"';

/**
 * @typedef {{ uid: number, gid: number, crossesFolders: boolean }} Identity an unprivileged user to run as;
 *   `crossesFolders`: the path to its files leads through folders that only root may enter
 * @typedef {{ file: string, args: readonly string[], env: Record<string, string | undefined>, cwd?: string,
 *   deathSignal: 'SIGINT' | 'SIGTERM' | 'SIGKILL', identity?: Identity | undefined, guardian?: boolean }} Program
 * @typedef {{ process: import('node:child_process').ChildProcess, pid: Promise<number> }} Tethered
 */

/**
 * The setpriv arguments that run a program as somebody else.
 * @param {Identity | undefined} identity
 * @returns {string[]}
 */
export function identityArguments(identity) {
  if (identity === undefined) return [];
  const user = ['--reuid', String(identity.uid), '--regid', String(identity.gid), '--clear-groups'];
  // A clone under /root is closed to every other user; this one capability lets the server through to its own files.
  // The securebit makes access(2), with which PostgreSQL looks at its programs, count it too; the other capabilities
  // still end with the exec.
  const capability = ['--inh-caps', '+dac_override', '--ambient-caps', '+dac_override'];
  const through = [...capability, '--securebits', '+no_setuid_fixup'];
  return identity.crossesFolders ? [...user, ...through] : user;
}

/**
 * Starts a program in a session of its own (a Ctrl-C on the terminal reaches only the launcher) with piped output.
 * @param {Program} program
 * @returns {Tethered} the process to listen to, and the pid of the program itself
 */
export function startTethered(program) {
  if (SETPRIV === undefined || program.guardian === true) return startGuarded(program);
  const [command, ...rest] = [
    SETPRIV,
    '--pdeathsig',
    program.deathSignal.slice(3),
    ...identityArguments(program.identity),
  ];
  const args = [...rest, '--', '/bin/sh', '-c', CHECKED_EXEC, String(process.pid), program.file, ...program.args];
  const child = spawn(command, args, {
    env: program.env,
    ...(program.cwd === undefined ? {} : { cwd: program.cwd }),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  // setpriv and sh replace themselves, so this is the program's own pid.
  return { process: child, pid: started(child, () => child.pid) };
}

/**
 * @param {Program} program
 * @returns {Tethered}
 */
function startGuarded(program) {
  const { uid, gid } = program.identity ?? {};
  const child = spawn(process.execPath, [GUARDIAN, program.deathSignal, program.file, ...program.args], {
    env: program.env,
    ...(program.cwd === undefined ? {} : { cwd: program.cwd }),
    ...(uid === undefined ? {} : { uid, gid }),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  });
  const pid = new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(Number(message)));
    child.once('exit', () => reject(new Error(`${program.file} did not start`)));
    child.once('error', reject);
  });
  return { process: child, pid };
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {() => number | undefined} pidOf
 * @returns {Promise<number>}
 */
function started(child, pidOf) {
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve(pidOf() ?? 0));
    child.once('error', reject);
  });
}
