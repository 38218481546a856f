/**
 * Which deployments of a group a request may go to, and why the others are out. Rules in the order of DESIGN section 5;
 * the first one that fails is the one that is told.
 */
import {
  satisfiesDataPolicy,
  type BackendHealth,
  type GeneralSettings,
  type InstalledModel,
  type PlanQuery,
  type RoutingSettings,
} from '#contracts';
import type { Candidate, Drop, DropStage } from './candidate.js';
import { missingCapability } from './capability-filter.js';
import { contextLimitOf } from './context-size.js';
import { isFreeModel } from './fleet/consequence.js';
import type { FleetView } from './fleet/fleet-view.js';

/** OpenRouter's limit for `:free` models, per account. */
export const freeRequestsPerMinute = 20;
/** How long a judgement of a silent health service still keeps a host out. */
const shortestHealthMemoryMs = 120_000;
/** A list of models older than this no longer proves that one is missing: the owner may have pulled it since. */
const rosterMemoryMs = 90_000;
const unhealthyRetryMs = 5_000;

/** What the rules look at, beside the candidate. */
export interface FilterContext {
  readonly query: PlanQuery;
  readonly routing: RoutingSettings;
  readonly general: GeneralSettings;
  readonly fleet: FleetView;
  readonly nowMs: number;
  /** The prompt will be cut to what the deployment holds. */
  readonly truncates: boolean;
  /** Hosts that another request tries again are taken too. */
  readonly joinsTrials: boolean;
}

export interface Sifted {
  readonly kept: readonly Candidate[];
  readonly drops: readonly Drop[];
}

type Installed = InstalledModel | 'missing' | null;

interface Refusal {
  readonly stage: DropStage;
  readonly reason: string;
  readonly retryAfterMs?: number;
}

/**
 * Splits candidates into those that may be used and those that may not. With `signalbox.auto_pull` a host that lacks the
 * model is used where no other one is left: it fetches it. Wildcards fetch nothing: clients would choose what.
 */
export function siftCandidates(candidates: readonly Candidate[], context: FilterContext): Sifted {
  const sifted = sift(candidates, context, false);
  if (sifted.kept.length > 0 || !context.general.autoPull) return sifted;
  return sift(candidates, context, true);
}

function sift(candidates: readonly Candidate[], context: FilterContext, fetches: boolean): Sifted {
  const kept: Candidate[] = [];
  const drops: Drop[] = [];
  const tagged = tagRule(candidates, context);
  for (const candidate of candidates) {
    const refusal = refusalOf(candidate, tagged, context, fetches);
    if (refusal === null) kept.push(candidate);
    else
      drops.push({
        candidate,
        stage: refusal.stage,
        reason: refusal.reason,
        retryAfterMs: refusal.retryAfterMs ?? null,
      });
  }
  return { kept, drops };
}

function refusalOf(candidate: Candidate, tagged: TagRule, context: FilterContext, fetches: boolean): Refusal | null {
  const health = healthOf(candidate, context);
  const listed = installedModel(candidate, health, context);
  const isFetched = fetches && !candidate.deployment.upstreamModel.includes('*');
  const installed = listed === 'missing' && isFetched ? null : listed;
  return (
    refusedByConfig(candidate, tagged, installed === 'missing' ? null : installed, context) ??
    refusedByHost(candidate, health, installed, context) ??
    refusedByBreaker(candidate, context) ??
    refusedByLimits(candidate, context)
  );
}

function refusedByConfig(
  candidate: Candidate,
  tagged: TagRule,
  installed: InstalledModel | null,
  context: FilterContext,
): Refusal | null {
  const { deployment } = candidate;
  const { query } = context;
  const missing = missingCapability(candidate, query, installed);
  if (missing !== null) return { stage: 'capability', reason: missing };
  if (!keepsPolicy(candidate, query.dataPolicy)) {
    return { stage: 'policy', reason: `its data policy is ${deployment.dataPolicy}, asked is ${query.dataPolicy}` };
  }
  if (deployment.missingVariables.length > 0) {
    return { stage: 'variables', reason: `environment variable not set: ${deployment.missingVariables.join(', ')}` };
  }
  if (!tagged(candidate)) return { stage: 'tags', reason: `its tags are [${deployment.tags.join(', ')}]` };
  const holds = context.truncates ? null : contextLimitOf(candidate, context.fleet);
  if (holds !== null && query.inputTokens > holds) {
    return { stage: 'context', reason: `holds ${holds} tokens, the prompt has ${query.inputTokens}` };
  }
  if (query.exclude.includes(deployment.id)) return { stage: 'excluded', reason: 'was tried already' };
  return null;
}

/** A request that demands `local` goes to local workers only, whatever a cloud deployment claims of itself. */
function keepsPolicy(candidate: Candidate, demanded: PlanQuery['dataPolicy']): boolean {
  if (demanded === null) return true;
  if (demanded === 'local' && candidate.backend.kind !== 'local') return false;
  return satisfiesDataPolicy(candidate.deployment.dataPolicy, demanded);
}

