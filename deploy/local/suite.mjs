/** The running suite: starts its processes in order, ends them in order. */
import { join } from 'node:path';
import { LaunchError } from './launch-error.mjs';
import { Supervised } from './supervised.mjs';

/** Who ends together: first those who take requests, then workers, then who decides and judges, then who keeps the books. */
const STOP_ORDER = [
  ['ingress'],
  ['provider-ollama', 'provider-cloud'],
  ['router', 'health'],
  ['accounting'],
  ['nats', 'postgres'],
];

/** A start that takes longer than this says what it waits for, again and again. */
const TELL_WAITING_MS = 10_000;

export class Suite {
  /**
   * @param {string} dataDir
   * @param {import('./log.mjs').Log} log
   */
  constructor(dataDir, log) {
    this.dataDir = dataDir;
    this.log = log;
    /** @type {Supervised[]} */
    this.processes = [];
    this.isStopping = false;
  }

  /**
   * Starts processes together; resolves once all are ready.
   * @param {readonly import('./supervised.mjs').Spec[]} specs
   * @returns {Promise<void>} throws LaunchError with the last lines of the one that does not come up
   */
  async start(specs) {
    if (this.isStopping) return;
    const begun = specs.map((spec) => new Supervised(spec, join(this.dataDir, 'run', `${spec.name}.pid`), this.log));
    this.processes.push(...begun);
    const since = performance.now();
    const waiting = setInterval(() => this.tellWhoIsMissing(begun, performance.now() - since), TELL_WAITING_MS);
    try {
      await Promise.all(begun.map((process) => process.start()));
    } catch (error) {
      throw new LaunchError(error instanceof Error ? error.message : String(error));
    } finally {
      clearInterval(waiting);
    }
  }

  /**
   * @param {readonly Supervised[]} begun
   * @param {number} sinceMs
   */
  tellWhoIsMissing(begun, sinceMs) {
    const names = begun.filter((one) => !one.wasReady).map((one) => one.name);
    this.log.say(`still waiting for ${names.join(', ')} (${String(Math.round(sinceMs / 1_000))} s)`);
  }

  /** Drains and ends everything, in order. */
  async stop() {
    this.isStopping = true;
    for (const group of STOP_ORDER) {
      await Promise.all(this.processes.filter((one) => group.includes(one.name)).map((one) => one.stop()));
    }
  }

  /** Ends everything at once, and resolves when it is gone. */
  async kill() {
    this.isStopping = true;
    for (const one of this.processes) one.kill();
    await Promise.all(this.processes.map((one) => one.ended));
  }
}
