/** Numbers, money and times as people read them. Pure: the time zone is the caller's. */

const dash = '–';

/** USD: cents where there are some, else as many places as the first two digits need. */
export function usd(amount: number | null): string {
  if (amount === null) return dash;
  if (amount === 0) return '$0';
  const size = Math.abs(amount);
  if (size < 0.000_001) return amount < 0 ? '> -$0.000001' : '< $0.000001';
  const places = size >= 0.1 ? 2 : Math.min(8, 1 - Math.floor(Math.log10(size)));
  const digits = size.toLocaleString('en-GB', { minimumFractionDigits: 2, maximumFractionDigits: places });
  return `${amount < 0 ? '-' : ''}$${digits}`;
}

/** A count: whole up to 9,999, then with k, M or G. */
export function count(value: number): string {
  if (Math.abs(value) < 10_000) return value.toLocaleString('en-GB', { maximumFractionDigits: 0 });
  const [scale, unit] = value < 999_500 ? [1e3, 'k'] : value < 999_500_000 ? [1e6, 'M'] : [1e9, 'G'];
  const scaled = value / scale;
  return `${scaled.toLocaleString('en-GB', { maximumFractionDigits: scaled < 100 ? 1 : 0 })}${unit}`;
}

/** Milliseconds as ms, seconds or minutes. */
export function duration(ms: number | null): string {
  if (ms === null) return dash;
  if (ms < 1_000) return `${Math.round(ms).toString()} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60).toString()} min ${(seconds % 60).toString()} s`;
  return `${Math.floor(seconds / 3_600).toString()} h ${Math.floor((seconds % 3_600) / 60).toString()} min`;
}

/** Bytes in GB or MB, decimal as disks and models are sold. */
export function bytes(size: number): string {
  return size >= 1e9 ? `${(size / 1e9).toFixed(1)} GB` : `${Math.round(size / 1e6).toString()} MB`;
}

/** How long ago, or how far ahead: `12 s ago`, `in 3 min`. */
export function relative(iso: string | null | undefined, nowMs: number): string {
  const at = iso === null || iso === undefined ? Number.NaN : Date.parse(iso);
  if (Number.isNaN(at)) return dash;
  const size = Math.abs(nowMs - at);
  if (size < 1_500) return 'now';
  const text =
    size < 90_000
      ? `${Math.round(size / 1_000).toString()} s`
      : size < 5_400_000
        ? `${Math.round(size / 60_000).toString()} min`
        : size < 129_600_000
          ? `${Math.round(size / 3_600_000).toString()} h`
          : `${Math.round(size / 86_400_000).toString()} days`;
  return at <= nowMs ? `${text} ago` : `in ${text}`;
}

/** Time of day, with the date where it is another day. */
export function clock(iso: string, nowMs: number, timeZone?: string): string {
  const at = Date.parse(iso);
  if (Number.isNaN(at)) return iso;
  const zone = timeZone === undefined ? {} : { timeZone };
  const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', ...zone });
  const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit', ...zone });
  const sameDay = day.format(at) === day.format(nowMs) && Math.abs(nowMs - at) < 172_800_000;
  return sameDay ? time.format(at) : `${day.format(at)}, ${time.format(at)}`;
}

/** A sentence with its ISO times as people read them. */
export function withClock(sentence: string, nowMs: number, timeZone?: string): string {
  return sentence.replace(/\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z/g, (iso) => clock(iso, nowMs, timeZone));
}

/** `2026-11-05` as `5 Nov`. */
export function dayLabel(day: string): string {
  const at = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(at)) return day;
  return new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(at);
}

/** A whole percentage; `null` for a share of nothing. */
export function percent(part: number, whole: number): string {
  return whole > 0 ? `${Math.round((part / whole) * 100).toString()} %` : dash;
}
