/** Which spend reports are due. Days are in UTC, as the daily sums are. */

export interface ReportPeriod {
  readonly period: 'daily' | 'weekly';
  /** Days, both included. */
  readonly from: string;
  readonly to: string;
}

const dayMs = 86_400_000;
/** Usage of the last minutes of a day is posted a little later. */
const settleMs = 10 * 60_000;

/** Yesterday's report, and on Mondays that of the week before; none in the first minutes of a day. */
export function reportsDue(now: Date): ReportPeriod[] {
  const today = Math.floor(now.getTime() / dayMs);
  if (now.getTime() - today * dayMs < settleMs) return [];
  const text = (day: number) => new Date(day * dayMs).toISOString().slice(0, 10);
  const daily: ReportPeriod = { period: 'daily', from: text(today - 1), to: text(today - 1) };
  // 1970-01-01 was a Thursday.
  const isMonday = (today + 3) % 7 === 0;
  return isMonday ? [daily, { period: 'weekly', from: text(today - 7), to: text(today - 1) }] : [daily];
}
