/** When an upstream wants to be asked again, from whichever of its headers says so. */
import { recordOf } from './loose-json.js';

/** Header names in lower case, as node gives them. */
export type UpstreamHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

const dayMs = 86_400_000;
/** Nothing longer is believed: a wrong unit must not take a deployment out for a year. */
const longestMs = 32 * dayMs;

/** The first value of a header, or null. */
export function headerOf(headers: UpstreamHeaders, name: string): string | null {
  const value = headers[name];
  const first = typeof value === 'string' ? value : value?.[0];
  return first === undefined || first.trim().length === 0 ? null : first.trim();
}

/** Go-style durations (`1s`, `6m0s`, `120ms`, `1h2m3.5s`) in milliseconds; null for anything else. */
export function durationMs(text: string): number | null {
  const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: dayMs };
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/u.test(text)) return null;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/gu)) {
    total += Number(amount) * (units[unit ?? ''] ?? 0);
  }
  return total;
}

/** A point in time or a span as upstreams write it: duration, seconds, epoch seconds or milliseconds, HTTP or RFC 3339 date. */
function waitMs(text: string, nowMs: number): number | null {
  const span = durationMs(text);
  if (span !== null) return span;
  if (/^\d+(?:\.\d+)?$/u.test(text)) {
    const number = Number(text);
    if (number > 1e11) return number - nowMs;
    if (number > 1e9) return number * 1000 - nowMs;
    return number * 1000;
  }
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : date - nowMs;
}

function plausible(ms: number | null): number | null {
  if (ms === null || !Number.isFinite(ms)) return null;
  return Math.min(longestMs, Math.max(0, Math.ceil(ms)));
}

/** Reset of the limits that are used up; where none says so, the longest of all resets would be a guess, so null. */
function resetOfSpentLimits(headers: UpstreamHeaders, nowMs: number): number | null {
  let longest: number | null = null;
  for (const [prefix, kinds] of [
    ['x-ratelimit', ['requests', 'tokens']],
    ['anthropic-ratelimit', ['requests', 'tokens', 'input-tokens', 'output-tokens']],
  ] as const) {
    for (const kind of kinds) {
      const isOpenAi = prefix === 'x-ratelimit';
      const remaining = headerOf(headers, isOpenAi ? `${prefix}-remaining-${kind}` : `${prefix}-${kind}-remaining`);
      const reset = headerOf(headers, isOpenAi ? `${prefix}-reset-${kind}` : `${prefix}-${kind}-reset`);
      if (remaining === null || Number(remaining) > 0 || reset === null) continue;
      const wait = waitMs(reset, nowMs);
      if (wait !== null) longest = Math.max(longest ?? 0, wait);
    }
  }
  return longest;
}

/** Milliseconds to wait, or null where the upstream does not say. `nowMs` is the clock, for dates. */
export function retryAfterOf(headers: UpstreamHeaders, nowMs: number): number | null {
  const milliseconds = headerOf(headers, 'retry-after-ms');
  if (milliseconds !== null && /^\d+(?:\.\d+)?$/u.test(milliseconds)) return plausible(Number(milliseconds));
  const after = headerOf(headers, 'retry-after');
  const wait = after === null ? null : waitMs(after, nowMs);
  if (wait !== null) return plausible(wait);
  const spent = resetOfSpentLimits(headers, nowMs);
  if (spent !== null) return plausible(spent);
  const reset = headerOf(headers, 'x-ratelimit-reset');
  return reset === null ? null : plausible(waitMs(reset, nowMs));
}

/** Headers that OpenRouter copies into an error's `metadata.headers`, in the form of real ones. */
export function headersOfMetadata(metadata: unknown): UpstreamHeaders {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(recordOf(recordOf(metadata)['headers']))) {
    if (typeof value === 'string' || typeof value === 'number') headers[name.toLowerCase()] = String(value);
  }
  return headers;
}

/** "Please try again in 1.2s" (OpenAI, Groq) and "retryDelay": "17s" (Google) in the text of an error; null where there is none. */
export function retryAfterInText(text: string): number | null {
  const match = /(?:try again in|retry in|retryDelay"?\s*:\s*"?)\s*((?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+)/iu.exec(text);
  return match?.[1] === undefined ? null : plausible(durationMs(match[1].toLowerCase()));
}
