/** The config file on disk: reading it, and hearing of its changes. */
import { readFileSync, watch, type FSWatcher } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { loadConfigFile, type LoadedConfig } from './load-config.js';
import { includeNames } from './source/file-tree.js';

/** Reads and loads a file with everything it includes. A file that cannot be read is a problem like any other. */
export function readConfigFile(path: string, env: Readonly<Record<string, string | undefined>>): LoadedConfig {
  const text = readText(path);
  if (text === null) {
    const message = 'the file cannot be read';
    return { kind: 'invalid', problems: [{ severity: 'error', file: path, line: null, path: '', message }] };
  }
  return loadConfigFile({ path, text, env, readInclude: (name) => readText(join(dirname(path), name)) });
}

/** Paths of the files that a config file includes and that can be read. */
export function includedFiles(path: string): string[] {
  const names = includeNames(readText(path) ?? '');
  return names.map((name) => join(dirname(path), name)).filter((included) => readText(included) !== null);
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

export interface ConfigWatch {
  /** Resolves when the contents to compare with are known: later changes are told. */
  readonly ready: Promise<void>;
  stop(): void;
}

/**
 * Calls `onChange` after the contents of the file, or of a file that it includes, have changed, however that happened:
 * written in place, replaced by an editor, or swapped by a ConfigMap's symlink. The file system's events only make it
 * quicker; a look every `intervalMs` finds what they miss (network file systems, symlinks further up). A change counts
 * once two looks saw the same text, so that nobody reads a half-written file. Start it before the file is read; call
 * `stop()` to end it.
 */
export function watchConfigFile(path: string, onChange: () => void, intervalMs = 500): ConfigWatch {
  const contents = new ContentsReader(path);
  let accepted: string | null = null;
  let seen: string | null = null;
  let isLooking = false;
  let isStopped = false;
  let settling: NodeJS.Timeout | null = null;
  const look = async () => {
    if (isLooking || isStopped) return;
    isLooking = true;
    const now = await contents.read();
    isLooking = false;
    if (isStopped || now === accepted) return;
    if (accepted === null || now === seen) {
      const isFirst = accepted === null;
      accepted = now;
      if (!isFirst) onChange();
    } else {
      seen = now;
      settling = setTimeout(() => void look(), settleMs);
    }
  };
  const timer = setInterval(() => void look(), intervalMs);
  timer.unref();
  const events = watchFolder(dirname(path), () => void look());
  return {
    ready: look(),
    stop() {
      isStopped = true;
      clearInterval(timer);
      if (settling !== null) clearTimeout(settling);
      events?.close();
    },
  };
}

const settleMs = 100;

/** Events of a folder; null where the system gives none (the timer is enough then). */
function watchFolder(folder: string, onEvent: () => void): FSWatcher | null {
  try {
    const events = watch(folder, { persistent: false }, onEvent);
    events.on('error', () => events.close());
    return events;
  } catch {
    return null;
  }
}

/** Reads files again only when their real path, inode, size or time differ from the last look. */
class ContentsReader {
  readonly #known = new Map<string, { facts: string; text: string }>();
  #includes: { text: string | null; paths: readonly string[] } = { text: null, paths: [] };

  constructor(private readonly path: string) {}

  /** One text for the file and what it includes; equal texts mean equal contents. */
  async read(): Promise<string> {
    const main = await this.#readOne(this.path);
    if (main !== this.#includes.text) {
      const names = main === null ? [] : includeNames(main);
      this.#includes = { text: main, paths: names.map((name) => join(dirname(this.path), name)) };
    }
    const included = await Promise.all(this.#includes.paths.map((path) => this.#readOne(path)));
    return JSON.stringify([main, ...included]);
  }

  async #readOne(path: string): Promise<string | null> {
    try {
      const real = await realpath(path);
      const { ino, size, mtimeNs } = await stat(real, { bigint: true });
      const facts = `${real} ${ino} ${size} ${mtimeNs}`;
      const known = this.#known.get(path);
      if (known?.facts === facts) return known.text;
      const text = await readFile(real, 'utf8');
      this.#known.set(path, { facts, text });
      return text;
    } catch {
      return null;
    }
  }
}
