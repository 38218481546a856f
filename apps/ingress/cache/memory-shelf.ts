/** Type `local`: entries of this process only. */
import { readEntry, type AnswerShelf } from './answer-shelf.js';
import { MemoryCache } from './memory-cache.js';

const maxBytes = 64 * 1024 * 1024;

/** A shelf in memory, 64 MiB at most; `now` gives Unix milliseconds. */
export function memoryShelf(now: () => number): AnswerShelf {
  const cache = new MemoryCache(maxBytes);
  return {
    get: (key) => {
      const text = cache.get(key, now());
      return Promise.resolve(text === null ? null : readEntry(text));
    },
    put: (key, entry, ttlMs) => Promise.resolve(cache.set(key, JSON.stringify(entry), now() + ttlMs)),
    stop: () => Promise.resolve(),
  };
}
