/** Decisions of the launcher that need no process: versions, addresses, what is installed, who holds a data directory. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isOutdated } from './build.mjs';
import { hostToListenOn, whatIsServed } from './config-facts.mjs';
import { claimDataDir, secretOf } from './data-dir.mjs';
import { isInstalled } from './install.mjs';
import { isAtLeast } from './nats-binary.mjs';
import { natsConfiguration, natsProcessors } from './nats.mjs';
import { clearStalePid } from './postgres.mjs';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-launch-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ['2.10.23', true],
  ['2.10.27', true],
  ['2.11.0', true],
  ['3.0.0', true],
  ['2.10.22', false],
  ['2.9.99', false],
  ['2.2.100', false],
])('nats-server %s is new enough: %s', (version, isEnough) => {
  expect(isAtLeast(version, '2.10.23')).toBe(isEnough);
});

describe('NATS', () => {
  test('only the cloud worker is kept from local prompts', () => {
    const users = { ingress: 'a', 'provider-cloud': 'b' };
    const lines = natsConfiguration({ port: 1, store: '/s', users, syncAlways: true }).split('\n');
    expect(lines.filter((line) => line.includes('deny'))).toEqual([expect.stringContaining('"provider-cloud"')]);
    expect(lines).toContainEqual(expect.stringContaining('sync_interval: always'));
  });

  test('listens on loopback only', () => {
    expect(natsConfiguration({ port: 4222, store: '/s', syncAlways: false })).toContain('listen: "127.0.0.1:4222"');
  });

  test.each([
    [1, undefined, '1'],
    [2, undefined, '1'],
    [5, undefined, '2'],
    [16, undefined, '8'],
    [16, '3', '3'],
  ])('may use half of %i cores, where nobody says %s', (cores, asked, processors) => {
    expect(natsProcessors(cores, asked)).toBe(processors);
  });
});

describe('the address', () => {
  test.each([
    [undefined, true, {}, '0.0.0.0'],
    [undefined, false, {}, '127.0.0.1'],
    ['192.168.1.5', true, {}, '192.168.1.5'],
    ['localhost', false, {}, 'localhost'],
    ['::1', false, {}, '::1'],
    ['0.0.0.0', false, { SIGNALBOX_ALLOW_ANONYMOUS: '1' }, '0.0.0.0'],
  ])('%s with master key %s and %j is %s', (asked, hasMasterKey, env, host) => {
    expect(hostToListenOn(asked, hasMasterKey, env)).toBe(host);
  });

  test.each(['0.0.0.0', '192.168.1.5', '::'])('%s without a master key is refused', (asked) => {
    expect(() => hostToListenOn(asked, false, {})).toThrow('SIGNALBOX_ALLOW_ANONYMOUS=1');
  });
});

describe('dependencies', () => {
  const write = (file: string, packages: object) => writeFileSync(join(folder, file), JSON.stringify({ packages }));
  const locked = {
    '': { name: 'x' },
    'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
    'node_modules/mac': { version: '1.0.0', integrity: 'sha512-m', optional: true },
  };
  const withHidden = (packages: object) => {
    mkdirSync(join(folder, 'node_modules'), { recursive: true });
    write('package-lock.json', locked);
    write('node_modules/.package-lock.json', packages);
  };

  test('none, or only half installed', () => {
    write('package-lock.json', locked);
    expect(isInstalled(folder)).toBe(false);
  });

  test.each([
    ['as the lock file says, without what is for other systems', { 'node_modules/a': locked['node_modules/a'] }, true],
    ['another version', { 'node_modules/a': { version: '1.0.1', integrity: 'sha512-a' } }, false],
    ['other contents', { 'node_modules/a': { version: '1.0.0', integrity: 'sha512-b' } }, false],
    ['missing', {}, false],
  ])('%s', (_what, packages, isThere) => {
    withHidden(packages);
    expect(isInstalled(folder)).toBe(isThere);
  });

  test('of which the lock file knows the version alone', () => {
    withHidden({ 'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' } });
    write('package-lock.json', { 'node_modules/a': { version: '1.0.0' } });
    expect(isInstalled(folder)).toBe(true);
  });

  test('of all systems stand in the lock file: `npm ci` refuses one that leaves any out', () => {
    const file = readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8');
    const packages: Record<string, { optionalDependencies?: object }> = JSON.parse(file).packages;
    const named = Object.values(packages).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}));
    const known = new Set(Object.keys(packages).map((path) => path.slice(path.lastIndexOf('node_modules/') + 13)));
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });
});

describe('the data directory', () => {
  test('is held by one, and free again afterwards', () => {
    const release = claimDataDir(folder);
    expect(readFileSync(join(folder, 'run', 'launcher.pid'), 'utf8').trim()).toBe(String(process.pid));
    release();
    claimDataDir(folder)();
  });

  test.each([
    ['a dead launcher', '2147480000'],
    ['a number that now belongs to somebody else', '1'],
    ['half a file', ''],
  ])('the claim of %s is not in the way', (_what, text) => {
    mkdirSync(join(folder, 'run'));
    writeFileSync(join(folder, 'run', 'launcher.pid'), text);
    claimDataDir(folder)();
  });

  test('that cannot be made is one clear line', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => claimDataDir(join(folder, 'file', 'data'))).toThrow(/cannot be written \(ENOTDIR\).*--data-dir/);
  });

  test('keeps its secrets, readable by the owner only', () => {
    claimDataDir(folder)();
    const first = secretOf(folder, 'key-pepper');
    expect(first.length).toBeGreaterThan(40);
    expect(secretOf(folder, 'key-pepper')).toBe(first);
    expect(secretOf(folder, 'other')).not.toBe(first);
    expect(statSync(join(folder, 'secrets', 'key-pepper')).mode & 0o777).toBe(0o600);
  });

  test.each(['2147480000', '1'])('a postmaster.pid of process %s, which is no PostgreSQL, is cleared', (pid) => {
    writeFileSync(join(folder, 'postmaster.pid'), `${pid}\n/data\n`);
    expect(clearStalePid(folder)).toBeUndefined();
    expect(() => statSync(join(folder, 'postmaster.pid'))).toThrow('ENOENT');
  });
});

describe('what was built', () => {
  const write = (file: string, text: string) => {
    mkdirSync(join(folder, file, '..'), { recursive: true });
    writeFileSync(join(folder, file), text);
  };

  test('by somebody else is trusted; by the launcher from other sources is not', () => {
    write('nest-cli.json', '{}');
    write('libs/one.ts', 'export {};');
    expect(isOutdated(folder)).toBe(false);
    write('dist/.services-stamp', 'of other sources');
    expect(isOutdated(folder)).toBe(true);
  });
});

test.each([
  ['/etc/config.yaml', /^config: \/etc\/config.yaml \(models: 3, hosts and cloud accounts: 2\)$/],
  [undefined, /^no config file: the models of the Ollama at http:\/\/gpu:11434 are offered/],
])('%s: what will be served', (file, line) => {
  const facts = { problems: [], hasMasterKey: false, isVerbose: false, masterKeyName: null, databaseUrl: null };
  const rest = { databaseUrlName: null, secretNames: [], declaredKeyNames: [], variables: {}, models: 3, backends: 2 };
  const said = whatIsServed(file, { ...facts, ...rest }, { OLLAMA_HOST: 'http://gpu:11434' });
  expect(said).toMatch(line);
});
