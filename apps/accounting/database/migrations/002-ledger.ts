/** What was used, the append-only ledger, the windows and leases of budgets, and the sums that reports read. */
import type { SchemaStep } from './migration.js';

/** What each aggregate counts. */
const sums = `
  requests bigint NOT NULL DEFAULT 0,
  failures bigint NOT NULL DEFAULT 0,
  cache_hits bigint NOT NULL DEFAULT 0,
  input_tokens bigint NOT NULL DEFAULT 0,
  cached_input_tokens bigint NOT NULL DEFAULT 0,
  output_tokens bigint NOT NULL DEFAULT 0,
  reasoning_tokens bigint NOT NULL DEFAULT 0,
  spend_nano_usd bigint NOT NULL DEFAULT 0,
  cloud_equivalent_nano_usd bigint NOT NULL DEFAULT 0,
  unpriced bigint NOT NULL DEFAULT 0,
  duration_ms bigint NOT NULL DEFAULT 0`;

export const ledger: SchemaStep = {
  name: 'Ledger1763700000002',
  up: [
    // The unique key over all months: a partitioned table can only be unique together with its partition key.
    `CREATE TABLE attempts (
      attempt_id text PRIMARY KEY,
      started_at timestamptz NOT NULL,
      source text NOT NULL CHECK (source IN ('worker', 'ingress', 'reaper'))
    )`,
    `CREATE INDEX attempts_started ON attempts (started_at)`,
    `CREATE TABLE usage_events (
      attempt_id text NOT NULL,
      request_id text NOT NULL,
      started_at timestamptz NOT NULL,
      ended_at timestamptz NOT NULL,
      posted_at timestamptz NOT NULL DEFAULT now(),
      key_id text, key_alias text, team_id text, user_id text, end_user text,
      tags text[] NOT NULL DEFAULT '{}',
      model_asked text NOT NULL, model_group text NOT NULL, upstream_model text NOT NULL,
      deployment_id text NOT NULL, backend_id text NOT NULL, provider text NOT NULL,
      endpoint text NOT NULL, stream boolean NOT NULL,
      outcome text NOT NULL, error_code text, finish_reason text,
      input_tokens integer NOT NULL, cached_input_tokens integer NOT NULL, cache_write_tokens integer NOT NULL,
      output_tokens integer NOT NULL, reasoning_tokens integer NOT NULL, token_source text NOT NULL,
      cost_nano_usd bigint, cost_source text NOT NULL, cloud_equivalent_nano_usd bigint,
      duration_ms real NOT NULL, queued_ms real, first_token_ms real,
      tokens_per_second real, context_used_percent real,
      data_policy text, cache_hit boolean NOT NULL, source text NOT NULL, trace_id text,
      leases jsonb NOT NULL DEFAULT '[]',
      PRIMARY KEY (attempt_id, started_at)
    ) PARTITION BY RANGE (started_at)`,
    `CREATE INDEX usage_events_started ON usage_events (started_at DESC, attempt_id DESC)`,
    `CREATE INDEX usage_events_request ON usage_events (request_id)`,
    `CREATE INDEX usage_events_key ON usage_events (key_id, started_at DESC)`,
    `CREATE INDEX usage_events_team ON usage_events (team_id, started_at DESC) WHERE team_id IS NOT NULL`,
    `CREATE INDEX usage_events_user ON usage_events (user_id, started_at DESC) WHERE user_id IS NOT NULL`,
    // Clocks can be wrong: a row of any time has a place.
    `CREATE TABLE usage_events_default PARTITION OF usage_events DEFAULT`,
    `CREATE TABLE ledger (
      id bigint GENERATED ALWAYS AS IDENTITY,
      posted_at timestamptz NOT NULL DEFAULT now(),
      attempt_id text NOT NULL,
      kind text NOT NULL CHECK (kind IN ('charge', 'correction')),
      source text NOT NULL,
      scope text,
      window_id text,
      lease_id text,
      amount bigint NOT NULL,
      PRIMARY KEY (id, posted_at)
    ) PARTITION BY RANGE (posted_at)`,
    `CREATE INDEX ledger_attempt ON ledger (attempt_id)`,
    `CREATE TABLE ledger_default PARTITION OF ledger DEFAULT`,
    `CREATE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'the ledger is append only'; END $$`,
    `CREATE TRIGGER ledger_append_only BEFORE UPDATE ON ledger
      FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only()`,
    `CREATE TABLE scope_window (
      scope text NOT NULL,
      window_id text NOT NULL,
      unit text NOT NULL DEFAULT 'usd' CHECK (unit IN ('usd', 'tokens', 'requests')),
      limit_n bigint NOT NULL CHECK (limit_n >= 0),
      settled bigint NOT NULL DEFAULT 0,
      held bigint NOT NULL DEFAULT 0 CHECK (held >= 0),
      overrun bigint NOT NULL DEFAULT 0 CHECK (overrun >= 0),
      starts_at timestamptz NOT NULL DEFAULT now(),
      ends_at timestamptz,
      PRIMARY KEY (scope, window_id),
      CONSTRAINT scope_window_balance CHECK (settled + held <= limit_n + overrun)
    )`,
    `CREATE TABLE lease (
      id text PRIMARY KEY,
      scope text NOT NULL,
      window_id text NOT NULL,
      holder text NOT NULL,
      epoch bigint NOT NULL,
      granted bigint NOT NULL CHECK (granted >= 0),
      released bigint NOT NULL DEFAULT 0,
      settled bigint NOT NULL DEFAULT 0,
      state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'expired', 'closed')),
      granted_at timestamptz NOT NULL DEFAULT now(),
      expires_at timestamptz NOT NULL,
      FOREIGN KEY (scope, window_id) REFERENCES scope_window (scope, window_id)
    )`,
    `CREATE INDEX lease_scope ON lease (scope, window_id) WHERE state <> 'closed'`,
    `CREATE INDEX lease_expiry ON lease (expires_at) WHERE state <> 'closed'`,
    `CREATE TABLE budget_alert (
      scope text NOT NULL,
      window_id text NOT NULL,
      threshold text NOT NULL,
      sent_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (scope, window_id, threshold)
    )`,
    `CREATE TABLE usage_open (
      attempt_id text PRIMARY KEY,
      started_at timestamptz NOT NULL,
      expires_at timestamptz NOT NULL,
      lease_ids text[] NOT NULL DEFAULT '{}',
      event jsonb NOT NULL
    )`,
    `CREATE INDEX usage_open_expiry ON usage_open (expires_at)`,
    `CREATE TABLE usage_dead (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      at timestamptz NOT NULL DEFAULT now(),
      subject text NOT NULL,
      sequence bigint NOT NULL,
      deliveries integer NOT NULL,
      reason text NOT NULL,
      payload text,
      UNIQUE (subject, sequence)
    )`,
    `CREATE TABLE daily_spend (
      day date NOT NULL, key_id text NOT NULL, team_id text NOT NULL, user_id text NOT NULL,
      model text NOT NULL, upstream_model text NOT NULL, backend_id text NOT NULL, provider text NOT NULL,
      ${sums},
      PRIMARY KEY (day, key_id, team_id, user_id, model, upstream_model, backend_id, provider)
    )`,
    `CREATE TABLE daily_tag_spend (
      day date NOT NULL, tag text NOT NULL, model text NOT NULL, ${sums}, PRIMARY KEY (day, tag, model)
    )`,
    `CREATE TABLE daily_customer_spend (
      day date NOT NULL, end_user text NOT NULL, model text NOT NULL, ${sums}, PRIMARY KEY (day, end_user, model)
    )`,
    // All that a key, team or user ever spent: what its info shows without a sum over days.
    `CREATE TABLE spend_total (
      kind text NOT NULL CHECK (kind IN ('key', 'team', 'user', 'global')), id text NOT NULL,
      ${sums}, last_at timestamptz, PRIMARY KEY (kind, id)
    )`,
  ],
  down: [
    'spend_total',
    'daily_customer_spend',
    'daily_tag_spend',
    'daily_spend',
    'usage_dead',
    'usage_open',
    'budget_alert',
    'lease',
    'scope_window',
    'ledger',
    'usage_events',
    'attempts',
  ]
    .map((table) => `DROP TABLE IF EXISTS ${table}`)
    .concat('DROP FUNCTION IF EXISTS ledger_is_append_only()'),
};
