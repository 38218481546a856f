/** Entries in this process, the least recently used leave first. Bounded in size. The clock is the caller's. */
interface Held {
  readonly text: string;
  readonly expiresAtMs: number;
}

/** A text in memory beside its characters (two bytes each): key, object, map entry. */
const overheadBytes = 400;

export class MemoryCache {
  private readonly entries = new Map<string, Held>();
  private held = 0;

  constructor(private readonly maxBytes: number) {}

  /** What all entries take, roughly. */
  get bytes(): number {
    return this.held;
  }

  get(key: string, nowMs: number): string | null {
    const entry = this.entries.get(key);
    if (entry === undefined) return null;
    this.drop(key, entry);
    if (entry.expiresAtMs <= nowMs) return null;
    this.add(key, entry);
    return entry.text;
  }

  /** Keeps the text; false where it is larger than a tenth of the whole. */
  set(key: string, text: string, expiresAtMs: number): boolean {
    const before = this.entries.get(key);
    if (before !== undefined) this.drop(key, before);
    const entry = { text, expiresAtMs };
    if (sizeOf(key, entry) > this.maxBytes / 10) return false;
    this.add(key, entry);
    for (const [oldest, old] of this.entries) {
      if (this.held <= this.maxBytes) break;
      this.drop(oldest, old);
    }
    return true;
  }

  private add(key: string, entry: Held): void {
    this.entries.set(key, entry);
    this.held += sizeOf(key, entry);
  }

  private drop(key: string, entry: Held): void {
    this.entries.delete(key);
    this.held -= sizeOf(key, entry);
  }
}

function sizeOf(key: string, entry: Held): number {
  return 2 * (key.length + entry.text.length) + overheadBytes;
}
