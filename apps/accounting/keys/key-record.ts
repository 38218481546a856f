/** What the ingress is told of a key. */
import {
  budgetScopeName,
  memberId,
  strictestDataPolicy,
  type BudgetOwner,
  type BudgetUnit,
  type KeyRecord,
  type RateLimits,
} from '#contracts';
import { memberBudget } from './budget-rows.js';
import type { KeyRow, LimitedRow, TeamMemberRow, TeamRow, UserRow } from './rows.js';

export interface KeyWithOwners {
  readonly key: KeyRow;
  readonly team: TeamRow | null;
  readonly user: UserRow | null;
  /** The membership of the user in the team; null where they are no member. */
  readonly member: TeamMemberRow | null;
  /** Until when the digest that was asked for stands for the key; null = for good. */
  readonly digestValidUntil: Date | null;
  /** Whether the gateway as a whole has a budget. */
  readonly hasGlobalBudget: boolean;
}

/** The record of a key, with all that its team and user bring along. */
export function keyRecord({ key, team, user, member, digestValidUntil, hasGlobalBudget }: KeyWithOwners): KeyRecord {
  const blockedBy = key.blocked ? 'key' : team?.blocked === true ? 'team' : user?.blocked === true ? 'user' : null;
  return {
    v: 1,
    id: key.id,
    alias: key.alias,
    role: key.role === 'admin' || user?.role === 'proxy_admin' ? 'admin' : 'user',
    readsAll: user?.role === 'proxy_admin_viewer',
    teamId: key.teamId,
    teamAlias: team?.alias ?? null,
    userId: key.userId,
    blocked: blockedBy !== null,
    blockedBy,
    expiresAt: earliest(key.expiresAt, digestValidUntil)?.toISOString() ?? null,
    models: key.models,
    teamModels: team?.models ?? [],
    userModels: user?.models ?? [],
    aliases: key.aliases,
    limits: rateLimits(key),
    modelRpm: key.modelRpmLimit,
    modelTpm: key.modelTpmLimit,
    teamLimits: team === null ? null : limitsOrNull(team),
    userLimits: user === null ? null : limitsOrNull(user),
    memberLimits: team === null || user === null ? null : memberLimits(team, member),
    teamModelRpm: team?.modelRpmLimit ?? {},
    teamModelTpm: team?.modelTpmLimit ?? {},
    userModelRpm: user?.modelRpmLimit ?? {},
    userModelTpm: user?.modelTpmLimit ?? {},
    budgetScopes: [
      ...ownScopes('key', key.id, key),
      ...(team === null ? [] : ownScopes('team', team.id, team)),
      ...(user === null ? [] : ownScopes('user', user.id, user)),
      ...(team !== null && user !== null && memberBudget(team, member) !== null
        ? [budgetScopeName({ unit: 'usd', owner: 'member', id: memberId(team.id, user.id), model: null })]
        : []),
      ...(hasGlobalBudget ? [budgetScopeName({ unit: 'usd', owner: 'global', id: '', model: null })] : []),
    ],
    modelBudgetScopes: modelScopes('key', key.id, key),
    teamModelBudgetScopes: team === null ? {} : modelScopes('team', team.id, team),
    userModelBudgetScopes: user === null ? {} : modelScopes('user', user.id, user),
    dataPolicy: strictestDataPolicy([key.dataPolicy, team?.dataPolicy, user?.dataPolicy]) ?? null,
    priority: key.priority,
    maxWaitMs: key.maxWaitMs,
    tags: tagsOf(key, team),
    fullLogging: key.fullLogging,
    metadata: key.metadata,
  };
}

/** LiteLLM keeps tags of keys and teams in their metadata. */
function tagsOf(key: KeyRow, team: TeamRow | null): string[] {
  const named = [key.metadata['tags'], team?.metadata['tags']].flatMap((tags) => (Array.isArray(tags) ? tags : []));
  const texts = named.filter((tag): tag is string => typeof tag === 'string' && tag !== '' && tag.length <= 256);
  return [...new Set([...key.tags, ...texts])];
}

function earliest(a: Date | null, b: Date | null): Date | null {
  if (a === null) return b;
  if (b === null) return a;
  return a < b ? a : b;
}

function rateLimits(row: LimitedRow): RateLimits {
  const { rpmLimit: rpm, rpsLimit: rps, tpmLimit: tpm, maxParallelRequests } = row;
  return { rpm, rps, tpm, maxParallelRequests };
}

function limitsOrNull(row: LimitedRow): RateLimits | null {
  return nullWhereNone(rateLimits(row));
}

/** The limits of a user within a team: their own, else those of every member. */
function memberLimits(team: TeamRow, member: TeamMemberRow | null): RateLimits | null {
  const rpm = member?.rpmLimit ?? team.memberRpmLimit;
  const tpm = member?.tpmLimit ?? team.memberTpmLimit;
  return nullWhereNone({ rpm, tpm, rps: null, maxParallelRequests: null });
}

function nullWhereNone(limits: RateLimits): RateLimits | null {
  return Object.values(limits).every((value) => value === null) ? null : limits;
}

/** Budgets of single models, by the model's name. */
function modelScopes(owner: BudgetOwner, id: string, row: LimitedRow): Record<string, string> {
  const scope = (model: string) => budgetScopeName({ unit: 'usd', owner, id, model });
  return Object.fromEntries(Object.keys(row.modelMaxBudget).map((model) => [model, scope(model)]));
}

/** Scopes for which this row sets a budget of its own. */
function ownScopes(owner: BudgetOwner, id: string, row: LimitedRow): string[] {
  const units: [BudgetUnit, number | null][] = [
    ['usd', row.maxBudgetNanoUsd],
    ['tokens', row.maxTokensBudget],
    ['requests', row.maxRequestsBudget],
  ];
  return units.flatMap(([unit, limit]) => (limit === null ? [] : budgetScopeName({ unit, owner, id, model: null })));
}
