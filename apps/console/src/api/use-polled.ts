/** Data that is fetched again and again while the page is looked at. */
import { useCallback, useEffect, useState } from 'react';
import { messageOf } from './request.js';

export interface Polled<T> {
  /** The last answer; it stays while a newer question fails. */
  readonly data: T | null;
  /** Why the last question failed; null where it did not. */
  readonly problem: string | null;
  /** Asks again at once. */
  readonly refresh: () => void;
}

/** `load` must be stable (useCallback): another one starts anew. `everyMs` null: only once and on `refresh`. */
export function usePolled<T>(load: (signal: AbortSignal) => Promise<T>, everyMs: number | null): Polled<T> {
  const [data, setData] = useState<T | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [round, setRound] = useState(0);

  useEffect(() => setData(null), [load]);

  useEffect(() => {
    const stopping = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const again = () => {
      if (everyMs !== null && !stopping.signal.aborted) timer = setTimeout(look, everyMs);
    };
    const look = () => {
      if (document.hidden) {
        again();
        return;
      }
      load(stopping.signal)
        .then(
          (value) => {
            if (stopping.signal.aborted) return;
            setData(value);
            setProblem(null);
          },
          (error: unknown) => {
            if (!stopping.signal.aborted) setProblem(messageOf(error));
          },
        )
        .finally(again);
    };
    look();
    return () => {
      stopping.abort();
      clearTimeout(timer);
    };
  }, [load, everyMs, round]);

  const refresh = useCallback(() => setRound((count) => count + 1), []);
  return { data, problem, refresh };
}
