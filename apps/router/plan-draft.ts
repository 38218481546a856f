/** A plan in the making: the attempts so far, what was left out and why, and which models were looked at. */
import type { Attempt, ByErrorClass, Plan, PlanQuery } from '#contracts';
import { arrange } from './arrange.js';
import {
  attemptsOfGroup,
  mostDeployments,
  retryPolicyOf,
  withFirstTokenTimeout,
  type GroupRole,
} from './attempt-list.js';
import { labelOf, type Candidate, type Drop } from './candidate.js';
import { siftCandidates } from './candidate-filter.js';
import { contextInUseOf, contextLimitOf } from './context-size.js';
import type { FleetView } from './fleet/fleet-view.js';
import { lotFor } from './lot.js';
import type { Resolution } from './model-resolution.js';
import type { RouteIndex } from './route-index.js';

/** Longest plan: whoever has failed so often has waited long enough. */
const mostAttempts = 32;
const mostReasons = 64;

export interface DraftContext {
  readonly query: PlanQuery;
  readonly fleet: FleetView;
  readonly index: RouteIndex;
  readonly random: () => number;
  readonly nowMs: number;
}

export interface Expansion {
  readonly added: number;
  readonly drops: readonly Drop[];
}

export class PlanDraft {
  readonly #attempts: Attempt[] = [];
  readonly #reasons: string[] = [];
  readonly #seen = new Map<string, Set<string>>();
  /** Retries of the groups that have numbers of their own. */
  readonly #ownRetries: Record<string, ByErrorClass> = {};

  constructor(readonly context: DraftContext) {}

  get isEmpty(): boolean {
    return this.#attempts.length === 0;
  }

  /** False where nothing but answers to typed failures was found: they have nothing to answer. */
  get startsWithAny(): boolean {
    return this.#attempts.some((attempt) => attempt.onlyAfter === 'any');
  }

  get reasons(): readonly string[] {
    return this.#reasons;
  }

  /** Something an admin should read, up to a bound. */
  note(reason: string): void {
    if (this.#reasons.length < mostReasons) this.#reasons.push(reason);
  }

  /** True the first time that a model is named for this kind of failure. */
  takesUp(group: string, onlyAfter: Attempt['onlyAfter'], truncates = false): boolean {
    return take(this.#seenFor(`group ${onlyAfter} ${truncates}`), group);
  }

  /** Adds the attempts on a group. A deployment that stands in the plan already, under another name, is left out. */
  addGroup(
    resolution: Resolution,
    role: Omit<GroupRole, 'group' | 'ownRetries'> & { joinsTrials?: boolean },
  ): Expansion {
    const { query, fleet, index, random, nowMs } = this.context;
    const { routing, general } = index.snapshot;
    const { truncates, joinsTrials = false } = role;
    const seen = this.#seenFor(`deployment ${role.onlyAfter} ${truncates} ${joinsTrials}`);
    const fresh = resolution.candidates.filter((candidate) => take(seen, identityOf(candidate)));
    const filter = { query, routing, general, fleet, nowMs, truncates, joinsTrials };
    const { kept, drops } = siftCandidates(fresh, filter);
    for (const drop of drops.slice(0, mostReasons)) this.note(`${labelOf(drop.candidate)}: ${drop.reason}`);
    const lot = lotFor(query.affinity, random);
    const { stream, inputTokens } = query;
    const ranked = arrange(kept, mostDeployments, routing, { fleet, stream, inputTokens, random, lot, nowMs });
    const room = mostAttempts - this.#attempts.length;
    const ownRetries = this.#retriesOf(resolution);
    const group: GroupRole = { ...role, group: resolution.group, ownRetries };
    const sizes = (candidate: Candidate) => ({
      limit: contextLimitOf(candidate, fleet),
      inUse: contextInUseOf(candidate, fleet, nowMs),
    });
    const attempts = attemptsOfGroup(ranked, group, query, routing, random, sizes).slice(0, Math.max(0, room));
    for (const attempt of attempts) {
      this.#attempts.push(attempt);
      this.note(`attempt ${this.#attempts.length}: ${attempt.modelGroup} on ${attempt.backend.id}, ${attempt.why}`);
    }
    return { added: attempts.length, drops };
  }

  /** The finished plan; at least one attempt must have been added. */
  finish(primary: Resolution): Plan {
    const { query, index } = this.context;
    const { routing } = index.snapshot;
    const policy = retryPolicyOf(query, routing);
    const own = query.overrides.numRetries === null ? this.#longestOwnRetry() : 0;
    // Where the group itself has nothing, the typed answers stand first, and an attempt of any kind must begin.
    const any = this.#attempts.findIndex((attempt) => attempt.onlyAfter === 'any');
    const attempts = any > 0 ? [...this.#attempts.slice(any), ...this.#attempts.slice(0, any)] : this.#attempts;
    return {
      v: 1,
      revision: index.snapshot.revision,
      model: query.model,
      modelGroup: primary.group,
      attempts: withFirstTokenTimeout(attempts, routing.firstTokenTimeoutMs),
      retry: {
        count: Math.max(policy.count, own),
        perClass: policy.perClass,
        ...(Object.keys(this.#ownRetries).length === 0 ? {} : { perGroup: this.#ownRetries }),
      },
      reasons: [...this.#reasons],
      complexity: primary.complexity,
    };
  }

  /** `model_group_retry_policy` of the asked name, an alias on the way, or the group; none where the client set a number. */
  #retriesOf({ group, path }: Resolution): ByErrorClass | null {
    const { query, index } = this.context;
    const policies = index.snapshot.routing.groupRetryPolicy;
    if (policies === undefined || query.overrides.numRetries !== null) return null;
    const name = path.find((one) => Object.hasOwn(policies, one));
    const own = name === undefined ? undefined : policies[name];
    if (own === undefined) return null;
    this.#ownRetries[group] = own;
    return own;
  }

  #seenFor(kind: string): Set<string> {
    let seen = this.#seen.get(kind);
    if (seen === undefined) this.#seen.set(kind, (seen = new Set()));
    return seen;
  }

  #longestOwnRetry(): number {
    const byId = this.context.index.byId;
    return Math.max(0, ...this.#attempts.map((one) => byId.get(one.deploymentId)?.deployment.numRetries ?? 0));
  }
}

/** A wildcard's deployment stands for many models, any other for one. */
function identityOf(candidate: Candidate): string {
  const { deployment, upstreamModel } = candidate;
  return upstreamModel === deployment.upstreamModel ? deployment.id : `${deployment.id} ${upstreamModel}`;
}

/** True the first time. */
function take(seen: Set<string>, name: string): boolean {
  if (seen.has(name)) return false;
  seen.add(name);
  return true;
}
