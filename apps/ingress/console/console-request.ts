/** Which requests the console itself made, and the cookie between it and the ingress. Pure. */
import type { IncomingHttpHeaders } from 'node:http';
import { isOwnOrigin } from '../http/host-rule.js';

/** A header that no form, link or image can send; another origin's script only after a preflight that is never granted with cookies. */
export const consoleHeader = 'x-signalbox-console';

const cookieName = 'signalbox_console';

/** True where the console's own page made the request: its header is there, and no browser says that it came from elsewhere. */
export function isFromConsole(headers: IncomingHttpHeaders): boolean {
  if (headers[consoleHeader] !== '1') return false;
  // Browsers send it to https and to loopback only; no script can forge it. Where it is missing, the origin has to do.
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  return headers.origin === undefined || isOwnOrigin(headers.origin, headers.host);
}

/** True where the request brings a key of its own, which then decides alone. */
export function bringsKey(headers: IncomingHttpHeaders): boolean {
  return ['authorization', 'x-api-key', 'x-litellm-api-key', 'api-key'].some((name) => headers[name] !== undefined);
}

/** The session's text; null where there is no cookie, or more than one of that name. */
export function sessionCookieOf(headers: IncomingHttpHeaders): string | null {
  const found = (headers.cookie ?? '')
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part.startsWith(`${cookieName}=`));
  const [only] = found;
  return found.length === 1 && only !== undefined ? only.slice(cookieName.length + 1) : null;
}

/** `set-cookie` for a session. `secure`: the browser came by https. An age of 0 takes the cookie away. */
export function sessionCookie(value: string, options: { maxAgeSeconds: number; secure: boolean }): string {
  const age = `Max-Age=${String(options.maxAgeSeconds)}`;
  return [
    `${cookieName}=${value}`,
    'Path=/',
    age,
    'HttpOnly',
    'SameSite=Strict',
    ...(options.secure ? ['Secure'] : []),
  ].join('; ');
}

/** Whether the browser's side of the connection is encrypted: here, or at the proxy in front. */
export function cameByHttps(headers: IncomingHttpHeaders, encrypted: boolean): boolean {
  const forwarded = headers['x-forwarded-proto'];
  return encrypted || (typeof forwarded === 'string' && forwarded.split(',')[0]?.trim().toLowerCase() === 'https');
}
