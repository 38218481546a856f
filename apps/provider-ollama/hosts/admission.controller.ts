/** The queue of a host with a clock and promises around it: who may run, and what those that wait are told. */
import type { QueuedNotice } from '#contracts';
import { forecast } from '../queue/forecast.js';
import type { Decision, HostQueue } from '../queue/host-queue.js';
import type { QueueRequest } from '../queue/waiting-list.js';

/** How a request left the queue. */
export type Ticket =
  | { readonly kind: 'start'; readonly cold: boolean; readonly waitedMs: number; readonly why: string }
  | { readonly kind: 'expired'; readonly waitedMs: number }
  | { readonly kind: 'full' | 'cancelled' | 'drained' };

interface Waiter {
  readonly resolve: (ticket: Ticket) => void;
  readonly notice: (notice: QueuedNotice) => void;
  lastPosition: number | null;
  lastToldAt: number;
}

/** New arrivals are told their place after this, so that a burst costs one forecast. */
const firstNoticeMs = 50;
/** Then whenever the place changes, and this often. */
const noticeMs = 1_000;

export class Admission {
  private readonly waiters = new Map<string, Waiter>();
  private timer: NodeJS.Timeout | null = null;
  private noticeTimer: NodeJS.Timeout | null = null;
  private swapped = 0;

  constructor(
    readonly queue: HostQueue,
    private readonly now: () => number,
    /** Told whenever the number of those that run or wait may have changed. */
    private readonly onChange: () => void,
  ) {}

  /** Resolves when the request may run, or never will. A started request must be finished with `finish`. */
  enter(request: QueueRequest, notice: (notice: QueuedNotice) => void, signal: AbortSignal): Promise<Ticket> {
    if (signal.aborted) return Promise.resolve({ kind: 'cancelled' });
    return new Promise((resolve) => {
      const onAbort = () => this.leave(request.id, { kind: 'cancelled' });
      const settle = (ticket: Ticket) => {
        signal.removeEventListener('abort', onAbort);
        resolve(ticket);
      };
      this.waiters.set(request.id, { resolve: settle, notice, lastPosition: null, lastToldAt: this.now() });
      const { refused, decisions } = this.queue.enqueue(request, this.now());
      if (refused) this.settle(request.id, { kind: 'full' });
      this.act(decisions);
      if (!this.waiters.has(request.id)) return;
      signal.addEventListener('abort', onAbort, { once: true });
      this.tellSoon(firstNoticeMs);
    });
  }

  /** The engine gave its first sign: the model is loaded. Returns how many models it displaced. */
  loaded(id: string): number {
    const { displaced, decisions } = this.queue.loaded(id, this.now());
    if (displaced > 0) this.swapped += 1;
    this.act(decisions);
    return displaced;
  }

  /** Loads that pushed another model out. */
  get swaps(): number {
    return this.swapped;
  }

  finish(id: string): void {
    this.act(this.queue.finish(id, this.now()));
  }

  observe(models: readonly string[]): void {
    this.act(this.queue.observe(models, this.now()));
  }

  setLimits(limits: Parameters<HostQueue['setLimits']>[0]): void {
    this.act(this.queue.setLimits(limits, this.now()));
  }

  /** Turns away everybody who waits; those that run go on. */
  drain(): void {
    for (const { id } of this.queue.waitingRequests()) this.leave(id, { kind: 'drained' });
  }

  stop(): void {
    this.drain();
    if (this.timer !== null) clearTimeout(this.timer);
    if (this.noticeTimer !== null) clearTimeout(this.noticeTimer);
  }

  private leave(id: string, ticket: Ticket): void {
    if (!this.waiters.has(id)) return;
    this.settle(id, ticket);
    this.act(this.queue.cancel(id, this.now()));
  }

  private settle(id: string, ticket: Ticket): void {
    const waiter = this.waiters.get(id);
    this.waiters.delete(id);
    waiter?.resolve(ticket);
  }

  private act(decisions: readonly Decision[]): void {
    for (const decision of decisions) {
      if (decision.kind === 'expire') this.settle(decision.id, { kind: 'expired', waitedMs: decision.waitedMs });
      else {
        const { cold, waitedMs, why } = decision;
        this.settle(decision.id, { kind: 'start', cold, waitedMs, why });
      }
    }
    this.plan();
    this.onChange();
  }

  private plan(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    const now = this.now();
    const at = this.queue.nextTickAt(now);
    this.timer = at === null ? null : setTimeout(() => this.act(this.queue.tick(this.now())), Math.max(0, at - now));
  }

  private tellSoon(ms: number): void {
    this.noticeTimer ??= setTimeout(() => {
      this.noticeTimer = null;
      this.tell();
      if (this.waiters.size > 0) this.tellSoon(noticeMs / 2);
    }, ms);
  }

  private tell(): void {
    if (this.waiters.size === 0) return;
    const now = this.now();
    const outlooks = forecast(this.queue, now);
    for (const request of this.queue.waitingRequests()) {
      const waiter = this.waiters.get(request.id);
      const outlook = outlooks.get(request.id);
      if (waiter === undefined || outlook === undefined) continue;
      const { position, waitMs } = outlook;
      if (position === waiter.lastPosition && now - waiter.lastToldAt < noticeMs) continue;
      waiter.lastPosition = position;
      waiter.lastToldAt = now;
      const estimateMs = this.queue.estimates.hasMeasured(request.model) ? Math.round(waitMs) : null;
      waiter.notice({ position, estimateMs, reason: null });
    }
  }
}
