/** Keys, teams, users, their budgets, and the trail of every admin change. */
import type { SchemaStep } from './migration.js';

/** What keys, teams and users have in common. Money is in nano-dollars; null = no limit. */
const sharedColumns = `
  models text[] NOT NULL DEFAULT '{}',
  max_budget_nano_usd bigint CHECK (max_budget_nano_usd >= 0),
  soft_budget_nano_usd bigint CHECK (soft_budget_nano_usd >= 0),
  budget_duration text,
  budget_reset_at text,
  max_tokens_budget bigint CHECK (max_tokens_budget >= 0),
  max_requests_budget bigint CHECK (max_requests_budget >= 0),
  rpm_limit integer CHECK (rpm_limit >= 0),
  rps_limit integer CHECK (rps_limit >= 0),
  tpm_limit bigint CHECK (tpm_limit >= 0),
  max_parallel_requests integer CHECK (max_parallel_requests >= 0),
  model_max_budget jsonb NOT NULL DEFAULT '{}',
  model_rpm_limit jsonb NOT NULL DEFAULT '{}',
  model_tpm_limit jsonb NOT NULL DEFAULT '{}',
  data_policy text,
  metadata jsonb NOT NULL DEFAULT '{}',
  blocked boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by text NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  updated_by text NOT NULL,
  deleted_at timestamptz`;

export const access: SchemaStep = {
  name: 'Access1763700000001',
  up: [
    `CREATE TABLE teams (id text PRIMARY KEY, alias text, ${sharedColumns})`,
    `CREATE TABLE users (id text PRIMARY KEY, alias text, email text, role text NOT NULL DEFAULT 'internal_user', ${sharedColumns})`,
    `CREATE TABLE team_members (
      team_id text NOT NULL REFERENCES teams (id),
      user_id text NOT NULL REFERENCES users (id),
      role text NOT NULL DEFAULT 'user' CHECK (role IN ('admin', 'user')),
      max_budget_nano_usd bigint CHECK (max_budget_nano_usd >= 0),
      added_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (team_id, user_id)
    )`,
    `CREATE INDEX team_members_user ON team_members (user_id)`,
    `CREATE TABLE keys (
      id text PRIMARY KEY,
      alias text,
      last4 text NOT NULL,
      role text NOT NULL DEFAULT 'user' CHECK (role IN ('admin', 'user')),
      team_id text REFERENCES teams (id),
      user_id text REFERENCES users (id),
      aliases jsonb NOT NULL DEFAULT '{}',
      config jsonb NOT NULL DEFAULT '{}',
      permissions jsonb NOT NULL DEFAULT '{}',
      tags text[] NOT NULL DEFAULT '{}',
      priority text NOT NULL DEFAULT 'normal',
      max_wait_ms bigint,
      full_logging boolean NOT NULL DEFAULT false,
      expires_at timestamptz,
      origin text NOT NULL DEFAULT 'api' CHECK (origin IN ('api', 'config')),
      ${sharedColumns}
    )`,
    `CREATE UNIQUE INDEX keys_alias ON keys (alias) WHERE deleted_at IS NULL`,
    `CREATE INDEX keys_team ON keys (team_id) WHERE team_id IS NOT NULL`,
    `CREATE INDEX keys_user ON keys (user_id) WHERE user_id IS NOT NULL`,
    `CREATE INDEX keys_created ON keys (created_at DESC, id)`,
    // A regenerated key has two digests for as long as the old one is granted.
    `CREATE TABLE key_digests (
      digest text PRIMARY KEY,
      key_id text NOT NULL REFERENCES keys (id),
      valid_until timestamptz,
      created_at timestamptz NOT NULL DEFAULT now()
    )`,
    `CREATE INDEX key_digests_key ON key_digests (key_id)`,
    // One row for each budget, under its scope's name: what leases are granted from. Amounts in the unit (usd: nano-dollars).
    `CREATE TABLE budget (
      scope text PRIMARY KEY,
      unit text NOT NULL CHECK (unit IN ('usd', 'tokens', 'requests')),
      limit_n bigint NOT NULL CHECK (limit_n >= 0),
      soft_limit_n bigint CHECK (soft_limit_n >= 0),
      duration text,
      reset_at text,
      owner_kind text NOT NULL CHECK (owner_kind IN ('key', 'team', 'user', 'global')),
      owner_id text NOT NULL,
      label text,
      updated_at timestamptz NOT NULL DEFAULT now()
    )`,
    `CREATE INDEX budget_owner ON budget (owner_kind, owner_id)`,
    `CREATE TABLE audit (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      at timestamptz NOT NULL DEFAULT now(),
      actor_kind text NOT NULL,
      actor_id text,
      actor_alias text,
      action text NOT NULL,
      target_kind text NOT NULL,
      target_id text NOT NULL,
      before jsonb,
      after jsonb
    )`,
    `CREATE INDEX audit_target ON audit (target_kind, target_id, id DESC)`,
    `CREATE INDEX audit_at ON audit (at)`,
  ],
  down: ['audit', 'budget', 'key_digests', 'keys', 'team_members', 'users', 'teams'].map(
    (table) => `DROP TABLE IF EXISTS ${table}`,
  ),
};
