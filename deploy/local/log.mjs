/** Where the lines of the launcher and of its children go: a file for each under DATA_DIR/logs, and stderr. */
import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A log file that grows beyond this makes room; one older file is kept. */
const FILE_LIMIT_BYTES = 32 * 1024 * 1024;
/** Lines of a process that are told again when it does not start. */
const LAST_LINES = 5;
const colours = [36, 33, 32, 35, 34, 96, 93, 92];
/** @type {Readonly<Record<string, number>>} */
const levelColours = { warn: 33, error: 31, fatal: 31 };

/** Lines of one process. */
class LogFile {
  /** @param {string} file */
  constructor(file) {
    this.file = file;
    this.open();
  }

  open() {
    this.descriptor = openSync(this.file, 'a', 0o640);
    this.size = fstatSync(this.descriptor).size;
  }

  /** @param {string} line */
  write(line) {
    if ((this.size ?? 0) > FILE_LIMIT_BYTES) {
      closeSync(this.descriptor ?? 0);
      renameSync(this.file, `${this.file}.1`);
      this.open();
    }
    this.size = (this.size ?? 0) + writeSync(this.descriptor ?? 0, `${line}\n`);
  }
}

/** Log of the whole suite. Before `keepIn` lines go to stderr only. */
export class Log {
  /** @param {boolean} isTerminal prefixes and colours, instead of lines as they are */
  constructor(isTerminal) {
    this.isTerminal = isTerminal;
    /** Whether the servers' own chatter is shown; it always is in their files. */
    this.isDebug = false;
    /** @type {Map<string, LogFile>} */
    this.files = new Map();
    /** @type {string | undefined} */
    this.folder = undefined;
    this.isFull = false;
    /** @type {Map<string, string[]>} */
    this.recent = new Map();
  }

  /**
   * From now on lines are kept in files too.
   * @param {string} folder
   */
  keepIn(folder) {
    mkdirSync(folder, { recursive: true, mode: 0o750 });
    this.folder = folder;
  }

  /**
   * Something the launcher itself has to say.
   * @param {string} text
   */
  say(text) {
    this.line('signalbox', text);
  }

  /**
   * @param {string} name the process
   * @param {string} text one line of its output
   */
  line(name, text) {
    const recent = [...(this.recent.get(name) ?? []).slice(1 - LAST_LINES), text];
    this.recent.set(name, recent);
    this.toFile(name, text);
    if (!this.isDebug && isChatter(name, text)) return;
    process.stderr.write(`${this.isTerminal ? this.coloured(name, text) : plain(name, text)}\n`);
  }

  /**
   * @param {string} name
   * @returns {string} its last lines
   */
  lastLines(name) {
    return (this.recent.get(name) ?? []).map((line) => `  ${line}`).join('\n');
  }

  /**
   * @param {string} name
   * @param {string} text
   */
  toFile(name, text) {
    if (this.folder === undefined || this.isFull) return;
    try {
      const file = this.files.get(name) ?? new LogFile(join(this.folder, `${name}.log`));
      this.files.set(name, file);
      file.write(text);
    } catch (error) {
      // A full disk must not take the suite down; stderr still has the lines.
      this.isFull = true;
      process.stderr.write(`signalbox: no more log files: ${String(error)}\n`);
    }
  }

  /**
   * @param {string} name
   * @param {string} text
   */
  coloured(name, text) {
    const sum = Buffer.from(name).reduce((total, byte) => total + byte, 0);
    const prefix = `\u001B[${String(colours[sum % colours.length])}m${name.padEnd(15)}\u001B[0m`;
    const record = recordOf(text);
    if (record === undefined) return `${prefix} ${text}`;
    const { level, time, msg, service: _service, pid: _pid, hostname: _hostname, ...fields } = record;
    const paint = levelColours[String(level)];
    const words = Object.entries(fields).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
    const message = paint === undefined ? String(msg) : `\u001B[${String(paint)}m${String(msg)}\u001B[0m`;
    return `${prefix} ${String(time).slice(11, 19)} ${message} \u001B[2m${words.join(' ')}\u001B[0m`;
  }
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
 * A service's own JSON names it already; other lines get the name in front.
 * @param {string} name
 * @param {string} text
 */
function plain(name, text) {
  return text.startsWith('{') ? text : `${name}: ${text}`;
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
