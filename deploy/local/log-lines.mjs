/** Which lines of the suite's processes people are shown, and how. Plain functions; the files under DATA_DIR/logs keep every line. */

const colours = [36, 33, 32, 35, 34, 96, 93, 92];
/** @type {Readonly<Record<string, { word: string, colour: number }>>} */
const loudLevels = {
  warn: { word: 'warning: ', colour: 33 },
  error: { word: 'error: ', colour: 31 },
  fatal: { word: 'error: ', colour: 31 },
};

/**
 * @typedef {'text' | 'json'} Format text: sentences for people; json: the services' own lines
 * @typedef {{ format: Format, isVerbose: boolean, hasColours: boolean }} Style isVerbose: every line, also of the servers
 */

/**
 * The format that SIGNALBOX_LOG_FORMAT asks for, else sentences on a terminal and JSON where a program reads.
 * @param {string | undefined} asked
 * @param {boolean | undefined} isTerminal
 * @returns {Format}
 */
export function formatOf(asked, isTerminal) {
  if (asked === 'text' || asked === 'json') return asked;
  return isTerminal ? 'text' : 'json';
}

/**
 * @param {string} name the process
 * @param {string} text one line of its output
 * @param {Style} style
 * @returns {string | undefined} what to show of it; undefined for what stays in its file
 */
export function shownLine(name, text, style) {
  if (!style.isVerbose && !isForPeople(name, text, style.format)) return undefined;
  if (style.format === 'json') return text.startsWith('{') ? text : `${name}: ${text}`;
  const record = recordOf(text);
  const prefix = painted(name.padEnd(15), colourOf(name), style.hasColours);
  return `${prefix} ${record === undefined ? text : sentence(record, style.hasColours)}`;
}

/**
 * The message of a line that came from a service, without the rest.
 * @param {string} text
 * @returns {string | undefined}
 */
export function messageOf(text) {
  const message = recordOf(text)?.msg;
  return typeof message === 'string' ? message : undefined;
}

/**
 * Warnings and errors, hosts that go and come, and for programs the line of each request. Told by the text, which the
 * logger always begins with the level: there is a line for every request, and parsing it would cost as much as writing it.
 * @param {string} name
 * @param {string} text
 * @param {Format} format
 */
function isForPeople(name, text, format) {
  const level = /^\{"level":"([a-z]+)"/.exec(text)?.[1];
  if (level === undefined) return !isChatter(name, text);
  if (Object.hasOwn(loudLevels, level) || text.includes('"event":"backend"')) return true;
  return format === 'json' && text.includes('"event":"request"');
}

/**
 * NATS and PostgreSQL tell at length how they start and stop; people need their warnings.
 * @param {string} name
 * @param {string} text
 */
function isChatter(name, text) {
  if (name === 'nats') return !/\[(WRN|ERR|FTL)\]/.test(text) || text.includes('Plaintext passwords');
  if (name !== 'postgres') return false;
  return !/\b(WARNING|ERROR|FATAL|PANIC): /.test(text) || text.endsWith('the database system is starting up');
}

/**
 * @param {Record<string, unknown>} record
 * @param {boolean} hasColours
 */
function sentence(record, hasColours) {
  const { level, time, msg, service: _service, pid: _pid, hostname: _hostname, event: _event, ...fields } = record;
  const loud = loudLevels[String(level)];
  const words = Object.entries(fields).flatMap(([key, value]) => (value === null ? [] : [`${key}=${plainly(value)}`]));
  const message = `${loud?.word ?? ''}${String(msg)}`;
  const said = loud === undefined ? message : painted(message, loud.colour, hasColours);
  return `${clockTime(time)} ${said}${words.length === 0 ? '' : ` ${painted(words.join(' '), 2, hasColours)}`}`;
}

/**
 * @param {unknown} time ISO
 * @returns {string} this machine's time of day
 */
function clockTime(time) {
  const at = new Date(String(time));
  if (Number.isNaN(at.getTime())) return '--:--:--';
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

/**
 * Words as they are, texts in quotes; of an error only what it says, its stack is in the file.
 * @param {unknown} value
 */
function plainly(value) {
  if (typeof value === 'string' && /^[\w.:/@%+-]+$/.test(value)) return value;
  if (typeof value === 'object' && value !== null && 'message' in value && 'stack' in value) {
    return JSON.stringify(value.message);
  }
  return JSON.stringify(value);
}

/**
 * @param {string} text
 * @returns {Record<string, unknown> | undefined}
 */
function recordOf(text) {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @param {string} name */
function colourOf(name) {
  const sum = Buffer.from(name).reduce((total, byte) => total + byte, 0);
  return colours[sum % colours.length] ?? 0;
}

/**
 * @param {string} text
 * @param {number} colour
 * @param {boolean} hasColours
 */
function painted(text, colour, hasColours) {
  return hasColours ? `\u001B[${String(colour)}m${text}\u001B[0m` : text;
}
