/**
 * The periods of budgets. A window is computed from the clock when it is needed: there is no job that resets anything,
 * so nothing can be late or be forgotten. Alignment is LiteLLM's: days from midnight, 7d from Monday, 30d and 1mo from the
 * first of the month, shorter ones from the full hour, minute or second.
 */
import { durationMs, parseDuration, type Duration } from '../keys/duration.js';

export interface WindowRule {
  /** `1d`, `30s`, `monthly` ...; null = one window that never ends. */
  readonly duration: string | null;
  /** Time of day at which windows of days, weeks and months begin, `06:30`; null = midnight. */
  readonly resetAt: string | null;
  /** IANA name of the zone whose days are meant. */
  readonly timeZone: string;
}

export interface BudgetWindow {
  /** Names the window: its duration and its start, so that a new start is a new row. */
  readonly id: string;
  /** null for the window that never ends. */
  readonly startsAt: Date | null;
  readonly endsAt: Date | null;
}

const dayMs = 86_400_000;
const minutesOfDay = 1_440;

/** True where `windowAt` takes this duration. Windows of several months are not offered: LiteLLM has none either. */
export function isBudgetDuration(text: string): boolean {
  const duration = parseDuration(text);
  return duration !== null && !(duration.unit === 'mo' && duration.count > 1);
}

/** True for a time of day such as `00:00` or `6:30`. */
export function isResetTime(text: string): boolean {
  return minutesOf(text) !== null;
}

/** The window of `rule` that holds `now`. Throws RangeError for a duration, time or zone that does not exist. */
export function windowAt(rule: WindowRule, now: Date): BudgetWindow {
  if (rule.duration === null) return { id: 'all', startsAt: null, endsAt: null };
  const duration = isBudgetDuration(rule.duration) ? parseDuration(rule.duration) : null;
  if (duration === null) throw new RangeError(`not a budget duration: ${rule.duration}`);
  const minutes = rule.resetAt === null ? 0 : minutesOf(rule.resetAt);
  if (minutes === null) throw new RangeError(`not a time of day: ${rule.resetAt}`);
  const [startsAt, endsAt] = boundsOf(duration, minutes, rule.timeZone, now.getTime());
  const start = new Date(startsAt);
  return { id: `${duration.count}${duration.unit}@${start.toISOString()}`, startsAt: start, endsAt: new Date(endsAt) };
}

function boundsOf(duration: Duration, minutes: number, timeZone: string, now: number): [number, number] {
  const inDays = daysOf(duration);
  if (inDays === null && duration.unit !== 'mo') return shortBounds(durationMs(duration), timeZone, now);
  const day = budgetDay(now, minutes, timeZone);
  const [first, next] = dayBounds(inDays, day);
  return [instantOf(first, minutes, timeZone), instantOf(next, minutes, timeZone)];
}

/** The length in days where days are counted; `24h` (LiteLLM's `daily`) lands on midnight like `1d`. */
function daysOf(duration: Duration): number | null {
  if (duration.unit === 'd') return duration.count;
  if (duration.unit === 'w') return duration.count * 7;
  if (duration.unit === 'h' && duration.count === 24) return 1;
  return null;
}

/** First day of the window around `day` and of the next one, as days since 1970. `days` null = a month. */
function dayBounds(days: number | null, day: number): [number, number] {
  if (days === null || days === 30) {
    const date = new Date(day * dayMs);
    const month = (offset: number) => Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + offset, 1) / dayMs;
    return [month(0), month(1)];
  }
  // Days since Monday, 1970-01-05, so that weeks begin on Mondays.
  const first = days % 7 === 0 ? 4 + Math.floor((day - 4) / days) * days : Math.floor(day / days) * days;
  return [first, first + days];
}

/** Windows shorter than a day count from local midnight where a day is a whole number of them, else from 1970. */
function shortBounds(ms: number, timeZone: string, now: number): [number, number] {
  if (dayMs % ms !== 0) {
    const start = Math.floor(now / ms) * ms;
    return [start, start + ms];
  }
  const day = budgetDay(now, 0, timeZone);
  const midnight = instantOf(day, 0, timeZone);
  const start = midnight + Math.floor((now - midnight) / ms) * ms;
  // A day with a change of the clock has 23 or 25 hours: its last window ends with it.
  return [start, Math.min(start + ms, instantOf(day + 1, 0, timeZone))];
}

/** The day (since 1970) whose start at `minutes` past midnight is the last one at or before `now`. */
function budgetDay(now: number, minutes: number, timeZone: string): number {
  const local = now + offsetMs(now, timeZone);
  let day = Math.floor(local / dayMs);
  while (instantOf(day, minutes, timeZone) > now) day -= 1;
  while (instantOf(day + 1, minutes, timeZone) <= now) day += 1;
  return day;
}

/**
 * The instant at which local clocks show `minutes` past midnight of `day`: the first of two where clocks are set back, and
 * as much later as the clocks jump where that time does not exist.
 */
function instantOf(day: number, minutes: number, timeZone: string): number {
  const local = day * dayMs + minutes * 60_000;
  const early = local - offsetMs(local - dayMs, timeZone);
  const late = local - offsetMs(local + dayMs, timeZone);
  if (early + offsetMs(early, timeZone) === local) return early;
  return late + offsetMs(late, timeZone) === local ? late : early;
}

const formats = new Map<string, Intl.DateTimeFormat>();
/** Offsets by zone and quarter of an hour: clocks are only ever changed at one. A look-up costs 50 times less than Intl. */
const offsets = new Map<string, Map<number, number>>();
const quarterMs = 900_000;
const mostOffsets = 10_000;

/** How far local clocks are ahead of UTC at an instant, in milliseconds. Throws RangeError for an unknown zone. */
function offsetMs(instant: number, timeZone: string): number {
  const quarter = Math.floor(instant / quarterMs);
  let known = offsets.get(timeZone);
  if (known === undefined || known.size >= mostOffsets) {
    known = new Map();
    offsets.set(timeZone, known);
  }
  let offset = known.get(quarter);
  if (offset === undefined) {
    offset = computedOffsetMs(quarter * quarterMs, timeZone);
    known.set(quarter, offset);
  }
  return offset;
}

function computedOffsetMs(instant: number, timeZone: string): number {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(timeZone, format);
  }
  const part: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(instant)) part[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second) - instant;
}

function minutesOf(text: string): number | null {
  const match = /^(\d{1,2}):(\d{2})$/.exec(text);
  if (match === null) return null;
  const minutes = Number(match[1]) * 60 + Number(match[2]);
  return Number(match[2]) < 60 && minutes < minutesOfDay ? minutes : null;
}
