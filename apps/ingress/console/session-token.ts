/** The console's session: a signed text that a cookie carries. Nothing is stored, so every ingress knows it. Pure. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** How long a sign-in lasts. */
export const sessionMs = 12 * 60 * 60 * 1_000;

export interface ConsoleSession {
  /** Random; names the session when it is ended before its time. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number;
}

/** The key that signs sessions. It hangs on the master key too: a new master key ends every session. */
export function sessionKeyOf(pepper: string, masterKey: string): Uint8Array {
  const master = createHash('sha256').update(masterKey, 'utf8').digest('hex');
  return createHmac('sha256', pepper).update(`console session\n${master}`, 'utf8').digest();
}

/** A session as the cookie's value: `1.EXPIRES.ID.MAC`. */
export function writeSession(key: Uint8Array, session: ConsoleSession): string {
  const facts = `1.${session.expiresAtMs.toString(36)}.${session.id}`;
  return `${facts}.${macOf(key, facts)}`;
}

/** The session in a cookie's value; null where it was not signed with this key, or is over. */
export function readSession(key: Uint8Array, token: string, nowMs: number): ConsoleSession | null {
  const match = /^(1\.([0-9a-z]{1,11})\.([A-Za-z0-9_-]{8,64}))\.([A-Za-z0-9_-]{43})$/.exec(token);
  const [, facts, expires, id, mac] = match ?? [];
  if (facts === undefined || expires === undefined || id === undefined || mac === undefined) return null;
  if (!timingSafeEqual(Buffer.from(macOf(key, facts)), Buffer.from(mac))) return null;
  const expiresAtMs = Number.parseInt(expires, 36);
  return expiresAtMs > nowMs ? { id, expiresAtMs } : null;
}

function macOf(key: Uint8Array, facts: string): string {
  return createHmac('sha256', key).update(facts, 'utf8').digest('base64url');
}
