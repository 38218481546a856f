/** The built console, read once: a request never touches the disk, so no path can lead out of the folder. */
import { readdirSync, readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Logger } from '#telemetry';
import { contentTypeOf } from './page-headers.js';

export interface ConsoleFile {
  readonly bytes: Uint8Array;
  readonly gzipped: Uint8Array;
  readonly type: string;
  readonly etag: string;
}

/** From dist/apps/ingress/console to dist/apps/console. */
const builtConsole = fileURLToPath(new URL('../../console/', import.meta.url));

@Injectable()
export class ConsoleFiles implements OnModuleInit {
  private files: ReadonlyMap<string, ConsoleFile> = new Map();

  constructor(private readonly logger: Logger) {}

  onModuleInit(): void {
    this.files = readFiles(builtConsole);
    if (this.files.size === 0) this.logger.warn({}, 'the console is not built: /ui answers 404');
  }

  /** A file by its path below the folder, such as `assets/index-abc.js`; null where there is none. */
  find(path: string): ConsoleFile | null {
    return this.files.get(path) ?? null;
  }
}

/** Every file of a built console by its path; empty where the folder holds none. */
export function readFiles(folder: string): Map<string, ConsoleFile> {
  const files = new Map<string, ConsoleFile>();
  let entries;
  try {
    entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  } catch {
    return files;
  }
  for (const entry of entries) {
    const type = entry.isFile() ? contentTypeOf(entry.name) : null;
    if (type === null) continue;
    const place = join(entry.parentPath, entry.name);
    const bytes = readFileSync(place);
    const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
    const name = place.slice(join(folder, sep).length).split(sep).join('/');
    files.set(name, { bytes, gzipped: gzipSync(bytes), type, etag });
  }
  return files;
}
