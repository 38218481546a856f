/**
 * The places of a cloud's deployments with `max_parallel_requests`, and who waits for one: higher class first, then first
 * come, first served; whoever has waited long goes before every class. Counted in this process.
 */
import { Priority, type QueuedNotice } from '#contracts';

export interface PlaceRequest {
  readonly deploymentId: string;
  readonly priority: Priority;
  /** Requests that may run at once, as the config has it now. */
  readonly limit: number;
  /** Requests that may wait. */
  readonly maxLength: number;
  readonly maxWaitMs: number;
  /** Who has waited for so long goes before every class. */
  readonly promoteAfterMs: number;
}

export type Place =
  /** Give it back once. */
  | { readonly kind: 'taken'; readonly waitedMs: number; readonly free: () => void }
  | { readonly kind: 'full' | 'expired' | 'cancelled' };

interface Waiter {
  readonly request: PlaceRequest;
  readonly since: number;
  readonly settle: (place: Place) => void;
  readonly notice: (notice: QueuedNotice) => void;
  toldAt: number;
}

/** Whoever waits is told its place when it begins to wait, and then this often where it changes. */
const noticeMs = 1_000;

interface Line {
  running: number;
  /** In the order in which they came. */
  waiting: Waiter[];
}

export class ParallelPlaces {
  private readonly lines = new Map<string, Line>();

  constructor(private readonly now: () => number) {}

  /** Resolves with a place, or with why there is none. */
  enter(request: PlaceRequest, notice: (notice: QueuedNotice) => void, signal: AbortSignal): Promise<Place> {
    const line = this.lineOf(request.deploymentId);
    if (signal.aborted) return Promise.resolve({ kind: 'cancelled' });
    if (line.running < request.limit) return Promise.resolve(this.take(request.deploymentId, line, 0));
    if (line.waiting.length >= request.maxLength) return Promise.resolve({ kind: 'full' });
    if (request.maxWaitMs <= 0) return Promise.resolve({ kind: 'expired' });
    return new Promise((resolve) => {
      const leave = (kind: 'expired' | 'cancelled') => {
        line.waiting = line.waiting.filter((one) => one !== waiter);
        waiter.settle({ kind });
        tellPositions(line, this.now());
      };
      const timer = setTimeout(() => leave('expired'), request.maxWaitMs);
      const onAbort = () => leave('cancelled');
      signal.addEventListener('abort', onAbort, { once: true });
      const settle = (place: Place) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        resolve(place);
      };
      const waiter: Waiter = { request, since: this.now(), settle, notice, toldAt: Number.NEGATIVE_INFINITY };
      line.waiting.push(waiter);
      tellPositions(line, this.now());
    });
  }

  private take(deploymentId: string, line: Line, waitedMs: number): Place {
    line.running += 1;
    let isFree = false;
    const free = () => {
      if (isFree) return;
      isFree = true;
      line.running -= 1;
      this.admitNext(deploymentId, line);
    };
    return { kind: 'taken', waitedMs, free };
  }

  private admitNext(deploymentId: string, line: Line): void {
    const now = this.now();
    for (let next = foremost(line.waiting, now); next !== null; next = foremost(line.waiting, now)) {
      const { settle, since, request } = next;
      if (line.running >= request.limit) break;
      line.waiting = line.waiting.filter((one) => one.settle !== settle);
      settle(this.take(deploymentId, line, now - since));
    }
    tellPositions(line, now);
    if (line.running === 0) this.lines.delete(deploymentId);
  }

  private lineOf(deploymentId: string): Line {
    let line = this.lines.get(deploymentId);
    if (line === undefined) this.lines.set(deploymentId, (line = { running: 0, waiting: [] }));
    return line;
  }
}

function foremost(waiting: readonly Waiter[], now: number): Waiter | null {
  const [oldest] = waiting;
  if (oldest === undefined) return null;
  if (now - oldest.since >= oldest.request.promoteAfterMs) return oldest;
  return waiting.reduce((best, one) => (rankOf(one) < rankOf(best) ? one : best), oldest);
}

/** 0 for the most urgent class. */
function rankOf({ request }: Waiter): number {
  return Priority.options.indexOf(request.priority);
}

/** Their places, by class, to those who were not told lately. */
function tellPositions(line: Line, now: number): void {
  const ordered = line.waiting.toSorted((a, b) => rankOf(a) - rankOf(b));
  for (const [at, waiter] of ordered.entries()) {
    if (now - waiter.toldAt < noticeMs) continue;
    waiter.toldAt = now;
    waiter.notice({ position: at + 1, estimateMs: null, reason: null });
  }
}
