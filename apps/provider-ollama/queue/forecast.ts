/** How long those that wait will still wait: the queue's own policy, played forward with what the host has shown so far. */
import type { HostQueue, RunningRequest, Decision } from './host-queue.js';

export interface Outlook {
  /** 1 = next. */
  readonly position: number;
  /** Until it starts, milliseconds. */
  readonly waitMs: number;
}

/** A forecast looks at most this many starts ahead; those behind get the last one's wait. */
const maxSteps = 1_000;
/** Of a request that has run for longer than usual, this part of the usual time is taken to be left. */
const overtimeShare = 0.25;

interface Event {
  readonly at: number;
  readonly kind: 'loaded' | 'finish';
  readonly id: string;
}

/** The outlook of every waiting request, and when a new request for `probeModel` would start (milliseconds from now). */
export function forecast(queue: HostQueue, now: number): Map<string, Outlook> {
  const future = queue.copy();
  const outlooks = new Map<string, Outlook>();
  const events = queue.runningRequests().flatMap((request) => remaining(queue, request, now));
  let at = now;
  const take = (decisions: readonly Decision[]) => {
    for (const decision of decisions) {
      if (decision.kind !== 'start') continue;
      outlooks.set(decision.id, { position: outlooks.size + 1, waitMs: at - now });
      events.push(...eventsOfStart(queue, decision, at));
    }
  };
  take(future.tick(at));
  for (let step = 0; step < maxSteps * 2 && events.length > 0 && future.counts.waiting > 0; step += 1) {
    const event = takeEarliest(events);
    if (event === null) break;
    at = Math.max(at, event.at);
    take(event.kind === 'loaded' ? future.loaded(event.id, at).decisions : future.finish(event.id, at));
  }
  for (const request of future.waitingRequests()) {
    outlooks.set(request.id, { position: outlooks.size + 1, waitMs: at - now });
  }
  return outlooks;
}

function eventsOfStart(queue: HostQueue, start: { id: string; model: string; cold: boolean }, at: number): Event[] {
  const loadedAt = at + (start.cold ? queue.estimates.loadMs(start.model) : 0);
  const finish: Event = { at: loadedAt + queue.estimates.serviceMs(start.model), kind: 'finish', id: start.id };
  return start.cold ? [{ at: loadedAt, kind: 'loaded', id: start.id }, finish] : [finish];
}

function remaining(queue: HostQueue, request: RunningRequest, now: number): Event[] {
  const loadMs = queue.estimates.loadMs(request.model);
  const serviceMs = queue.estimates.serviceMs(request.model);
  const elapsed = now - request.startedAt;
  const loadLeft = request.loaded ? 0 : Math.max(loadMs * overtimeShare, loadMs - elapsed);
  const served = request.cold ? (request.loaded ? Math.max(0, elapsed - loadMs) : 0) : elapsed;
  const finishAt = now + loadLeft + Math.max(serviceMs * overtimeShare, serviceMs - served);
  const finish: Event = { at: finishAt, kind: 'finish', id: request.id };
  return request.loaded ? [finish] : [{ at: now + loadLeft, kind: 'loaded', id: request.id }, finish];
}

function takeEarliest(events: Event[]): Event | null {
  let best = 0;
  for (let i = 1; i < events.length; i += 1) {
    const [candidate, current] = [events[i], events[best]];
    if (candidate !== undefined && current !== undefined && candidate.at < current.at) best = i;
  }
  return events.splice(best, 1)[0] ?? null;
}

/** Expected wait of one more request for a model that is loaded, milliseconds; 0 where it would start at once. */
export function expectedWaitMs(queue: HostQueue, now: number): number {
  const { running } = queue.counts;
  const model = [...queue.residency.models()][0] ?? queue.runningRequests()[0]?.model;
  if (model === undefined) return 0;
  const future = queue.copy();
  const probe = 'forecast';
  const { refused } = future.enqueue({ id: probe, model, priority: 'normal', maxWaitMs: null }, now);
  if (refused) return running * queue.estimates.serviceMs(model);
  return forecast(future, now).get(probe)?.waitMs ?? 0;
}
