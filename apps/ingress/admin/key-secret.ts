/** Keys at the only place that ever sees them: made, digested, and named for others. */
import { createHmac, randomBytes } from 'node:crypto';
import { GatewayError, KeyDigest, KeyId, type KeyRef, type NewSecret } from '#contracts';

const keyForm = /^sk-[\x21-\x7e]{5,253}$/;

/** A new key: `sk-` and 22 URL-safe characters, 128 random bits. */
export function makeKey(): string {
  return `sk-${randomBytes(16).toString('base64url')}`;
}

/** What may leave the ingress of a key. */
export function secretOf(key: string, pepper: string): NewSecret {
  return { digest: digestOf(key, pepper), last4: key.slice(-4).padStart(4, '*') };
}

/** The key that a caller wants to have; throws invalid_request for one that is too short or of another form. */
export function customKey(value: unknown, name: string): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' && keyForm.test(value)) return value;
  throw new GatewayError('invalid_request', {
    message: `Invalid value for '${name}': a key begins with 'sk-' and has 8 to 256 characters without spaces.`,
    param: name,
  });
}

/** A key as a caller names it: the key itself, or its id (LiteLLM's `token`). */
export function keyRefOf(named: string, pepper: string): KeyRef {
  if (named.startsWith('sk-')) return { by: 'digest', digest: digestOf(named, pepper) };
  const id = KeyId.safeParse(named);
  if (id.success) return { by: 'id', id: id.data };
  throw new GatewayError('invalid_request', {
    message: "Invalid value for 'key': give the key itself or its token.",
    param: 'key',
  });
}

function digestOf(key: string, pepper: string): KeyDigest {
  return KeyDigest.parse(createHmac('sha256', pepper).update(key, 'utf8').digest('hex'));
}
