/** Reads the key out of a request's headers. Looks nothing up and keeps nothing. */
import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import { GatewayError, KeyDigest, KeyId, KeyRecord } from '#contracts';

export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Headers that may hold a key, as LiteLLM takes them, the most specific first. */
const keyHeaders = ['x-litellm-api-key', 'authorization', 'api-key', 'x-api-key', 'x-goog-api-key'];

/** The key that the client presented; null where there is none. A scheme other than Bearer is no key. */
export function presentedKey(headers: RequestHeaders): string | null {
  for (const name of keyHeaders) {
    const value = headers[name];
    const text = typeof value === 'string' ? value.trim() : '';
    if (text === '') continue;
    const bearer = /^bearer\s+(\S+)$/i.exec(text)?.[1];
    if (bearer !== undefined) return bearer;
    if (name !== 'authorization' && !text.includes(' ')) return text;
  }
  return null;
}

/** True for what can be a key at all: anything else is refused without a look-up. Keys of the config may be as short as its owner likes. */
export function isKeyShaped(key: string): boolean {
  return /^[\x21-\x7e]{1,256}$/.test(key);
}

/** HMAC-SHA-256 of the whole key under the pepper: what the database knows it by. */
export function keyDigest(key: string, pepper: string): KeyDigest {
  return KeyDigest.parse(createHmac('sha256', pepper).update(key, 'utf8').digest('hex'));
}

/** Compares secrets in a time that does not depend on where they differ. */
export function isSameSecret(a: string, b: string): boolean {
  const digest = (text: string) => hash('sha256', text, 'buffer');
  return timingSafeEqual(digest(a), digest(b));
}

/** The refusal of a key, with just enough of it to recognise which one it was. */
export function wrongKey(presented: string): GatewayError {
  const printable = presented.replace(/[^\x20-\x7e]/g, '?');
  const shown = printable.length > 12 ? `${printable.slice(0, 3)}...${printable.slice(-4)}` : '***';
  return new GatewayError('invalid_api_key', { message: `Incorrect API key provided: ${shown}.` });
}

export function missingKey(): GatewayError {
  return new GatewayError('invalid_api_key', {
    message: 'No API key was given. Send it as `Authorization: Bearer KEY` or `x-api-key: KEY`.',
  });
}

/** Why a known key may not be used now; null where it may. `now` in milliseconds. */
export function keyProblem(key: KeyRecord, now: number): GatewayError | null {
  if (key.blocked) {
    return new GatewayError('invalid_api_key', { message: `${blockedOwner(key)} is blocked.` });
  }
  if (key.expiresAt !== null && Date.parse(key.expiresAt) <= now) {
    return new GatewayError('invalid_api_key', { message: `The ${named(key)} expired at ${key.expiresAt}.` });
  }
  return null;
}

/** With its alias, which says which of many keys it is; never with a part of the key. */
const named = ({ alias }: KeyRecord) => (alias === null ? 'key' : `key '${alias}'`);

function blockedOwner(key: KeyRecord): string {
  if (key.blockedBy === 'team') return `The team '${key.teamAlias ?? key.teamId ?? '?'}' of the ${named(key)}`;
  if (key.blockedBy === 'user') return `The user '${key.userId ?? '?'}' of the ${named(key)}`;
  return `The ${named(key)}`;
}

/** The record of the master key, or of everybody where no key is configured. The budget of the whole gateway binds it too. */
export function masterRecord(id: 'master' | 'anonymous', budgetScopes: readonly string[]): KeyRecord {
  return {
    v: 1,
    id: KeyId.parse(id),
    alias: id,
    role: 'master',
    readsAll: true,
    teamId: null,
    teamAlias: null,
    userId: null,
    blocked: false,
    blockedBy: null,
    expiresAt: null,
    models: [],
    teamModels: [],
    userModels: [],
    aliases: {},
    limits: { rpm: null, rps: null, tpm: null, maxParallelRequests: null },
    modelRpm: {},
    modelTpm: {},
    teamLimits: null,
    userLimits: null,
    memberLimits: null,
    teamModelRpm: {},
    teamModelTpm: {},
    userModelRpm: {},
    userModelTpm: {},
    budgetScopes: [...budgetScopes],
    modelBudgetScopes: {},
    teamModelBudgetScopes: {},
    userModelBudgetScopes: {},
    dataPolicy: null,
    priority: 'normal',
    maxWaitMs: null,
    tags: [],
    fullLogging: false,
    metadata: {},
  };
}
