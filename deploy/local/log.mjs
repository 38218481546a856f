/** Where the lines of the launcher and of its children go: a file for each under DATA_DIR/logs, and stderr. */
import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, shownLine } from './log-lines.mjs';

/** A log file that grows beyond this makes room; one older file is kept. */
const FILE_LIMIT_BYTES = 32 * 1024 * 1024;
/** Lines of a process that are told again when it does not start. */
const LAST_LINES = 5;

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
  /** @param {import('./log-lines.mjs').Style} style of what stderr is shown */
  constructor(style) {
    this.style = style;
    /** @type {Map<string, LogFile>} */
    this.files = new Map();
    /** @type {string | undefined} */
    this.folder = undefined;
    this.isFull = false;
    /** @type {Map<string, string[]>} */
    this.recent = new Map();
    /** What the launcher itself has said, so that a service does not say it again. @type {Set<string>} */
    this.said = new Set();
  }

  /** From now on every line is shown, also the servers' own chatter. */
  showEverything() {
    this.style = { ...this.style, isVerbose: true };
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
    this.said.add(text);
  }

  /**
   * @param {string} name the process
   * @param {string} text one line of its output
   */
  line(name, text) {
    const recent = [...(this.recent.get(name) ?? []).slice(1 - LAST_LINES), text];
    this.recent.set(name, recent);
    this.toFile(name, text);
    const shown = name === 'signalbox' ? `${name}: ${text}` : shownLine(name, text, this.style);
    if (shown !== undefined && !this.isTold(text)) process.stderr.write(`${shown}\n`);
  }

  /**
   * Whether a service says what the launcher said before: problems of the config file are found by both.
   * @param {string} text
   */
  isTold(text) {
    if (this.said.size === 0 || this.style.isVerbose) return false;
    const message = messageOf(text);
    return message !== undefined && this.said.has(message);
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
}
