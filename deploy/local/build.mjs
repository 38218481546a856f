/** Builds what changed: the services (nest build) and the console (vite build), each when its sources differ from the last time. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runCommand } from './command.mjs';
import { withLock } from './lock.mjs';

/**
 * @typedef {{ title: string, stamp: string, inputs: string[], needs: string, script: string, args: string[] }} Part
 *   inputs: paths in the repository, what stands after `/!` left out; needs: nothing to build without this file;
 *   script: a program under node_modules
 */

/** @type {readonly Part[]} */
const parts = [
  {
    title: 'building the services',
    stamp: 'dist/.services-stamp',
    inputs: [
      'apps/!console',
      'libs',
      'tsconfig.json',
      'tsconfig.build.json',
      'nest-cli.json',
      'package.json',
      'package-lock.json',
    ],
    needs: 'nest-cli.json',
    script: '@nestjs/cli/bin/nest.js',
    args: ['build'],
  },
  {
    title: 'building the console',
    stamp: 'dist/.console-stamp',
    inputs: ['apps/console', 'package-lock.json'],
    needs: 'apps/console/index.html',
    script: 'vite/bin/vite.js',
    args: ['build', 'apps/console', '--logLevel', 'warn'],
  },
];

/**
 * @param {string} root
 * @param {import('./runtime.mjs').Runtime} runtime
 * @param {(line: string) => void} tell
 */
export async function ensureBuilt(root, runtime, tell) {
  const wanted = () => parts.filter((part) => existsSync(join(root, part.needs)) && isStale(root, part));
  if (wanted().length === 0) return;
  await withLock(
    join(root, '.runtime', 'build.lock'),
    () => tell('waiting for another build'),
    async () => {
      for (const part of wanted()) {
        tell(part.title);
        const stamp = join(root, part.stamp);
        const digest = digestOf(root, part.inputs);
        rmSync(stamp, { force: true });
        const script = join(root, 'node_modules', part.script);
        await runCommand(part.title, runtime.node, [script, ...part.args], {
          cwd: root,
          env: runtime.env,
          isQuiet: true,
        });
        mkdirSync(dirname(stamp), { recursive: true });
        writeFileSync(stamp, digest);
      }
    },
  );
}

/**
 * Whether what was built here comes from other sources than those that lie here now, as after a `git pull`. False where
 * somebody else built it (an image, `nest build` by hand): nothing tells from what.
 * @param {string} root
 * @returns {boolean}
 */
export function isOutdated(root) {
  const built = parts.filter((part) => existsSync(join(root, part.needs)) && existsSync(join(root, part.stamp)));
  return built.some((part) => isStale(root, part));
}

/**
 * @param {string} root
 * @param {Part} part
 */
function isStale(root, part) {
  const stamp = join(root, part.stamp);
  return !existsSync(stamp) || readFileSync(stamp, 'utf8') !== digestOf(root, part.inputs);
}

/**
 * A digest of names and contents: times of files say nothing after a checkout.
 * @param {string} root
 * @param {readonly string[]} inputs
 */
function digestOf(root, inputs) {
  const hash = createHash('sha256');
  for (const input of inputs) {
    const [path = '', left] = input.split('/!');
    for (const file of filesUnder(root, path, left)) hash.update(`${file}\0`).update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

/**
 * @param {string} root
 * @param {string} path
 * @param {string | undefined} left a folder that is left out
 * @returns {string[]} sorted; tests do not count
 */
function filesUnder(root, path, left) {
  const place = join(root, path);
  if (!existsSync(place)) return [];
  let entries;
  try {
    entries = readdirSync(place, { withFileTypes: true });
  } catch {
    return [path];
  }
  return entries
    .filter((entry) => entry.name !== left && entry.name !== 'node_modules' && !/\.spec\.tsx?$/.test(entry.name))
    .flatMap((entry) =>
      entry.isDirectory() ? filesUnder(root, join(path, entry.name), undefined) : [join(path, entry.name)],
    )
    .sort();
}
