/** How the launcher ends: on a signal, on a failure, or because npm, which started it, was killed. */
import { readFileSync } from 'node:fs';
import { stopCommands } from './command.mjs';

/** Ctrl-C comes twice under npm, from the terminal and from npm: within this time it is one. */
const SAME_SIGNAL_MS = 150;
const PARENT_CHECK_MS = 500;

export class Shutdown {
  /** @param {import('./log.mjs').Log} log */
  constructor(log) {
    this.log = log;
    /** @type {import('./suite.mjs').Suite | undefined} */
    this.suite = undefined;
    this.release = () => {};
    this.askedAt = -Infinity;
    this.isAsked = false;
  }

  /** From now on signals end the suite cleanly. */
  watch() {
    /** @type {NodeJS.Signals[]} */
    const signals = isHangupIgnored() ? ['SIGTERM', 'SIGINT'] : ['SIGTERM', 'SIGINT', 'SIGHUP'];
    for (const signal of signals) process.on(signal, () => this.ask(signal));
    // Whoever read our output may be gone; that is no reason to fall over.
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
    if (process.env.npm_lifecycle_event === undefined) return;
    const parent = process.ppid;
    setInterval(() => {
      if (process.ppid !== parent && !this.isAsked) this.ask('npm is gone');
    }, PARENT_CHECK_MS).unref();
  }

  /** @param {string} why */
  ask(why) {
    const sinceMs = performance.now() - this.askedAt;
    if (sinceMs < SAME_SIGNAL_MS) return;
    this.askedAt = performance.now();
    const isFirst = !this.isAsked;
    this.isAsked = true;
    this.log.say(isFirst ? `${why}: stopping; once more to stop at once` : `${why} again: stopping at once`);
    stopCommands();
    void (isFirst ? this.suite?.stop() : this.suite?.kill())?.then(() => this.exit(0));
    if (this.suite === undefined) this.exit(0);
  }

  /**
   * Ends everything and exits.
   * @param {number} code
   */
  async fail(code) {
    if (this.isAsked) return;
    stopCommands();
    await this.suite?.stop();
    this.exit(code);
  }

  /** @param {number} code */
  exit(code) {
    this.release();
    process.exit(code);
  }
}

/** Under nohup a closed terminal must not stop us, and a handler of ours would undo that. */
function isHangupIgnored() {
  try {
    const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
    return (BigInt(`0x${mask}`) & 1n) === 1n;
  } catch {
    return false;
  }
}
