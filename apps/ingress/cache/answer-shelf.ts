/** Where entries lie. What a shelf throws is an outage of the shelf: the request goes on without it. */
import { CachedAnswer } from '#contracts';

export interface AnswerShelf {
  /** The entry, also where it has expired; null where there is none, or none that this release can read. */
  get(key: string): Promise<CachedAnswer | null>;
  /** Writes over what is there. False where the entry is too large for the shelf. */
  put(key: string, entry: CachedAnswer, ttlMs: number): Promise<boolean>;
  stop(): Promise<void>;
}

/** An entry from its JSON text; null for anything else. */
export function readEntry(text: string): CachedAnswer | null {
  try {
    const parsed = CachedAnswer.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
