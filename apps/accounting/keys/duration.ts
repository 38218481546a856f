/** Durations as LiteLLM writes them: `30s 10m 24h 1d 7d 2w 1mo`, and the words hourly, daily, weekly, monthly. */

export interface Duration {
  readonly count: number;
  readonly unit: 's' | 'm' | 'h' | 'd' | 'w' | 'mo';
}

const words: Readonly<Record<string, Duration>> = {
  hourly: { count: 1, unit: 'h' },
  daily: { count: 24, unit: 'h' },
  weekly: { count: 7, unit: 'd' },
  monthly: { count: 30, unit: 'd' },
};

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 } as const;
/** Ten years in days; longer than that is a typing error. */
const longestMs = 3_660 * unitMs.d;

/** Reads a duration; null where it is none, is zero or is longer than ten years. */
export function parseDuration(text: string): Duration | null {
  const word = words[text.toLowerCase()];
  if (word !== undefined) return word;
  const match = /^(\d{1,9})(s|m|h|d|w|mo)$/.exec(text);
  if (match === null) return null;
  const count = Number(match[1]);
  const unit = unitOf(match[2]);
  if (unit === null || count === 0) return null;
  const ms = unit === 'mo' ? count * 30 * unitMs.d : count * unitMs[unit];
  return ms > longestMs ? null : { count, unit };
}

const units = ['s', 'm', 'h', 'd', 'w', 'mo'] as const;

function unitOf(text: string | undefined): Duration['unit'] | null {
  return units.find((unit) => unit === text) ?? null;
}

/** The time `duration` after `at`. A month later is the same day of the month, or its last day where there is none. */
export function addDuration(at: Date, duration: Duration): Date {
  if (duration.unit !== 'mo') return new Date(at.getTime() + duration.count * unitMs[duration.unit]);
  const later = new Date(at);
  const day = at.getUTCDate();
  later.setUTCDate(1);
  later.setUTCMonth(later.getUTCMonth() + duration.count);
  const lastDay = new Date(Date.UTC(later.getUTCFullYear(), later.getUTCMonth() + 1, 0)).getUTCDate();
  later.setUTCDate(Math.min(day, lastDay));
  return later;
}

/** Milliseconds of a duration; a month counts 30 days. */
export function durationMs({ count, unit }: Duration): number {
  return unit === 'mo' ? count * 30 * unitMs.d : count * unitMs[unit];
}
