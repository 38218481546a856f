/** Rows of keys, teams and users as the database holds them. Money is in nano-dollars; null = no limit, or not set. */
import type { DataPolicy, KeyId, Priority, TeamId, UserId } from '#contracts';

export interface ModelBudget {
  readonly limitNanoUsd: number;
  readonly duration: string | null;
}

/** What keys, teams and users have in common. */
export interface LimitedRow {
  /** Names, access groups, wildcards; empty = all. */
  models: string[];
  maxBudgetNanoUsd: number | null;
  softBudgetNanoUsd: number | null;
  budgetDuration: string | null;
  /** Time of day at which windows of days, weeks and months begin, `06:30`; null = midnight. */
  budgetResetAt: string | null;
  maxTokensBudget: number | null;
  maxRequestsBudget: number | null;
  rpmLimit: number | null;
  rpsLimit: number | null;
  tpmLimit: number | null;
  maxParallelRequests: number | null;
  modelMaxBudget: Record<string, ModelBudget>;
  modelRpmLimit: Record<string, number>;
  modelTpmLimit: Record<string, number>;
  dataPolicy: DataPolicy | null;
  metadata: Record<string, unknown>;
  blocked: boolean;
  createdAt: Date;
  createdBy: string;
  updatedAt: Date;
  updatedBy: string;
  deletedAt: Date | null;
}

export interface KeyRow extends LimitedRow {
  id: KeyId;
  alias: string | null;
  last4: string;
  role: 'admin' | 'user';
  teamId: TeamId | null;
  userId: UserId | null;
  aliases: Record<string, string>;
  config: Record<string, unknown>;
  permissions: Record<string, unknown>;
  tags: string[];
  priority: Priority;
  maxWaitMs: number | null;
  fullLogging: boolean;
  expiresAt: Date | null;
  /** `config`: declared in the config file, which decides over its fields. */
  origin: 'api' | 'config';
  /** On top of the budget until then; both or none. */
  tempBudgetNanoUsd: number | null;
  tempBudgetUntil: Date | null;
}

export interface TeamRow extends LimitedRow {
  id: TeamId;
  alias: string | null;
  /** Of each member who has no budget of their own in this team. */
  memberBudgetNanoUsd: number | null;
  /** Likewise, of each member who has no such limit of their own. */
  memberRpmLimit: number | null;
  memberTpmLimit: number | null;
}

export interface UserRow extends LimitedRow {
  id: UserId;
  alias: string | null;
  email: string | null;
  /** LiteLLM's: proxy_admin, internal_user ... Keys of a proxy_admin are admin keys. */
  role: string;
}

export interface TeamMemberRow {
  teamId: TeamId;
  userId: UserId;
  role: 'admin' | 'user';
  maxBudgetNanoUsd: number | null;
  rpmLimit: number | null;
  tpmLimit: number | null;
  addedAt: Date;
}

/** A digest that stands for a key: for good, or for the grace period after the key was made anew. */
export interface KeyDigestRow {
  digest: string;
  keyId: KeyId;
  validUntil: Date | null;
  createdAt: Date;
}
