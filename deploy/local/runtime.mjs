/** The Node.js that everything runs under: pinned, fetched through npm, checked by npm's integrity hash. */
import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { runCommand } from './command.mjs';
import { LaunchError } from './launch-error.mjs';

/**
 * @typedef {{ node: string, npm: string[], env: NodeJS.ProcessEnv }} Runtime
 *   node: the program; npm: program and first arguments; env: with this Node first on PATH
 */

/**
 * @param {string} root the repository; `.nvmrc` has the version
 * @param {(line: string) => void} tell
 * @returns {Promise<Runtime>}
 */
export async function ensureRuntime(root, tell) {
  const version = readFileSync(join(root, '.nvmrc'), 'utf8').trim();
  if (process.versions.node === version) return runtimeAt(process.execPath);
  const folder = join(root, '.runtime', `node-${version}`);
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const node = join(folder, 'node_modules', name, 'bin', 'node');
  if (!existsSync(node)) {
    tell(`fetching Node.js ${version}`);
    mkdirSync(folder, { recursive: true });
    // A package file of its own, or npm would look for one further up and install into the repository.
    writeFileSync(join(folder, 'package.json'), '{"private":true}\n');
    const [command, ...args] = npmCommand(process.execPath);
    const install = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-save', '--prefix', folder];
    await runCommand('fetching Node.js', command ?? 'npm', [...args, ...install, `${name}@${version}`], {
      cwd: folder,
      isQuiet: true,
    });
  }
  if (!existsSync(node))
    throw new LaunchError(
      `npm has no Node.js ${version} for ${process.platform}-${process.arch}: run this under Node.js ${version}.`,
    );
  return runtimeAt(node);
}

/**
 * @param {string} node
 * @returns {Runtime}
 */
function runtimeAt(node) {
  const path = [dirname(node), process.env.PATH ?? ''].join(delimiter);
  return { node, npm: npmCommand(node), env: { ...process.env, PATH: path } };
}

/**
 * npm as an argument of a chosen Node, because its own first line may name another.
 * @param {string} node
 * @returns {string[]}
 */
function npmCommand(node) {
  const fromNpm = process.env.npm_execpath;
  if (fromNpm?.endsWith('npm-cli.js') === true) return [node, fromNpm];
  for (const place of (process.env.PATH ?? '').split(delimiter)) {
    const found = join(place, 'npm');
    if (!existsSync(found)) continue;
    const script = realpathSync(found);
    return script.endsWith('.js') ? [node, script] : [found];
  }
  throw new LaunchError('npm is not on PATH.');
}
