/**
 * Finds a nats-server that is new enough, or fetches one: the package of Debian's next release, through the mirror that
 * apt is configured with, signature checked by apt, unpacked without root and without touching the system's apt state.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { LaunchError } from './launch-error.mjs';
import { withLock } from './lock.mjs';

const run = promisify(execFile);

/** `sync_interval: always` came with 2.10; 2.10.20 to 2.10.22 could lose a whole stream when killed. */
export const OLDEST_NATS = '2.10.23';
/** The first Debian release whose package is new enough (2.10.27). */
const DEBIAN_SUITE = 'trixie';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * Compares dotted versions.
 * @param {string} version
 * @param {string} oldest
 * @returns {boolean} true if `version` is `oldest` or newer
 */
export function isAtLeast(version, oldest) {
  const left = version.split('.').map(Number);
  const right = oldest.split('.').map(Number);
  for (let i = 0; i < right.length; i += 1) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/**
 * @param {string} file a program that may be nats-server
 * @returns {Promise<string | undefined>} its version, undefined if it does not run
 */
async function versionOf(file) {
  try {
    const { stdout, stderr } = await run(file, ['--version'], { timeout: 10_000 });
    return /v(\d+\.\d+\.\d+)/.exec(stdout + stderr)?.[1];
  } catch {
    return undefined;
  }
}

/**
 * @param {string} folder where fetched servers are kept, `.runtime`
 * @param {(line: string) => void} tell progress, for people
 * @returns {Promise<string>} the path of a usable nats-server; throws LaunchError with what to install otherwise
 */
export async function findNatsServer(folder, tell) {
  const onPath = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  const candidates = [...onPath.map((place) => join(place, 'nats-server')), '/usr/sbin/nats-server'];
  const target = join(folder, 'nats', 'nats-server');
  let tooOld;
  for (const candidate of new Set([...candidates, target])) {
    if (!existsSync(candidate)) continue;
    const version = await versionOf(candidate);
    if (version !== undefined && isAtLeast(version, OLDEST_NATS)) return candidate;
    tooOld ??= version === undefined ? undefined : `${candidate} is ${version}`;
  }
  const mirror = await debianMirror();
  if (mirror === undefined) {
    const found = tooOld === undefined ? '' : ` (${tooOld})`;
    throw new LaunchError(
      `nats-server ${OLDEST_NATS} or newer is needed${found}: install it from https://nats.io/download so that it is on PATH, or set NATS_URL.`,
    );
  }
  tell(`fetching nats-server from Debian ${DEBIAN_SUITE} (${mirror})`);
  const fetch = async () => (existsSync(target) ? undefined : fetchFromDebian(mirror, folder, target));
  await withLock(join(folder, 'nats.lock'), () => tell('waiting for another start to fetch it'), fetch);
  return target;
}

/**
 * The mirror that apt takes Debian's main archive from.
 * @returns {Promise<string | undefined>} undefined where this is not Debian
 */
async function debianMirror() {
  try {
    const { stdout } = await run('apt-get', [
      // Without this apt lists only what it has already downloaded, which is nothing in a fresh container.
      '-oAPT::Get::IndexTargets::ReleaseInfo=false',
      'indextargets',
      '--format=$(RELEASE) $(COMPONENT) $(REPO_URI)',
      'Created-By: Packages',
    ]);
    const codename = /^VERSION_CODENAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? '';
    const rows = stdout.split('\n').map((line) => line.split(' '));
    const wanted = new Set([codename, 'stable', 'oldstable', DEBIAN_SUITE]);
    return rows.find(([release, part]) => wanted.has(release ?? '') && part === 'main')?.[2];
  } catch {
    return undefined;
  }
}

/**
 * @param {string} mirror
 * @param {string} folder
 * @param {string} target
 */
async function fetchFromDebian(mirror, folder, target) {
  const work = resolve(folder, 'nats-fetch');
  rmSync(work, { recursive: true, force: true });
  try {
    for (const part of ['lists/partial', 'archives/partial', 'etc', 'out']) {
      mkdirSync(join(work, part), { recursive: true });
    }
    const signedBy = existsSync(KEYRING) ? ` [signed-by=${KEYRING}]` : '';
    writeFileSync(join(work, 'etc', 'sources.list'), `deb${signedBy} ${mirror} ${DEBIAN_SUITE} main\n`);
    writeFileSync(join(work, 'apt.conf'), aptConfiguration(work));
    const apt = ['-c', join(work, 'apt.conf')];
    await run('apt-get', [...apt, 'update', '-q'], { timeout: 300_000, maxBuffer: 1 << 24 });
    await run('apt-get', [...apt, 'download', '-q', 'nats-server'], { cwd: work, timeout: 300_000 });
    const file = readdirSync(work).find((name) => name.endsWith('.deb'));
    if (file === undefined) throw new Error('apt-get download left no package');
    await run('dpkg-deb', ['-x', join(work, file), join(work, 'out')]);
    const unpacked = ['usr/sbin/nats-server', 'usr/bin/nats-server']
      .map((name) => join(work, 'out', name))
      .find((name) => existsSync(name));
    if (unpacked === undefined) throw new Error('the package holds no nats-server');
    mkdirSync(join(folder, 'nats'), { recursive: true });
    renameSync(unpacked, target);
  } catch (error) {
    const text =
      error instanceof Error
        ? (error.message.split('\n').find((line) => /^[EW]:/.test(line)) ?? error.message)
        : String(error);
    throw new LaunchError(
      `nats-server ${OLDEST_NATS} or newer is needed and could not be fetched from ${mirror} (${text.trim()}): install it so that it is on PATH, or set NATS_URL.`,
    );
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * Read by apt after the system's own configuration, so that its proxy and certificate settings stay in force, but its
 * state, caches and hooks (which need root) do not.
 * @param {string} work
 */
function aptConfiguration(work) {
  return [
    `Dir::State::lists "${work}/lists";`,
    `Dir::Cache "${work}";`,
    `Dir::Cache::archives "${work}/archives";`,
    `Dir::Etc::sourcelist "${work}/etc/sources.list";`,
    'Dir::Etc::sourceparts "/dev/null";',
    'APT::Sandbox::User "";',
    // A signature that does not fit is an error, not a warning beside old lists.
    'APT::Update::Error-Mode "any";',
    'Acquire::Languages "none";',
    'Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";',
    'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";',
    '#clear APT::Update::Post-Invoke;',
    '#clear APT::Update::Post-Invoke-Success;',
    '',
  ].join('\n');
}