function refusedByHost(
  candidate: Candidate,
  health: BackendHealth | null,
  installed: Installed,
  context: FilterContext,
): Refusal | null {
  if (health?.state === 'unhealthy') {
    return { stage: 'health', reason: health.reason ?? 'the backend is unhealthy', retryAfterMs: unhealthyRetryMs };
  }
  if (context.fleet.load(candidate.backend.id, context.nowMs).draining) {
    return { stage: 'health', reason: 'the backend is being drained', retryAfterMs: unhealthyRetryMs };
  }
  if (installed === 'missing')
    return { stage: 'installed', reason: `the host does not have ${candidate.upstreamModel}` };
  return null;
}

function refusedByBreaker(candidate: Candidate, context: FilterContext): Refusal | null {
  const free = isFreeModel(candidate.backend.provider, candidate.upstreamModel);
  const state = context.fleet.breaker(candidate.deployment.id, candidate.backend.id, free, context.nowMs);
  if (state.kind !== 'open') return null;
  // A host has a queue that holds back what is too much for it; an account that refused is not asked twice.
  const onTrial = state.unserved || (state.onTrial && candidate.backend.kind === 'local');
  if (onTrial && context.joinsTrials) return null;
  const leftMs = state.untilMs - context.nowMs;
  return {
    stage: onTrial ? 'trial' : 'cooldown',
    reason: `cooling down for ${Math.ceil(leftMs / 1000)} s: ${state.reason}`,
    retryAfterMs: leftMs,
  };
}

function refusedByLimits(candidate: Candidate, context: FilterContext): Refusal | null {
  const { deployment, backend } = candidate;
  const { fleet, nowMs, query } = context;
  const { rpm, tpm } = deployment;
  if (rpm !== null || tpm !== null) {
    const usage = fleet.usage(deployment.id, nowMs);
    const retryAfterMs = () => fleet.roomInMs(deployment.id, rpm, tpm, query.inputTokens, nowMs);
    if (rpm !== null && usage.requests >= rpm) {
      return { stage: 'limits', reason: `its ${rpm} requests per minute are used up`, retryAfterMs: retryAfterMs() };
    }
    // A prompt larger than the whole limit is let through while nothing else was, or it could never be sent.
    if (tpm !== null && usage.tokens > 0 && usage.tokens + query.inputTokens > tpm) {
      return { stage: 'limits', reason: `its ${tpm} tokens per minute are used up`, retryAfterMs: retryAfterMs() };
    }
  }
  if (isFreeModel(backend.provider, candidate.upstreamModel)) {
    const free = fleet.freeUsage(backend.id, freeRequestsPerMinute, nowMs);
    if (free.requests >= freeRequestsPerMinute) {
      const reason = `the account's ${freeRequestsPerMinute} requests per minute to free models are used up`;
      return { stage: 'limits', reason, retryAfterMs: free.roomInMs };
    }
  }
  return null;
}

/** The judgement of a backend, unless the health service has been silent for three of its rounds. */
function healthOf(candidate: Candidate, context: FilterContext): BackendHealth | null {
  const maxAgeMs = Math.max(shortestHealthMemoryMs, 3 * context.general.healthCheckIntervalMs);
  return context.fleet.health(candidate.backend.id, maxAgeMs, context.nowMs);
}

/**
 * What the host says of the model; null where nobody knows. Only Ollama's list is complete: llama.cpp's server answers to
 * any name.
 */
function installedModel(candidate: Candidate, health: BackendHealth | null, context: FilterContext): Installed {
  if (candidate.backend.kind !== 'local' || health === null || health.installed === null) return null;
  const found = context.fleet.installed(candidate.backend.id, candidate.taggedModel);
  if (found !== undefined) return found;
  if (candidate.backend.dialect !== 'ollama') return null;
  return context.fleet.hasFreshList(candidate, rosterMemoryMs, context.nowMs) ? 'missing' : null;
}

type TagRule = (candidate: Candidate) => boolean;

/**
 * LiteLLM's tag filter: deployments with any (or all) of the request's tags; where there are none, and for requests
 * without tags, those tagged `default`; requests without tags may use anything where nothing is tagged so.
 */
function tagRule(candidates: readonly Candidate[], context: FilterContext): TagRule {
  const { routing, query } = context;
  if (!routing.enableTagFiltering) return () => true;
  const wanted = query.overrides.tags;
  const isDefault: TagRule = (candidate) => candidate.deployment.tags.includes('default');
  if (wanted.length > 0) {
    const has = (candidate: Candidate) => (tag: string) => candidate.deployment.tags.includes(tag);
    const matches: TagRule = (candidate) =>
      routing.tagFilteringMatchAny ? wanted.some(has(candidate)) : wanted.every(has(candidate));
    return candidates.some(matches) ? matches : isDefault;
  }
  return candidates.some(isDefault) ? isDefault : () => true;
}
