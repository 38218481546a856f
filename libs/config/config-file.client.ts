/** The config file on disk: reading it, and hearing of its changes. */
import { readFileSync, watch, type FSWatcher } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { loadConfigFile, type LoadedConfig } from './load-config.js';

/** Reads and loads a file with everything it includes. A file that cannot be read is a problem like any other. */
export function readConfigFile(path: string, env: Readonly<Record<string, string | undefined>>): LoadedConfig {
  const text = readText(path);
  if (text === null) {
    const message = 'the file cannot be read';
    return { kind: 'invalid', problems: [{ severity: 'error', file: path, line: null, path: '', message }] };
  }
  return loadConfigFile({ path, text, env, readInclude: (name) => readText(join(dirname(path), name)) });
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

export interface WatchOptions {
  /** Files to watch beside it, e.g. those it includes; asked for at each look. */
  readonly alsoWatch?: () => readonly string[];
  /** Time between two looks, milliseconds. */
  readonly intervalMs?: number;
}

/**
 * Calls `onChange` after the contents of the file have changed, however that happened: written in place, replaced by an
 * editor, or swapped by a ConfigMap's symlink. The file system's events only make it quicker; a look every 500 ms finds
 * what they miss (network file systems, symlinks further up). A change counts once two looks saw the same text, so that
 * nobody reads a half-written file. Start it before the file is read; call `stop()` to end it.
 */
export function watchConfigFile(path: string, onChange: () => void, options: WatchOptions = {}): { stop(): void } {
  const contents = new ContentsReader();
  let accepted: string | null = null;
  let seen: string | null = null;
  let isLooking = false;
  let isStopped = false;
  let settling: NodeJS.Timeout | null = null;
  const look = async () => {
    if (isLooking || isStopped) return;
    isLooking = true;
    const now = await contents.read([path, ...(options.alsoWatch?.() ?? [])]);
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
  const timer = setInterval(() => void look(), options.intervalMs ?? 500);
  timer.unref();
  const events = watchFolder(dirname(path), (name) => {
    if (name === null || name === basename(path) || name.startsWith('..')) void look();
  });
  void look();
  return {
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
function watchFolder(folder: string, onEvent: (name: string | null) => void): FSWatcher | null {
  try {
    const events = watch(folder, { persistent: false }, (_event, name) => onEvent(name));
    events.on('error', () => events.close());
    return events;
  } catch {
    return null;
  }
}

/** Reads files again only when their real path, inode, size or time differ from the last look. */
class ContentsReader {
  readonly #known = new Map<string, { facts: string; text: string }>();

  /** One text for all of them; equal texts mean equal contents. */
  async read(paths: readonly string[]): Promise<string> {
    const texts = await Promise.all(paths.map((path) => this.#readOne(path)));
    return JSON.stringify(texts);
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
