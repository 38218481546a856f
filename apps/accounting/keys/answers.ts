/** Rows as LiteLLM's admin API shows them. */
import type { KeyAnswer, MemberAnswer, TeamAnswer, UserAnswer } from '#contracts';
import type { KeyRow, LimitedRow, TeamMemberRow, TeamRow, UserRow } from './rows.js';

/** What somebody spent. */
export interface Spent {
  readonly totalNanoUsd: number;
  /** What admins added to it, or took away, by setting the spend. */
  readonly correctionNanoUsd: number;
  /** In the budget's current window; null where there is no such window. */
  readonly windowNanoUsd: number | null;
  /** The same of a budget in tokens, and of one in requests; null also where there is no such budget. */
  readonly windowTokens: number | null;
  readonly windowRequests: number | null;
  /** In the present windows of the budgets for single models; models without any spend are left out. */
  readonly modelNanoUsd: Readonly<Record<string, number>>;
  readonly resetAt: Date | null;
  readonly lastAt: Date | null;
}

export const nothingSpent: Spent = {
  totalNanoUsd: 0,
  correctionNanoUsd: 0,
  windowNanoUsd: null,
  windowTokens: null,
  windowRequests: null,
  modelNanoUsd: {},
  resetAt: null,
  lastAt: null,
};

const usd = (nano: number) => nano / 1_000_000_000;
const usdOrNull = (nano: number | null) => (nano === null ? null : usd(nano));

function limitedAnswer(row: LimitedRow, spent: Spent) {
  const windowed = row.maxBudgetNanoUsd !== null && row.budgetDuration !== null;
  return {
    models: row.models,
    // A window that nobody has spent in yet has no row.
    spend: usd(windowed ? (spent.windowNanoUsd ?? 0) : spent.totalNanoUsd + spent.correctionNanoUsd),
    total_spend: usd(spent.totalNanoUsd),
    max_budget: usdOrNull(row.maxBudgetNanoUsd),
    soft_budget: usdOrNull(row.softBudgetNanoUsd),
    budget_duration: row.budgetDuration,
    budget_reset_at: row.budgetDuration === null ? null : (spent.resetAt?.toISOString() ?? null),
    max_tokens_budget: row.maxTokensBudget,
    max_requests_budget: row.maxRequestsBudget,
    tokens_used: row.maxTokensBudget === null ? null : (spent.windowTokens ?? 0),
    requests_used: row.maxRequestsBudget === null ? null : (spent.windowRequests ?? 0),
    rpm_limit: row.rpmLimit,
    rps_limit: row.rpsLimit,
    tpm_limit: row.tpmLimit,
    max_parallel_requests: row.maxParallelRequests,
    model_max_budget: Object.fromEntries(
      Object.entries(row.modelMaxBudget).map(([model, budget]) => [
        model,
        { budget_limit: usd(budget.limitNanoUsd), time_period: budget.duration },
      ]),
    ),
    model_spend: Object.fromEntries(
      Object.keys(row.modelMaxBudget).map((model) => [model, usd(spent.modelNanoUsd[model] ?? 0)]),
    ),
    model_rpm_limit: row.modelRpmLimit,
    model_tpm_limit: row.modelTpmLimit,
    data_policy: row.dataPolicy,
    metadata: row.metadata,
    blocked: row.blocked,
    created_at: row.createdAt.toISOString(),
    created_by: row.createdBy,
    updated_at: row.updatedAt.toISOString(),
    updated_by: row.updatedBy,
  };
}

function statusOf(row: KeyRow, now: Date): KeyAnswer['status'] {
  if (row.deletedAt !== null) return 'deleted';
  if (row.blocked) return 'blocked';
  return row.expiresAt !== null && row.expiresAt <= now ? 'expired' : 'active';
}

/** A key, without anything that could be used as one. */
export function keyAnswer(row: KeyRow, spent: Spent, now: Date): KeyAnswer {
  return {
    ...limitedAnswer(row, spent),
    token: row.id,
    key_name: `sk-...${row.last4}`,
    key_alias: row.alias,
    role: row.role,
    status: statusOf(row, now),
    expires: row.expiresAt?.toISOString() ?? null,
    user_id: row.userId,
    team_id: row.teamId,
    organization_id: null,
    aliases: row.aliases,
    config: row.config,
    permissions: row.permissions,
    tags: row.tags,
    priority: row.priority,
    max_wait: row.maxWaitMs === null ? null : row.maxWaitMs / 1_000,
    logging: row.fullLogging ? 'full' : 'none',
    last_active: spent.lastAt?.toISOString() ?? null,
    origin: row.origin,
    litellm_budget_table: null,
    temp_budget_increase: usdOrNull(row.tempBudgetNanoUsd),
    temp_budget_expiry: row.tempBudgetUntil?.toISOString() ?? null,
  };
}

export interface Member extends TeamMemberRow {
  readonly email: string | null;
  /** In the current window of the member's budget; null without one. */
  readonly spentNanoUsd: number | null;
}

function memberAnswer(member: Member): MemberAnswer {
  return {
    user_id: member.userId,
    user_email: member.email,
    role: member.role,
    max_budget_in_team: usdOrNull(member.maxBudgetNanoUsd),
    rpm_limit: member.rpmLimit,
    tpm_limit: member.tpmLimit,
    spend: usdOrNull(member.spentNanoUsd),
  };
}

/** A team with its members. */
export function teamAnswer(row: TeamRow, spent: Spent, members: readonly Member[]): TeamAnswer {
  return {
    ...limitedAnswer(row, spent),
    team_id: row.id,
    team_alias: row.alias,
    organization_id: null,
    admins: members.filter((member) => member.role === 'admin').map((member) => member.userId),
    members: members.map((member) => member.userId),
    members_with_roles: members.map(memberAnswer),
    team_member_budget: usdOrNull(row.memberBudgetNanoUsd),
    team_member_rpm_limit: row.memberRpmLimit,
    team_member_tpm_limit: row.memberTpmLimit,
  };
}

/** A user with the teams they belong to. */
export function userAnswer(row: UserRow, spent: Spent, teams: UserAnswer['teams']): UserAnswer {
  return {
    ...limitedAnswer(row, spent),
    user_id: row.id,
    user_alias: row.alias,
    user_email: row.email,
    user_role: row.role,
    teams,
  };
}
