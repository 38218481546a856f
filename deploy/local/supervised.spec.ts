/** Processes are kept running, given up on, ended and never left behind; with real processes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Log } from './log.mjs';
import { Supervised } from './supervised.mjs';
import { startTethered, type Program } from './tether.mjs';

let folder: string;
let pidFile: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-supervised-'));
  pidFile = join(folder, 'one.pid');
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

const node = (script: string, guardian = false): Program => ({
  file: process.execPath,
  args: ['-e', script],
  env: { PATH: process.env['PATH'] },
  deathSignal: 'SIGKILL',
  guardian,
});

function supervised(script: string, more: object = {}): Supervised {
  const ready = join(folder, 'ready');
  return new Supervised(
    {
      name: 'one',
      program: () => Promise.resolve(node(`require('fs').writeFileSync(${JSON.stringify(ready)}, ''); ${script}`)),
      isReady: () => Promise.resolve(existsSync(ready)),
      stopSignal: 'SIGTERM',
      stopWithinMs: 5_000,
      ...more,
    },
    pidFile,
    new Log({ format: 'json', isVerbose: false, hasColours: false }),
  );
}

const forever = 'setInterval(() => {}, 1000);';
const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

test('starts, writes its pid, comes back when killed, and ends when told', async () => {
  const one = supervised(forever);
  await one.start();
  const first = one.pid ?? 0;
  expect(readFileSync(pidFile, 'utf8').trim()).toBe(String(first));
  process.kill(first, 'SIGKILL');
  await expect.poll(() => one.pid !== undefined && one.pid !== first).toBe(true);
  await expect.poll(() => readFileSync(pidFile, 'utf8').trim()).toBe(String(one.pid));
  await one.stop();
  expect(existsSync(pidFile)).toBe(false);
});

test('one that never gets ready because it always ends is given up on, with its last words', async () => {
  const one = supervised('console.error("no such table"); process.exit(3);', { isReady: () => Promise.resolve(false) });
  await expect(one.start()).rejects.toThrow(/one does not start \(exit code 3\):\n.*no such table/s);
});

test('a program that is not there is given up on too', async () => {
  const program = { ...node(''), file: '/no/such/program' };
  const one = supervised('', { program: () => Promise.resolve(program), isReady: () => Promise.resolve(false) });
  await expect(one.start()).rejects.toThrow('one does not start');
});

test('one that does not want to end is made to, also when it is stopped by a signal', async () => {
  const deaf = supervised(`process.on('SIGTERM', () => {}); ${forever}`, { stopWithinMs: 100 });
  await deaf.start();
  const pid = deaf.pid ?? 0;
  await deaf.stop();
  expect(isAlive(pid)).toBe(false);
  const frozen = supervised(forever);
  await frozen.start();
  process.kill(frozen.pid ?? 0, 'SIGSTOP');
  await frozen.stop();
});

test.each([false, true])('dies with the process that started it, killed with -9 (guardian: %s)', async (guardian) => {
  const tether = JSON.stringify(new URL('tether.mjs', import.meta.url).href);
  const program = JSON.stringify({ ...node(forever, guardian), deathSignal: guardian ? 'SIGTERM' : 'SIGKILL' });
  const script = `import(${tether}).then(async ({ startTethered }) => {
    console.log(await startTethered(${program}).pid);
    setInterval(() => {}, 1000);
  })`;
  const launcher = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface({ input: launcher.stdout }), 'line');
  const pid = Number(line);
  expect(isAlive(pid)).toBe(true);
  launcher.kill('SIGKILL');
  await expect.poll(() => isAlive(pid), { timeout: 5_000 }).toBe(false);
});

test('a guardian reports the pid of its charge and ends with it', async () => {
  const { process: guardian, pid } = startTethered(node(forever, true));
  const own = await pid;
  expect(own).not.toBe(guardian.pid);
  const ended = once(guardian, 'exit');
  process.kill(own, 'SIGKILL');
  await ended;
});
