/** Whether a request may be answered from the cache, and its answer be kept. Pure. */
import {
  satisfiesDataPolicy,
  type CachedAnswer,
  type DataPolicy,
  type Deployment,
  type GeneralSettings,
} from '#contracts';
import type { CacheControls, StoredAnswer } from '#wire';
import type { ParsedRequest } from '../completion/request-facts.js';
import { settingsDigestOf } from './cache-key.js';

type CacheSettings = GeneralSettings['cache'];

export interface CacheUse {
  readonly read: boolean;
  readonly write: boolean;
  readonly ttlMs: number;
  /** Entries older than this do not count; null = any age. */
  readonly maxAgeMs: number | null;
  /** Where entries are: the configured place, or one that the request's data policy allows. */
  readonly place: CacheSettings['type'];
}

const cachedKinds = ['chat', 'completion', 'embedding'] as const;

/** No longer than this, whatever a request asks for. */
const longestTtlMs = 7 * 24 * 60 * 60 * 1000;

/** How a request uses the cache; null where it does not at all. `controls` are LiteLLM's, from the body. */
export function cacheUseOf(
  settings: CacheSettings,
  controls: CacheControls | undefined,
  kind: ParsedRequest['kind'],
  demanded: DataPolicy | null,
): CacheUse | null {
  if (!settings.enabled) return null;
  if (!(settings.callTypes ?? cachedKinds).some((cached) => cached === kind)) return null;
  if (settings.mode === 'default_off' && controls?.useCache !== true) return null;
  const ttlMs = Math.min(
    longestTtlMs,
    controls?.ttlSeconds === undefined ? settings.ttlMs : controls.ttlSeconds * 1000,
  );
  const { maxAgeSeconds } = controls ?? {};
  const use: CacheUse = {
    read: controls?.noCache !== true && maxAgeSeconds !== 0,
    write: controls?.noStore !== true && ttlMs > 0,
    ttlMs,
    maxAgeMs: maxAgeSeconds === undefined ? null : maxAgeSeconds * 1000,
    place: placeOf(settings.type, demanded),
  };
  return use.read || use.write ? use : null;
}

/** A Redis server is somebody else's machine: what must stay in the house, or must not be kept, stays in this process. */
function placeOf(type: CacheSettings['type'], demanded: DataPolicy | null): CacheSettings['type'] {
  return type === 'redis' && (demanded === 'local' || demanded === 'no-retention') ? 'local' : type;
}

/** Whether an entry may answer now. `deployment` is the one that made it, as the config has it today. */
export function isUsable(
  entry: CachedAnswer,
  use: CacheUse,
  deployment: Deployment | undefined,
  demanded: DataPolicy | null,
  nowMs: number,
): boolean {
  if (nowMs >= entry.expiresAtMs) return false;
  if (use.maxAgeMs !== null && nowMs - entry.storedAtMs > use.maxAgeMs) return false;
  if (deployment === undefined || settingsDigestOf(deployment) !== entry.settings) return false;
  return demanded === null || satisfiesDataPolicy(deployment.dataPolicy, demanded);
}

/**
 * Whether an answer is worth keeping: all choices have ended, with content, and none was cut by anything but the client's
 * own token limit (a context that was full, a budget that was nearly used up, a content filter).
 */
export function isWhole(answer: StoredAnswer, askedTokens: number | null): boolean {
  const spoken = answer.usage?.outputTokens ?? 0;
  return answer.choices.every(({ finish, blocks }) => {
    if (blocks.length === 0 || finish === 'content_filter') return false;
    return finish !== 'length' || (askedTokens !== null && spoken >= askedTokens);
  });
}
