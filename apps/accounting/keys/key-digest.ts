/** What is stored instead of a key. */
import { createHmac } from 'node:crypto';
import { KeyDigest } from '#contracts';

/**
 * HMAC-SHA-256 of the whole key under the pepper, in hex. Always computed from what the client presented, so that a
 * digest that leaked is never accepted as a key.
 */
export function digestOfKey(key: string, pepper: string): KeyDigest {
  return KeyDigest.parse(createHmac('sha256', pepper).update(key, 'utf8').digest('hex'));
}

/** The characters that a key is recognised by; a key of fewer characters is filled up from the left. */
export function lastFour(key: string): string {
  return key.slice(-4).padStart(4, '*');
}
