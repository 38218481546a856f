/** What starting a service leaves behind: compiled code to keep, and a third of its memory as garbage that nothing would collect for hours. */
import { flushCompileCache } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Collects garbage once, some tens of milliseconds long: to be called before the first request is taken. */
export function collectBootGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  if (typeof collect === 'function') collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

/** Writes the compiled code for the next start now; Node itself does it at the exit, which then takes seconds on a busy machine. */
export function keepCompiledCode(): void {
  flushCompileCache();
}
