/** The command line of `npm start`. */

/**
 * @typedef {{ config: string | undefined, port: number, host: string | undefined, dataDir: string,
 *   corsOrigins: string | undefined, ui: boolean, debug: boolean, help: boolean, notes: string[] }} Options
 */

export const USAGE = `npm start -- [--config FILE] [--port N] [--host ADDR] [--data-dir DIR] [--cors-origins LIST] [--ui] [--debug]

  --config FILE         LiteLLM's config format; without it ./config.yaml, or none
  --port N              4000 without it
  --host ADDR           0.0.0.0 with a master key, 127.0.0.1 without one
  --data-dir DIR        ./data without it
  --cors-origins LIST   origins that browsers may call from, separated by commas
  --ui                  print the address of the console
  --debug               debug logs, without prompts`;

/** The command line is not usable: one line, exit code 2. */
export class UsageError extends Error {}

const withValue = new Set(['config', 'port', 'host', 'data-dir', 'cors-origins', 'num-workers']);
const withoutValue = new Set(['ui', 'debug', 'detailed-debug', 'help']);
/** @type {Readonly<Record<string, string>>} */
const short = { '-c': '--config', '-h': '--help' };

/**
 * Reads the arguments; LiteLLM's spelling with underscores is understood.
 * @param {readonly string[]} argv
 * @returns {Options} throws UsageError for what is not known or not usable
 */
export function parseArguments(argv) {
  /** @type {Map<string, string>} */
  const given = new Map();
  const rest = [...argv];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const [flag = '', inline] = splitAtEquals(short[word] ?? word);
    const name = flag.startsWith('--') ? flag.slice(2).replaceAll('_', '-') : '';
    if (withoutValue.has(name) && inline === undefined) given.set(name, 'yes');
    else if (withValue.has(name)) given.set(name, valueOf(flag, inline ?? rest.shift()));
    else throw new UsageError(`unknown argument ${word}; \`npm start -- --help\` lists what there is`);
  }
  return {
    config: given.get('config'),
    port: portOf(given.get('port') ?? '4000'),
    host: given.get('host'),
    dataDir: given.get('data-dir') ?? './data',
    corsOrigins: originsOf(given.get('cors-origins')),
    ui: given.has('ui'),
    debug: given.has('debug') || given.has('detailed-debug'),
    help: given.has('help'),
    notes: notesOn(given),
  };
}

/** @param {string} word */
function splitAtEquals(word) {
  const at = word.indexOf('=');
  return word.startsWith('--') && at > 0 ? [word.slice(0, at), word.slice(at + 1)] : [word];
}

/**
 * @param {string} flag
 * @param {string | undefined} value
 */
function valueOf(flag, value) {
  if (value === undefined || value === '' || value.startsWith('--')) throw new UsageError(`${flag} needs a value`);
  return value;
}

/** @param {string} text */
function portOf(text) {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new UsageError(`--port needs a number from 0 (any free port) to 65535, not ${JSON.stringify(text)}`);
}

/** @param {string | undefined} list */
function originsOf(list) {
  const origins = list?.split(',').map((origin) => origin.trim()) ?? [];
  for (const origin of origins) {
    if (origin === '*' || /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@]+\/*$/i.test(origin)) continue;
    throw new UsageError(
      `--cors-origins needs origins as browsers write them, such as https://chat.example, not ${JSON.stringify(origin)}`,
    );
  }
  return list;
}

/** @param {ReadonlyMap<string, string>} given */
function notesOn(given) {
  const notes = [];
  if (given.has('num-workers')) {
    notes.push('--num_workers has no effect here: one ingress uses one core; run more replicas of it instead.');
  }
  if (given.has('detailed-debug')) {
    notes.push('--detailed_debug means --debug here: debug logs of all services, never with prompts.');
  }
  return notes;
}
