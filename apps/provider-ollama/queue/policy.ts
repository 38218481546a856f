/**
 * Whose turn is it on a host? Stay with what is loaded while somebody waits for it; go to another model when nobody does,
 * or when somebody there is due. Loading costs seconds and serving often less, so a turn lasts long enough to pay for its
 * load: without that, an overloaded host would only load.
 */
import type { HostEstimates } from './estimate.js';
import type { Residency } from './residency.js';
import { rankOf, type ModelLine, type WaitingRequest } from './waiting-list.js';

/** The last model that had to be loaded. `since`: when it was; null while it loads. */
export interface Turn {
  readonly model: string;
  readonly since: number | null;
}

export interface PolicyView {
  readonly now: number;
  readonly lines: readonly ModelLine[];
  /** Models with running requests. */
  readonly running: ReadonlySet<string>;
  readonly residency: Residency;
  readonly turn: Turn | null;
  readonly estimates: HostEstimates;
  /** Nobody is to wait longer for another model's turn to end, milliseconds. */
  readonly maxModelWaitMs: number;
}

export interface Choice {
  readonly request: WaitingRequest;
  /** The model has to be loaded first. */
  readonly cold: boolean;
  readonly why:
    | 'loaded'
    | 'nobody waits for what is loaded'
    | 'waited long enough'
    | 'more urgent'
    | 'its share is due';
}

/** A turn that others wait for lasts at least as long as its model took to load, so that at most half of the time is loading. */
const turnsPerLoad = 1;
/** With requests of the same class on both sides a turn lasts this many loads: one fifth of the time is loading. */
const sharePerLoad = 4;
/** A load costs at least this: also a fast one empties the cache of prompts. */
const leastLoadMs = 500;

/** The request to start next, or null where all that wait have to wait on. */
export function chooseNext(view: PolicyView): Choice | null {
  const { warm, cold } = sides(view);
  const due = dueLine(view, warm, cold);
  if (due !== null) return { request: due.line.head, cold: true, why: due.why };
  const next = foremost(view, warm);
  if (next !== null) return { request: next.head, cold: false, why: 'loaded' };
  const fitting = cold.filter((line) => mayLoadBesideRunning(view, line.model));
  const switched = foremost(view, fitting);
  return switched === null ? null : { request: switched.head, cold: true, why: 'nobody waits for what is loaded' };
}

/** While a model is loading only it and what is known to stay beside it may start; the rest could push it out again. */
function sides(view: PolicyView): { warm: ModelLine[]; cold: ModelLine[] } {
  const loading = view.turn !== null && view.turn.since === null ? view.turn.model : null;
  const isWarm = (model: string) => view.residency.has(model) || view.running.has(model);
  const warm = view.lines.filter(
    (line) => isWarm(line.model) && (loading === null || view.residency.fit(line.model, loading) === 'together'),
  );
  const cold = loading === null ? view.lines.filter((line) => !isWarm(line.model)) : [];
  return { warm, cold };
}

/** A model known to push out one that is running would only wait inside the engine, and hold up what is loaded. */
function mayLoadBesideRunning(view: PolicyView, model: string): boolean {
  return [...view.running].every((other) => view.residency.fit(model, other) !== 'conflict');
}

/** The line that goes first: the most urgent class, then who has waited longest. Overdue ones stand outside of classes. */
function foremost(view: PolicyView, lines: readonly ModelLine[]): ModelLine | null {
  const overdue = lines.filter((line) => isOverdue(view, line, lines.length));
  if (overdue.length > 0) return minBy(overdue, (line) => line.oldest.arrivedAt);
  const best = Math.min(...lines.map((line) => rankOf(line.head.priority)));
  const urgent = lines.filter((line) => rankOf(line.head.priority) === best);
  return minBy(urgent, (line) => line.head.arrivedAt);
}

function dueLine(
  view: PolicyView,
  warm: readonly ModelLine[],
  cold: readonly ModelLine[],
): { line: ModelLine; why: Choice['why'] } | null {
  if (warm.length === 0 || cold.length === 0) return null;
  const turnMs = view.turn?.since == null ? Number.POSITIVE_INFINITY : view.now - view.turn.since;
  const loadMs = view.turn === null ? 0 : Math.max(leastLoadMs, view.estimates.loadMs(view.turn.model));
  if (turnMs < Math.min(turnsPerLoad * loadMs, view.maxModelWaitMs)) return null;
  const oldest = minBy(cold, (line) => line.oldest.arrivedAt);
  if (oldest !== null && isOverdue(view, oldest, view.lines.length)) return { line: oldest, why: 'waited long enough' };
  const bestWarm = Math.min(...warm.map((line) => rankOf(line.head.priority)));
  const urgent = foremost(view, cold);
  if (urgent === null) return null;
  const rank = rankOf(urgent.head.priority);
  if (rank < bestWarm) return { line: urgent, why: 'more urgent' };
  const isOlder = warm.every((line) => urgent.head.arrivedAt < line.head.arrivedAt);
  if (rank === bestWarm && isOlder && turnMs >= sharePerLoad * loadMs) return { line: urgent, why: 'its share is due' };
  return null;
}

/** Early enough that the models before it can have their turn and its own load still ends within the bound. */
function isOverdue(view: PolicyView, line: ModelLine, models: number): boolean {
  const ahead = Math.max(1, models - 1);
  const margin = ahead * (view.estimates.loadMs(line.model) + view.estimates.serviceMs(line.model));
  const dueAgeMs = Math.max(view.maxModelWaitMs / 2, view.maxModelWaitMs - margin);
  return view.now - line.oldest.arrivedAt >= dueAgeMs;
}

function minBy<T>(items: readonly T[], value: (item: T) => number): T | null {
  let best: T | null = null;
  for (const item of items) if (best === null || value(item) < value(best)) best = item;
  return best;
}
