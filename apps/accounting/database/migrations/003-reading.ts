/** What people read with SQL of their own: the view litellm_logs and the role that may see it, and kept prompts. */
import type { SchemaStep } from './migration.js';

export const reading: SchemaStep = {
  name: 'Reading1763700000003',
  up: [
    `CREATE TABLE prompt_log (
      attempt_id text PRIMARY KEY,
      request_id text NOT NULL,
      at timestamptz NOT NULL DEFAULT now(),
      key_id text,
      model text NOT NULL,
      prompt jsonb,
      answer jsonb
    )`,
    `CREATE INDEX prompt_log_at ON prompt_log (at)`,
    `CREATE VIEW litellm_logs AS SELECT
      attempt_id AS id, request_id, attempt_id,
      model_asked AS model, model_group, upstream_model, deployment_id AS model_id, backend_id, provider,
      endpoint AS call_type, stream,
      started_at AS created_at, started_at AS start_time, ended_at AS end_time,
      input_tokens, output_tokens, input_tokens + output_tokens AS total_tokens,
      input_tokens AS prompt_tokens, output_tokens AS completion_tokens,
      cached_input_tokens, cache_write_tokens, reasoning_tokens,
      (coalesce(cost_nano_usd, 0)::numeric / 1000000000)::numeric(20, 9) AS spend,
      cost_source,
      (cloud_equivalent_nano_usd::numeric / 1000000000)::numeric(20, 9) AS cloud_equivalent_spend,
      key_id, key_alias, team_id, user_id, end_user, tags AS request_tags,
      CASE outcome WHEN 'success' THEN 'success' ELSE 'failure' END AS status,
      outcome, error_code, finish_reason,
      duration_ms, queued_ms, first_token_ms, tokens_per_second, context_used_percent,
      cache_hit, data_policy, source, source = 'reaper' AS estimated, trace_id
    FROM usage_events`,
    // Roles belong to the whole server, so another database may have made it, or we may not be allowed to.
    `DO $$ BEGIN
      CREATE ROLE signalbox_reader NOLOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN NULL;
    END $$`,
    `DO $$ BEGIN
      GRANT USAGE ON SCHEMA public TO signalbox_reader;
      GRANT SELECT ON litellm_logs TO signalbox_reader;
    EXCEPTION WHEN undefined_object OR insufficient_privilege THEN
      RAISE NOTICE 'the role signalbox_reader could not be prepared: %', SQLERRM;
    END $$`,
  ],
  down: ['DROP VIEW IF EXISTS litellm_logs', 'DROP TABLE IF EXISTS prompt_log'],
};
