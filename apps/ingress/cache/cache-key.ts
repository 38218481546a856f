/**
 * The key of an answer: a digest of everything that decides what a model says, in one canonical form, so that the order of
 * fields, the client's dialect and whether it streams make no difference. Holds no text of the request. Pure.
 */
import { createHash } from 'node:crypto';
import type { DataPolicy, Deployment, GeneralSettings, KeyRecord } from '#contracts';
import type { ParsedRequest } from '../completion/request-facts.js';

export interface CacheIdentity {
  /** Who shares the entry: see `cacheScopeOf`. */
  readonly scope: string;
  /** The config's namespace and the request's own. */
  readonly namespaces: readonly (string | null)[];
  /** What the request demands: entries made under another demand are never seen. */
  readonly dataPolicy: DataPolicy | null;
  readonly modelGroup: string;
  /** The name that was asked for. Only bodies that are kept as sent (embeddings) show it. */
  readonly model: string;
  readonly parsed: ParsedRequest;
}

/** SHA-256, hex. Equal requests have equal keys. */
export function cacheKeyOf(identity: CacheIdentity): string {
  const { scope, namespaces, dataPolicy, modelGroup, model, parsed } = identity;
  const shown = parsed.kind === 'embedding' ? model : null;
  const whole = [1, scope, namespaces, dataPolicy, modelGroup, shown, parsed.kind, parsed.request];
  return createHash('sha256').update(canonicalJson(whole)).digest('hex');
}

/** Who shares answers with a key. Two kinds of ids never meet. */
export function cacheScopeOf(key: Pick<KeyRecord, 'id' | 'teamId'>, scope: GeneralSettings['cache']['scope']): string {
  if (scope === 'all') return 'all';
  return scope === 'team' && key.teamId !== null ? `team:${key.teamId}` : `key:${key.id}`;
}

/** Digest of what the config says about a deployment beyond its address: another system prompt is another answer. */
export function settingsDigestOf(deployment: Deployment): string {
  const { upstreamModel, params, extraBody, systemPrompt, dropParams, additionalDropParams } = deployment;
  const settings = [upstreamModel, params, extraBody, systemPrompt, dropParams, additionalDropParams];
  return createHash('sha256').update(canonicalJson(settings)).digest('hex').slice(0, 16);
}

/** JSON with the members of every object in one order; members without a value are left out. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) => {
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
