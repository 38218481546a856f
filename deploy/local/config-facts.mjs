/** What the launcher must know of the config file before it starts anything: whether it is usable, and who may listen where. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { LaunchError } from './launch-error.mjs';

const READER = fileURLToPath(new URL('read-config.mjs', import.meta.url));

/**
 * @typedef {{
 *   problems: { severity: string, text: string }[], hasMasterKey: boolean, isVerbose: boolean, masterKeyName: string | null,
 *   databaseUrl: string | null, databaseUrlName: string | null, secretNames: string[], declaredKeyNames: string[],
 *   variables: Record<string, string>, models: number, backends: number,
 * }} ConfigFacts
 *   databaseUrl: the file's own; secretNames: variables that it takes upstream keys from; declaredKeyNames: those of its
 *   virtual keys; variables: its `environment_variables`, without secrets
 */

/**
 * The config file that is meant: the one that was asked for, else `config.yaml` where there is one.
 * @param {string | undefined} asked
 * @returns {string | undefined} absolute; throws LaunchError if the one that was asked for is not there
 */
export function configFile(asked) {
  // npm runs scripts in the repository; people mean the folder they typed the command in.
  const places = [process.env.INIT_CWD, process.cwd()].filter((place) => place !== undefined);
  const found = places.map((place) => resolve(place, asked ?? 'config.yaml')).find((file) => existsSync(file));
  if (found === undefined && asked !== undefined)
    throw new LaunchError(`the config file ${resolve(places[0] ?? '.', asked)} does not exist.`);
  return found;
}

/**
 * Checks the file with the services' own reader, under their own runtime.
 * @param {string} node
 * @param {string | undefined} file
 * @returns {Promise<ConfigFacts>}
 */
export async function readConfigFacts(node, file) {
  const reading = promisify(execFile)(node, [READER, ...(file === undefined ? [] : [file])], { maxBuffer: 1 << 24 });
  const { stdout } = await reading.catch((error) => {
    throw new LaunchError(`the config file cannot be checked: ${String(error.stderr ?? error.message).trim()}`);
  });
  return JSON.parse(stdout);
}

/**
 * What will be offered, in one line for the person who started it.
 * @param {string | undefined} file
 * @param {ConfigFacts} facts
 * @param {NodeJS.ProcessEnv} env
 */
export function whatIsServed(file, { models, backends }, env) {
  if (file === undefined) {
    return `no config file: the models of the Ollama at ${env.OLLAMA_HOST ?? 'http://127.0.0.1:11434'} are offered under their own names.`;
  }
  return `config: ${file} (models: ${String(models)}, hosts and cloud accounts: ${String(backends)})`;
}

/**
 * The address to listen on.
 * @param {string | undefined} asked
 * @param {boolean} hasMasterKey
 * @param {NodeJS.ProcessEnv} env
 * @returns {string} throws LaunchError for an open gateway on an address that others can reach
 */
export function hostToListenOn(asked, hasMasterKey, env) {
  if (hasMasterKey) return asked ?? '0.0.0.0';
  const host = asked ?? '127.0.0.1';
  const isLoopback = host === 'localhost' || host === '::1' || host.startsWith('127.');
  if (isLoopback || env.SIGNALBOX_ALLOW_ANONYMOUS === '1') return host;
  throw new LaunchError(
    `without general_settings.master_key anyone who reaches ${host} could use the gateway: set a master key, leave out --host, or set SIGNALBOX_ALLOW_ANONYMOUS=1.`,
  );
}
