/** One installation or build at a time in a checkout, also when several suites start at once. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { isOneOfOurs, pidIn } from './data-dir.mjs';

/**
 * @template T
 * @param {string} file
 * @param {() => void} onWait called once if somebody else holds the lock
 * @param {() => Promise<T>} work
 * @returns {Promise<T>} what the work gives
 */
export async function withLock(file, onWait, work) {
  mkdirSync(dirname(file), { recursive: true });
  for (let isFirst = true; !taken(file); isFirst = false) {
    if (!isOneOfOurs(pidIn(file))) rmSync(file, { force: true });
    else if (isFirst) onWait();
    await wait(100);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/** @param {string} file */
function taken(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
}
