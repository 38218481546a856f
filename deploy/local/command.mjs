/** Runs a command of the installation or the build, with its output where a person can see it. */
import { spawn } from 'node:child_process';
import { LaunchError } from './launch-error.mjs';

/** Characters of output that are kept for the message of a failure. */
const OUTPUT_LIMIT = 16_000;

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

/** Ends the command that runs, if any: somebody wants the launcher to stop. */
export function stopCommands() {
  for (const child of running) child.kill('SIGTERM');
}

/**
 * @param {string} title what is done, for messages
 * @param {string} file
 * @param {readonly string[]} args
 * @param {{ cwd: string, env?: NodeJS.ProcessEnv, isQuiet?: boolean }} options isQuiet: show its output only if it fails
 * @returns {Promise<void>} throws LaunchError with the last lines of output
 */
export function runCommand(title, file, args, { cwd, env = process.env, isQuiet = false }) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (/** @type {Buffer} */ chunk) => {
        output = (output + chunk.toString('utf8')).slice(-OUTPUT_LIMIT);
        if (!isQuiet) process.stderr.write(chunk);
      });
    }
    child.once('error', (error) => reject(new LaunchError(`${title} failed: ${error.message}`)));
    child.once('close', (code, signal) => {
      running.delete(child);
      if (code === 0) resolve();
      else
        reject(
          new LaunchError(
            `${title} failed (${signal ?? `exit code ${String(code)}`})${isQuiet ? `:\n${output.trim()}` : '.'}`,
          ),
        );
    });
  });
}
