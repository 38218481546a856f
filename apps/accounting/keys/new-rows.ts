/** Rows as they begin: nothing allowed that was not asked for, no limit that was not set. */
import type { KeyId, TeamId, UserId } from '#contracts';
import type { KeyRow, LimitedRow, TeamMemberRow, TeamRow, UserRow } from './rows.js';

/** Who makes it, and when. */
export interface Making {
  readonly by: string;
  readonly now: Date;
}

function newLimited({ by, now }: Making): LimitedRow {
  return {
    models: [],
    maxBudgetNanoUsd: null,
    softBudgetNanoUsd: null,
    budgetDuration: null,
    budgetResetAt: null,
    maxTokensBudget: null,
    maxRequestsBudget: null,
    rpmLimit: null,
    rpsLimit: null,
    tpmLimit: null,
    maxParallelRequests: null,
    modelMaxBudget: {},
    modelRpmLimit: {},
    modelTpmLimit: {},
    dataPolicy: null,
    metadata: {},
    blocked: false,
    createdAt: now,
    createdBy: by,
    updatedAt: now,
    updatedBy: by,
    deletedAt: null,
  };
}

/** A key without limits. */
export function newKey(id: KeyId, last4: string, origin: KeyRow['origin'], making: Making): KeyRow {
  return {
    ...newLimited(making),
    id,
    alias: null,
    last4,
    role: 'user',
    teamId: null,
    userId: null,
    aliases: {},
    config: {},
    permissions: {},
    tags: [],
    priority: 'normal',
    maxWaitMs: null,
    fullLogging: false,
    expiresAt: null,
    origin,
    tempBudgetNanoUsd: null,
    tempBudgetUntil: null,
  };
}

/** A team without limits. */
export function newTeam(id: TeamId, making: Making): TeamRow {
  return {
    ...newLimited(making),
    id,
    alias: null,
    memberBudgetNanoUsd: null,
    memberRpmLimit: null,
    memberTpmLimit: null,
  };
}

/** A user without limits. */
export function newUser(id: UserId, making: Making): UserRow {
  return { ...newLimited(making), id, alias: null, email: null, role: 'internal_user' };
}

/** A member with nothing of their own. */
export function newMember(teamId: TeamId, userId: UserId, { now }: Making): TeamMemberRow {
  return { teamId, userId, role: 'user', maxBudgetNanoUsd: null, rpmLimit: null, tpmLimit: null, addedAt: now };
}
