/**
 * Usage events on disk until JetStream has them: small files that are written once, sent whole and removed. They belong to
 * the service and not to a process: whoever starts takes over what lies there, whatever port or name the process before it
 * had. Two may come to send the same event; it has an id of its own and is posted once.
 */
import { randomBytes } from 'node:crypto';
import { appendFile, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageClose, UsageOpen, type UsageCloseEvent, type UsageOpenEvent } from '#contracts';

/** Events of one file: what is in memory at once when they are sent. */
const fileEvents = 1_000;

/** What an attempt used, or that it begins. */
export type SpooledEvent = UsageCloseEvent | UsageOpenEvent;

/** True for what an attempt used. */
export function isClose(event: SpooledEvent): event is UsageCloseEvent {
  return 'source' in event;
}

interface SpoolFile {
  readonly path: string;
  events: number;
}

export interface SpooledEvents {
  readonly events: readonly SpooledEvent[];
  /** All of them are stored elsewhere now. */
  remove(): Promise<void>;
}

export class UsageSpool {
  private readonly id = randomBytes(6).toString('hex');
  /** Complete, oldest first. */
  private readonly files: SpoolFile[] = [];
  /** The one that is added to. */
  private current: SpoolFile | null = null;
  private made = 0;
  private writing: Promise<unknown> = Promise.resolve();

  /** `service` stands in front of the names of its files in `folder`. */
  constructor(
    private readonly folder: string,
    private readonly service: string,
  ) {}

  /** How many events lie on disk, as far as this process knows. */
  get size(): number {
    return this.files.reduce((sum, file) => sum + file.events, this.current?.events ?? 0);
  }

  /** Makes the folder and takes over what other processes of the service left there; resolves with the number of events. */
  async start(): Promise<number> {
    await mkdir(this.folder, { recursive: true });
    for (const name of (await readdir(this.folder)).sort()) {
      if (!name.startsWith(`${this.service}-`) || !name.endsWith('.jsonl')) continue;
      const path = this.nextPath();
      // Gone already: another process that starts was faster.
      if (!(await rename(join(this.folder, name), path).then(succeeded, failed))) continue;
      // Also one that looks empty: a process that lives may be writing its first line. Read again before it is removed.
      this.files.push({ path, events: (await readEvents(path)).length });
    }
    return this.size;
  }

  /** Writes an event down; rejects where the disk cannot take it. */
  append(event: SpooledEvent): Promise<void> {
    const file = (this.current ??= { path: this.nextPath(), events: 0 });
    file.events += 1;
    if (file.events === fileEvents) this.complete();
    const written = this.writing.then(() => appendFile(file.path, `${JSON.stringify(event)}\n`));
    this.writing = written.catch(() => undefined);
    return written;
  }

  /** The events of the oldest file, to which nothing is added any more; null where nothing is left. */
  async oldest(): Promise<SpooledEvents | null> {
    if (this.files.length === 0) this.complete();
    const [file] = this.files;
    if (file === undefined) return null;
    await this.writing;
    return {
      events: await readEvents(file.path),
      remove: async () => {
        await rm(file.path, { force: true });
        this.files.splice(this.files.indexOf(file), 1);
      },
    };
  }

  private complete(): void {
    if (this.current !== null) this.files.push(this.current);
    this.current = null;
  }

  private nextPath(): string {
    this.made += 1;
    return join(this.folder, `${this.service}-${this.id}-${String(this.made).padStart(6, '0')}.jsonl`);
  }
}

const succeeded = () => true;
const failed = () => false;

async function readEvents(path: string): Promise<SpooledEvent[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    // Another process took it over.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  });
  return text.split('\n').flatMap((line) => parseLine(line) ?? []);
}

function parseLine(line: string): SpooledEvent | null {
  if (line === '') return null;
  try {
    const value: unknown = JSON.parse(line);
    return UsageClose.payload.safeParse(value).data ?? UsageOpen.payload.safeParse(value).data ?? null;
  } catch {
    // The last line of a process that was killed while it wrote.
    return null;
  }
}
