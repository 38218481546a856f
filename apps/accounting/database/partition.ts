/** Months as partitions: names and bounds. */

export interface MonthPartition {
  /** `usage_events_2026_11`. */
  readonly name: string;
  /** First instant, and the first instant after it: ISO, UTC. */
  readonly from: string;
  readonly to: string;
}

const monthStart = (year: number, month: number) => new Date(Date.UTC(year, month, 1));

/** The partition of `table` for the month `offset` months from `now`. */
export function monthPartition(table: string, now: Date, offset: number): MonthPartition {
  const from = monthStart(now.getUTCFullYear(), now.getUTCMonth() + offset);
  const to = monthStart(now.getUTCFullYear(), now.getUTCMonth() + offset + 1);
  const month = `${from.getUTCMonth() + 1}`.padStart(2, '0');
  return { name: `${table}_${from.getUTCFullYear()}_${month}`, from: from.toISOString(), to: to.toISOString() };
}

/** True where a partition lies wholly before the rows that are to be kept; false for names that are no month. */
export function isExpiredPartition(table: string, name: string, now: Date, keepDays: number): boolean {
  const match = /^(\d{4})_(\d{2})$/.exec(name.startsWith(`${table}_`) ? name.slice(table.length + 1) : '');
  if (match === null) return false;
  const end = monthStart(Number(match[1]), Number(match[2]));
  return end.getTime() <= now.getTime() - keepDays * 86_400_000;
}
