/** From an arranged group to attempts: each deployment once, then the retries with their delays. */
import type { Attempt, ByErrorClass, PlanQuery, RetryPolicy, RoutingSettings } from '#contracts';
import type { Candidate } from './candidate.js';
import type { Ranked } from './arrange.js';

/** Deployments of one group that one request tries at most. */
export const mostDeployments = 8;
const firstBackoffMs = 500;
const longestBackoffMs = 8_000;
const mostJitterMs = 750;
/** Room kept for the answer where the client did not say how long it may be, and prompt and answer share the context. */
const assumedAnswerTokens = 512;

/** Tokens that a candidate holds, and those of the context in use; null where nobody knows. */
export type ContextSizes = (candidate: Candidate) => {
  readonly limit: number | null;
  readonly inUse: number | null;
};

export interface GroupRole {
  readonly group: string;
  readonly fallbackFrom: string | null;
  readonly onlyAfter: Attempt['onlyAfter'];
  readonly truncates: boolean;
  /** Attempts that answer one kind of failure are made once. */
  readonly retries: boolean;
  /** `model_group_retry_policy` of the group; null where the common one holds. */
  readonly ownRetries: ByErrorClass | null;
}

/** The retries that a request may use: the client's number stands for all classes of failures. */
export function retryPolicyOf(query: PlanQuery, routing: RoutingSettings): RetryPolicy {
  const { numRetries } = query.overrides;
  if (numRetries !== null) return { count: numRetries, perClass: {} };
  return { count: routing.numRetries, perClass: routing.retryPolicy };
}

/**
 * Attempts on a group. Other deployments are tried before any is tried again; then it goes round until 1 + num_retries
 * tries are reached. A group of one waits between its tries, a larger one only `retry_after`.
 */
export function attemptsOfGroup(
  tried: readonly Ranked[],
  role: GroupRole,
  query: PlanQuery,
  routing: RoutingSettings,
  random: () => number,
  sizes: ContextSizes,
): Attempt[] {
  const policy = retryPolicyOf(query, routing);
  const perClass = query.overrides.numRetries === null ? (role.ownRetries ?? policy.perClass) : {};
  const mayRetry = tried.map((entry) => (role.retries ? retriesOf(entry.candidate, query, policy.count, perClass) : 0));
  const rounds = Math.max(0, ...mayRetry);
  const total = Math.max(tried.length, 1 + rounds);
  const attempts: Attempt[] = [];
  for (let retry = 0; retry <= rounds; retry += 1) {
    const delayMs = () =>
      retry === 0 ? 0 : tried.length > 1 ? routing.retryAfterMs : backoffMs(retry, routing, random);
    for (const [at, entry] of tried.entries()) {
      if (attempts.length >= total) return attempts;
      if ((mayRetry[at] ?? 0) < retry) continue;
      attempts.push(attemptOn(entry, role, query, retry, delayMs(), sizes));
    }
  }
  return attempts;
}

/** A deployment's own number, else the common one, and as many as the most patient class of failures needs. */
function retriesOf(candidate: Candidate, query: PlanQuery, count: number, perClass: ByErrorClass): number {
  const own = query.overrides.numRetries === null ? candidate.deployment.numRetries : null;
  return Math.max(own ?? count, ...Object.values(perClass));
}

function backoffMs(retry: number, routing: RoutingSettings, random: () => number): number {
  const baseMs = Math.min(longestBackoffMs, firstBackoffMs * 2 ** (retry - 1));
  return Math.round(Math.max(routing.retryAfterMs, baseMs) + random() * Math.min(mostJitterMs, baseMs / 2));
}

function attemptOn(
  entry: Ranked,
  role: GroupRole,
  query: PlanQuery,
  retry: number,
  delayMs: number,
  sizes: ContextSizes,
): Attempt {
  const { deployment, backend, upstreamModel } = entry.candidate;
  const { limit, inUse } = sizes(entry.candidate);
  const { overrides } = query;
  return {
    deploymentId: deployment.id,
    modelGroup: role.group,
    backend,
    upstreamModel,
    dialect: backend.dialect,
    kind: backend.kind,
    dataPolicy: deployment.dataPolicy,
    price: deployment.price,
    capabilities: deployment.capabilities,
    params: deployment.params,
    extraBody: deployment.extraBody,
    extraHeaders: deployment.extraHeaders,
    dropParams: deployment.dropParams,
    additionalDropParams: deployment.additionalDropParams,
    systemPrompt: deployment.systemPrompt,
    maxInputTokens: inUse,
    maxOutputTokens: deployment.maxOutputTokens,
    timeoutMs: overrides.timeoutMs ?? deployment.timeoutMs,
    firstTokenTimeoutMs: query.stream ? (overrides.streamTimeoutMs ?? deployment.streamTimeoutMs) : null,
    loadTimeoutMs: deployment.loadTimeoutMs,
    delayMs,
    retry,
    fallbackFrom: role.fallbackFrom,
    onlyAfter: role.onlyAfter,
    truncateToTokens: role.truncates ? truncateTo(entry.candidate, limit, query) : null,
    why: retry === 0 ? entry.why() : `${entry.why()}; retry ${retry}`,
  };
}

/** Local engines count prompt and answer against one context, so the answer's share is kept free there. */
function truncateTo(candidate: Candidate, limit: number | null, query: PlanQuery): number | null {
  if (limit === null || query.inputTokens <= limit) return null;
  if (candidate.backend.kind === 'cloud') return limit;
  const answer = Math.min(query.maxOutputTokens ?? assumedAnswerTokens, Math.floor(limit / 2));
  return Math.max(1, limit - answer);
}

/**
 * Puts `signalbox.first_token_timeout` on every attempt after which another deployment stands ready: a slow host is left
 * for another one, and waited for where there is no other.
 */
export function withFirstTokenTimeout(attempts: readonly Attempt[], timeoutMs: number | null): Attempt[] {
  if (timeoutMs === null) return [...attempts];
  return attempts.map((attempt, at) => {
    const isFollowed = attempts
      .slice(at + 1)
      .some((later) => later.onlyAfter === 'any' && later.deploymentId !== attempt.deploymentId);
    if (!isFollowed) return attempt;
    return { ...attempt, firstTokenTimeoutMs: Math.min(attempt.firstTokenTimeoutMs ?? timeoutMs, timeoutMs) };
  });
}
