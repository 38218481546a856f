/**
 * Runs one program and ends it when the launcher goes away (its IPC channel closes, whatever the reason).
 * Used where setpriv is missing: `node guardian.mjs SIGNAL PROGRAM ARGS...`.
 */
import { spawn } from 'node:child_process';

const [deathSignal, file = '', ...args] = process.argv.slice(2);
const child = spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit'] });

child.once('spawn', () => process.send?.(child.pid));
child.once('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(127);
});
child.once('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));

/** @type {readonly NodeJS.Signals[]} */
const signals = ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGKILL'];
process.once('disconnect', () => child.kill(signals.find((signal) => signal === deathSignal)));
for (const signal of signals.filter((name) => name !== 'SIGKILL')) process.on(signal, () => child.kill(signal));
