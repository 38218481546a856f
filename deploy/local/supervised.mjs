/** One process that is kept running: started, watched, started again with backoff, and ended. */
import { rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { startTethered } from './tether.mjs';

/**
 * @typedef {{
 *   name: string,
 *   program: () => Promise<import('./tether.mjs').Program>,
 *   isReady: (pid: number) => Promise<boolean>,
 *   stopSignal: NodeJS.Signals,
 *   stopWithinMs: number,
 *   hardSignal?: NodeJS.Signals,
 * }} Spec
 *   program: asked at each start, so that ports can be chosen anew; hardSignal: instead of SIGKILL
 */

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 10_000;
/** Who ran this long was well: the next restart waits the shortest time again. */
const WELL_AFTER_MS = 20_000;
/** Restarts before the first readiness after which there is no point in going on. */
const START_ATTEMPTS = 4;

export class Supervised {
  /**
   * @param {Spec} spec
   * @param {string} pidFile
   * @param {import('./log.mjs').Log} log
   */
  constructor(spec, pidFile, log) {
    this.spec = spec;
    this.pidFile = pidFile;
    this.log = log;
    this.isStopping = false;
    this.wasReady = false;
    this.failures = 0;
    /** @type {number | undefined} */
    this.pid = undefined;
    /** @type {Promise<void>} */
    this.ended = Promise.resolve();
    this.halt = new AbortController();
  }

  get name() {
    return this.spec.name;
  }

  /**
   * Starts it and resolves once it is ready.
   * @returns {Promise<void>} rejects if it ends again and again before that
   */
  async start() {
    /** @type {Promise<never>} */
    const hopeless = new Promise((_resolve, reject) => {
      this.giveUp = reject;
    });
    this.ended = this.keepRunning();
    await Promise.race([this.becomeReady(), hopeless]);
    this.wasReady = true;
  }

  async keepRunning() {
    while (!this.isStopping) {
      const startedAt = performance.now();
      const how = await this.runOnce().catch((error) => String(error));
      if (this.isStopping) return;
      const isWell = performance.now() - startedAt > WELL_AFTER_MS;
      this.failures = isWell ? 1 : this.failures + 1;
      if (!this.wasReady && this.failures >= START_ATTEMPTS) {
        this.giveUp?.(new Error(`${this.name} does not start (${how}):\n${this.log.lastLines(this.name)}`));
        return;
      }
      const pauseMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.failures - 1));
      this.log.say(`${this.name} ended (${how}); starting it again in ${String(pauseMs)} ms`);
      await wait(pauseMs, undefined, { signal: this.halt.signal }).catch(() => undefined);
    }
  }

  /** @returns {Promise<string>} how it ended */
  async runOnce() {
    const program = await this.spec.program();
    if (this.isStopping) return 'stopped';
    const { process: child, pid } = startTethered(program);
    /** @type {Promise<string>} */
    const exit = new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(signal ?? `exit code ${String(code)}`));
    });
    for (const stream of [child.stdout, child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', (line) => this.log.line(this.name, line));
    }
    const own = await pid.catch(() => undefined);
    if (own !== undefined) {
      this.pid = own;
      writeFileSync(this.pidFile, `${String(own)}\n`);
      if (this.isStopping) this.signal(this.spec.stopSignal);
    }
    const how = await exit;
    // Where a guardian stands between, its charge may outlive it.
    if (own !== undefined && own !== child.pid) this.signal('SIGKILL');
    this.pid = undefined;
    rmSync(this.pidFile, { force: true });
    return how;
  }

  async becomeReady() {
    while (!this.isStopping) {
      if (this.pid !== undefined && (await this.spec.isReady(this.pid).catch(() => false))) return;
      await wait(50, undefined, { signal: this.halt.signal }).catch(() => undefined);
    }
  }

  /** @param {NodeJS.Signals} signal */
  signal(signal) {
    if (this.pid === undefined) return;
    try {
      process.kill(this.pid, signal);
    } catch {
      // It has just ended by itself.
    }
  }

  /** Asks it to end, and makes it after `stopWithinMs`. Resolves when it is gone. */
  async stop() {
    this.isStopping = true;
    this.halt.abort();
    this.signal('SIGCONT');
    this.signal(this.spec.stopSignal);
    const late = setTimeout(() => {
      this.log.say(`${this.name} does not end; killing it`);
      this.signal('SIGKILL');
    }, this.spec.stopWithinMs);
    await this.ended;
    clearTimeout(late);
  }

  /** Ends it at once. */
  kill() {
    this.isStopping = true;
    this.halt.abort();
    this.signal(this.spec.hardSignal ?? 'SIGKILL');
  }
}
