import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Log } from './log.mjs';

const piped = { format: 'json', isVerbose: false, hasColours: false } as const;

let folder: string;
let shown: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-log-'));
  shown = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => shown.push(String(text)) > 0);
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

const record = JSON.stringify({
  level: 'warn',
  time: '2026-11-21T06:08:08.208Z',
  service: 'router',
  msg: 'slow',
  ms: 7,
});

test('in a pipe: JSON as it is, other lines with the name in front', () => {
  const log = new Log(piped);
  log.line('router', record);
  log.line('postgres', 'ERROR:  no');
  log.say('hello');
  expect(shown).toEqual([`${record}\n`, 'postgres: ERROR:  no\n', 'signalbox: hello\n']);
});

test('a service does not repeat what the launcher said of the config, and does say what is new', () => {
  const log = new Log(piped);
  const line = (msg: string) => JSON.stringify({ level: 'warn', service: 'router', msg });
  log.keepIn(folder);
  log.say('config.yaml:3 is odd');
  log.line('router', line('config.yaml:3 is odd'));
  log.line('router', line('config.yaml:4 is odd'));
  expect(shown).toEqual(['signalbox: config.yaml:3 is odd\n', `${line('config.yaml:4 is odd')}\n`]);
  expect(readFileSync(join(folder, 'router.log'), 'utf8')).toContain('config.yaml:3 is odd');
});

test("the servers' chatter goes to their files only, their warnings everywhere", () => {
  const log = new Log(piped);
  log.keepIn(folder);
  log.line('nats', '[1] 2026/11/21 [INF] Server is ready');
  log.line('nats', '[1] 2026/11/21 [WRN] slow consumer');
  log.line('postgres', 'LOG:  checkpoint complete');
  expect(shown).toEqual(['nats: [1] 2026/11/21 [WRN] slow consumer\n']);
  expect(readFileSync(join(folder, 'nats.log'), 'utf8').split('\n')).toHaveLength(3);
  log.showEverything();
  log.line('postgres', 'LOG:  checkpoint complete');
  expect(shown).toHaveLength(2);
});

test('a log file that is full makes room, and one older is kept', () => {
  const first = new Log(piped);
  first.keepIn(folder);
  first.line('router', 'old');
  truncateSync(join(folder, 'router.log'), 33 * 1024 * 1024);
  const log = new Log(piped);
  log.keepIn(folder);
  log.line('router', 'new');
  expect(readdirSync(folder).toSorted()).toEqual(['router.log', 'router.log.1']);
  expect(readFileSync(join(folder, 'router.log'), 'utf8')).toBe('new\n');
  expect(statSync(join(folder, 'router.log.1')).size).toBeGreaterThan(32 * 1024 * 1024);
});

test('a disk that is full does not stop anything', () => {
  const log = new Log(piped);
  log.keepIn(folder);
  rmSync(folder, { recursive: true });
  log.line('router', 'one');
  log.line('router', 'two');
  expect(shown.filter((text) => text.includes('no more log files'))).toHaveLength(1);
  expect(shown).toContain('router: two\n');
});
