/**
 * The queue of one host, as a state machine: what happens goes in with its time, decisions come out, and somebody else
 * acts on them. It never starts more than the host may run, and the host is never idle while anybody waits.
 */
import { HostEstimates } from './estimate.js';
import { chooseNext, type Choice, type Turn } from './policy.js';
import { Residency } from './residency.js';
import { WaitingList, type QueueRequest, type WaitingRequest } from './waiting-list.js';

export interface QueueLimits {
  /** Requests that may run at once. */
  readonly maxParallel: number;
  /** Requests that may wait. */
  readonly maxLength: number;
  readonly maxModelWaitMs: number;
}

export type Decision =
  | {
      readonly kind: 'start';
      readonly id: string;
      readonly model: string;
      readonly cold: boolean;
      readonly waitedMs: number;
      readonly why: Choice['why'];
    }
  | { readonly kind: 'expire'; readonly id: string; readonly waitedMs: number };

export interface RunningRequest {
  readonly id: string;
  readonly model: string;
  readonly startedAt: number;
  /** Whether its model had to be loaded, and whether it is by now. */
  readonly cold: boolean;
  loaded: boolean;
}

/** With a free slot and everybody held back (a model is loading, or would push out a running one) it is asked again after this. */
const lookAgainMs = 250;

export class HostQueue {
  readonly estimates: HostEstimates;
  readonly residency: Residency;
  private readonly waiting = new WaitingList();
  private readonly running = new Map<string, RunningRequest>();
  private turn: Turn | null = null;
  private coldStarts = 0;

  constructor(
    private limits: QueueLimits,
    memory: { estimates?: HostEstimates; residency?: Residency } = {},
  ) {
    this.estimates = memory.estimates ?? new HostEstimates();
    this.residency = memory.residency ?? new Residency();
  }

  /** A copy to play the future with; estimates are shared, for reading. */
  copy(): HostQueue {
    const copy = new HostQueue(this.limits, { estimates: this.estimates, residency: this.residency.copy() });
    for (const request of this.waiting.all()) copy.waiting.add(request);
    for (const [id, request] of this.running) copy.running.set(id, { ...request });
    copy.turn = this.turn;
    return copy;
  }

  /** New limits; whoever waits already may stay. */
  setLimits(limits: QueueLimits, now: number): Decision[] {
    this.limits = limits;
    return this.tick(now);
  }

  /** Takes a request in; `refused` where the queue is full, or where the id is in it already. */
  enqueue(request: QueueRequest, now: number): { refused: boolean; decisions: Decision[] } {
    if (!this.hasRoom()) return { refused: true, decisions: this.tick(now) };
    const taken = !this.running.has(request.id) && this.waiting.add({ ...request, arrivedAt: now });
    return { refused: !taken, decisions: this.tick(now) };
  }

  /** The engine gave its first sign of an answer: the model is in memory. Returns how many models it displaced. */
  loaded(id: string, now: number): { displaced: number; decisions: Decision[] } {
    const request = this.running.get(id);
    if (request === undefined || request.loaded) return { displaced: 0, decisions: [] };
    return { displaced: this.markLoaded(request, now), decisions: this.tick(now) };
  }

  /** The request is over, however it ended. */
  finish(id: string, now: number): Decision[] {
    const request = this.running.get(id);
    if (request === undefined) return [];
    this.running.delete(id);
    const stillLoading = [...this.running.values()].some((other) => other.model === request.model && !other.loaded);
    if (this.turn?.model === request.model && this.turn.since === null && !stillLoading) this.turn = null;
    return this.tick(now);
  }

  /** Nobody wants it any more, whether it waits or runs. */
  cancel(id: string, now: number): Decision[] {
    if (this.waiting.remove(id) !== null) return this.tick(now);
    return this.finish(id, now);
  }

  /**
   * What the host lists as loaded. While a model is being loaded a list without it may be older than the load, or show a
   * model that is on its way out: it says nothing then. A list with it says that loading is over.
   */
  observe(models: readonly string[], now: number): Decision[] {
    const loading = this.turn !== null && this.turn.since === null ? this.turn.model : null;
    if (loading !== null && !models.includes(loading)) return this.tick(now);
    for (const request of this.running.values()) {
      if (request.model === loading) this.markLoaded(request, now);
    }
    this.residency.observe(models);
    return this.tick(now);
  }

  /** Starts what may start and expires what has waited too long. */
  tick(now: number): Decision[] {
    const decisions = this.expire(now, (waitedMs, maxWaitMs) => waitedMs > maxWaitMs);
    while (this.running.size < this.limits.maxParallel) {
      const choice = chooseNext(this.view(now));
      if (choice === null) break;
      decisions.push(this.start(choice, now));
    }
    // Whoever may not wait at all is let in where there is room, and only then turned away.
    return [...decisions, ...this.expire(now, (waitedMs, maxWaitMs) => waitedMs === maxWaitMs)];
  }

  private expire(now: number, isOver: (waitedMs: number, maxWaitMs: number) => boolean): Decision[] {
    const over: Decision[] = [];
    for (const { id, arrivedAt, maxWaitMs } of this.waiting.all()) {
      const waitedMs = now - arrivedAt;
      if (maxWaitMs !== null && isOver(waitedMs, maxWaitMs)) over.push({ kind: 'expire', id, waitedMs });
    }
    for (const { id } of over) this.waiting.remove(id);
    return over;
  }

  /** When to call tick if nothing else happens; null = no need. */
  nextTickAt(now: number): number | null {
    let at = Number.POSITIVE_INFINITY;
    for (const request of this.waiting.all()) {
      if (request.maxWaitMs !== null) at = Math.min(at, request.arrivedAt + request.maxWaitMs);
    }
    if (this.waiting.size > 0 && this.running.size < this.limits.maxParallel) at = Math.min(at, now + lookAgainMs);
    return Number.isFinite(at) ? at : null;
  }

  waitingRequests(): WaitingRequest[] {
    return [...this.waiting.all()];
  }

  runningRequests(): RunningRequest[] {
    return [...this.running.values()];
  }

  get counts(): { running: number; waiting: number; coldStarts: number } {
    return { running: this.running.size, waiting: this.waiting.size, coldStarts: this.coldStarts };
  }

  private markLoaded(request: RunningRequest, now: number): number {
    request.loaded = true;
    if (this.turn?.model === request.model && this.turn.since === null) this.turn = { ...this.turn, since: now };
    return this.residency.loaded(request.model);
  }

  private hasRoom(): boolean {
    return this.waiting.size < this.limits.maxLength || this.running.size < this.limits.maxParallel;
  }

  private view(now: number) {
    const { estimates, residency, turn } = this;
    const { maxModelWaitMs } = this.limits;
    const lines = this.waiting.models(now, maxModelWaitMs);
    const running = new Set([...this.running.values()].map((request) => request.model));
    return { now, lines, running, residency, turn, estimates, maxModelWaitMs };
  }

  private start(choice: Choice, now: number): Decision {
    const { id, model, arrivedAt } = choice.request;
    this.waiting.remove(id);
    const cold = choice.cold || !this.residency.has(model);
    if (choice.cold) {
      this.turn = { model, since: null };
      this.coldStarts += 1;
    } else if (this.turn === null || (this.turn.since !== null && !this.residency.has(this.turn.model))) {
      this.turn = { model, since: now };
    }
    this.running.set(id, { id, model, startedAt: now, cold, loaded: !cold });
    return { kind: 'start', id, model, cold, waitedMs: now - arrivedAt, why: choice.why };
  }
}
