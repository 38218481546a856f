/** The requests that wait at one host: first come, first served within a model and a class. */
import type { Priority } from '#contracts';

/** What a queue has to know of a request. Times are milliseconds of one monotonic clock. */
export interface QueueRequest {
  readonly id: string;
  /** What has to be in memory: see resident-key.ts. Equal strings share a loaded model. */
  readonly model: string;
  readonly priority: Priority;
  /** Longest wait; null = as long as the queue lets it. */
  readonly maxWaitMs: number | null;
}

export interface WaitingRequest extends QueueRequest {
  readonly arrivedAt: number;
}

/** Classes, the most urgent first. */
export const priorityOrder: readonly Priority[] = ['interactive', 'normal', 'batch'];

/** 0 for the most urgent class. */
export function rankOf(priority: Priority): number {
  return priorityOrder.indexOf(priority);
}

/** What the policy looks at: for each model the next in line and the one that has waited longest. */
export interface ModelLine {
  readonly model: string;
  readonly count: number;
  readonly head: WaitingRequest;
  readonly oldest: WaitingRequest;
}

type Line = readonly Map<string, WaitingRequest>[];

export class WaitingList {
  private readonly lines = new Map<string, Line>();
  private readonly modelOf = new Map<string, string>();

  get size(): number {
    return this.modelOf.size;
  }

  /** Returns false where the id waits already. */
  add(request: WaitingRequest): boolean {
    if (this.modelOf.has(request.id)) return false;
    let line = this.lines.get(request.model);
    if (line === undefined) {
      line = priorityOrder.map(() => new Map<string, WaitingRequest>());
      this.lines.set(request.model, line);
    }
    line[rankOf(request.priority)]?.set(request.id, request);
    this.modelOf.set(request.id, request.model);
    return true;
  }

  /** Takes a request out; null where it does not wait. */
  remove(id: string): WaitingRequest | null {
    const model = this.modelOf.get(id);
    const line = model === undefined ? undefined : this.lines.get(model);
    if (model === undefined || line === undefined) return null;
    this.modelOf.delete(id);
    const found = line.map((group) => group.get(id)).find((request) => request !== undefined) ?? null;
    for (const group of line) group.delete(id);
    if (line.every((group) => group.size === 0)) this.lines.delete(model);
    return found;
  }

  /** One line per model. Within a model whoever waited longer than `promoteAfterMs` goes before every class. */
  models(now: number, promoteAfterMs: number): ModelLine[] {
    const found: ModelLine[] = [];
    for (const [model, line] of this.lines) {
      const firsts = line.flatMap((group) => firstOf(group));
      const [first] = firsts;
      if (first === undefined) continue;
      const oldest = firsts.reduce((a, b) => (b.arrivedAt < a.arrivedAt ? b : a));
      const head = now - oldest.arrivedAt >= promoteAfterMs ? oldest : first;
      found.push({ model, count: line.reduce((sum, group) => sum + group.size, 0), head, oldest });
    }
    return found;
  }

  *all(): Generator<WaitingRequest> {
    for (const line of this.lines.values()) for (const group of line) yield* group.values();
  }
}

function firstOf(group: ReadonlyMap<string, WaitingRequest>): WaitingRequest[] {
  for (const request of group.values()) return [request];
  return [];
}
