/** Indexes for what people look for among millions of rows and find seldom: without them each of these reads all months. */
import type { SchemaStep } from './migration.js';

export const searching: SchemaStep = {
  name: 'Searching1763700000005',
  up: [
    `CREATE INDEX usage_events_unsuccessful ON usage_events (started_at DESC, attempt_id DESC) WHERE outcome <> 'success'`,
    `CREATE INDEX usage_events_end_user ON usage_events (end_user, started_at DESC) WHERE end_user IS NOT NULL`,
    `CREATE INDEX usage_events_tags ON usage_events USING gin (tags) WHERE tags <> '{}'`,
    `CREATE INDEX usage_events_alias ON usage_events (key_alias, started_at DESC) WHERE key_alias IS NOT NULL`,
  ],
  down: ['unsuccessful', 'end_user', 'tags', 'alias'].map((name) => `DROP INDEX IF EXISTS usage_events_${name}`),
};
