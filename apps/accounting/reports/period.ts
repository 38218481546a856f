/** The time a report is about. Days are days in UTC. */
import { GatewayError } from '#contracts';

export interface Period {
  /** Inclusive. */
  readonly from: Date;
  /** Exclusive. */
  readonly to: Date;
  /** The days that it touches, both inclusive: `2026-11-20`. */
  readonly firstDay: string;
  readonly lastDay: string;
}

const dayMs = 86_400_000;
const defaultDays = 30;

/** Reads `start_date` and `end_date`: days (the last one included) or ISO times. Without them, the last 30 days. */
export function readPeriod(start: string | null, end: string | null, now: Date): Period {
  const to = end === null ? startOfDay(now, 1) : readTime(end, 'end_date', 1);
  const from =
    start === null ? startOfDay(new Date(to.getTime() - 1), 1 - defaultDays) : readTime(start, 'start_date', 0);
  if (from >= to) throw badDate('end_date', 'must not be before start_date');
  return { from, to, firstDay: dayOf(from), lastDay: dayOf(new Date(to.getTime() - 1)) };
}

/** From inclusive, to exclusive; null does not limit. */
export interface Bounds {
  readonly from: Date | null;
  readonly to: Date | null;
}

/** The same for rows: what is not given does not limit. */
export function readBounds(start: string | null, end: string | null): Bounds {
  const from = start === null ? null : readTime(start, 'start_date', 0);
  const to = end === null ? null : readTime(end, 'end_date', 1);
  if (from !== null && to !== null && from >= to) throw badDate('end_date', 'must not be before start_date');
  return { from, to };
}

function readTime(text: string, field: string, daysOn: 0 | 1): Date {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text);
  // A time without a zone is UTC, as a day is; LiteLLM's clients write "2026-11-20 10:00:00".
  const iso = isDay || /(?:Z|[+-]\d{2}:?\d{2})$/.test(text) ? text : `${text.replace(' ', 'T')}Z`;
  const time = new Date(iso);
  const known = /^\d{4}-\d{2}-\d{2}/.test(text) && time.getTime() >= 0;
  if (!known || (isDay && dayOf(time) !== text))
    throw badDate(field, 'must be a day such as 2026-11-20, or an ISO time');
  return isDay ? startOfDay(time, daysOn) : time;
}

function startOfDay(time: Date, daysOn: number): Date {
  return new Date(Math.floor(time.getTime() / dayMs) * dayMs + daysOn * dayMs);
}

function dayOf(time: Date): string {
  return time.toISOString().slice(0, 10);
}

function badDate(field: string, problem: string): GatewayError {
  return new GatewayError('invalid_request', { message: `${field}: ${problem}`, param: field });
}
