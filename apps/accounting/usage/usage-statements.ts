/** The statements of a batch: a batch costs as many of them as a single event does. */
import { arrayLiteral } from './array-literal.js';
import type { LedgerEntry } from './ledger-entry.js';
import { sumColumns, type SumsOf } from './sums.js';
import { usageColumns, type OpenAttempt, type UsageRow } from './usage-row.js';

const fields = Object.entries(usageColumns);
const columns = fields.map(([, [column]]) => column).join(', ');
const record = fields.map(([field, [, type]]) => `"${field}" ${type}`).join(', ');
/** The row stays in the month where it was first posted. */
const replaced = fields.filter(([field]) => field !== 'attemptId' && field !== 'startedAt');

export const insertAttempts = `
  INSERT INTO attempts (attempt_id, started_at, source)
  SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::text[])
  ON CONFLICT (attempt_id) DO NOTHING RETURNING attempt_id AS id`;

export const lockKnown = `
  SELECT ${fields.map(([field, [column]]) => `u.${column} AS "${field}"`).join(', ')}
  FROM attempts a JOIN usage_events u ON u.attempt_id = a.attempt_id AND u.started_at = a.started_at
  WHERE a.attempt_id = ANY($1) ORDER BY a.attempt_id FOR UPDATE OF a`;

/** Lists inside a row travel as JSON: an array of arrays of different lengths is none in SQL. */
const nested: Readonly<Record<string, string>> = {
  tags: 'ARRAY(SELECT json_array_elements_text(r."tags"))',
  leases: 'r."leases"::jsonb',
};

/** One array for each column: a quarter less work for the server than one JSON text. */
export const insertUsage = `
  INSERT INTO usage_events (${columns}) SELECT ${fields.map(([field]) => nested[field] ?? `r."${field}"`).join(', ')}
  FROM unnest(${fields.map(([field, [, type]], index) => `$${index + 1}::${field in nested ? 'json' : type}[]`).join(', ')})
    AS r (${fields.map(([field]) => `"${field}"`).join(', ')})`;

/** The parameters of insertUsage. */
export function usageArrays(rows: readonly UsageRow[]): string[] {
  return fields.map(([field]) =>
    arrayLiteral(
      rows.map((row) => {
        const value: unknown = Reflect.get(row, field);
        return field in nested ? JSON.stringify(value) : value;
      }),
    ),
  );
}

export const correctUsage = `
  UPDATE usage_events u SET posted_at = now(), ${replaced.map(([field, [column]]) => `${column} = r."${field}"`).join(', ')}
  FROM json_to_recordset($1::json) AS r (${record})
  WHERE u.attempt_id = r."attemptId" AND u.started_at = r."startedAt"`;

export const correctAttempts = `
  UPDATE attempts a SET source = r.source FROM unnest($1::text[], $2::text[]) AS r (attempt_id, source)
  WHERE a.attempt_id = r.attempt_id`;

export const insertLedger = `
  INSERT INTO ledger (attempt_id, kind, source, scope, window_id, lease_id, amount)
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[])`;

const ledgerFields = ['attemptId', 'kind', 'source', 'scope', 'windowId', 'leaseId', 'amount'] as const;

/** The parameters of insertLedger. */
export function ledgerArrays(entries: readonly LedgerEntry[]): string[] {
  return ledgerFields.map((field) => arrayLiteral(entries.map((entry) => entry[field])));
}

export const deleteOpen = 'DELETE FROM usage_open WHERE attempt_id = ANY($1)';

/** An opening that comes after its close (redelivered, or out of order) is no news. */
export const insertOpen = `
  INSERT INTO usage_open (attempt_id, started_at, expires_at, lease_ids, event)
  SELECT "attemptId", "startedAt", "expiresAt", ARRAY(SELECT json_array_elements_text("leaseIds")), event
  FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::json[], $5::jsonb[])
    AS r ("attemptId", "startedAt", "expiresAt", "leaseIds", event)
  WHERE NOT EXISTS (SELECT 1 FROM attempts a WHERE a.attempt_id = r."attemptId")
  ON CONFLICT (attempt_id) DO NOTHING`;

/** The parameters of insertOpen. */
export function openArrays(opens: readonly OpenAttempt[]): string[] {
  return [
    arrayLiteral(opens.map((open) => open.attemptId)),
    arrayLiteral(opens.map((open) => open.startedAt)),
    arrayLiteral(opens.map((open) => open.expiresAt)),
    arrayLiteral(opens.map((open) => JSON.stringify(open.leaseIds))),
    arrayLiteral(opens.map((open) => JSON.stringify(open.event))),
  ];
}

const sumFields = Object.entries(sumColumns);

/** Adds sums to an aggregate whose key columns are `keys`, typed; `sumArrays` gives its parameters. */
function addSums(table: string, keys: Readonly<Record<string, string>>, extra = ''): string {
  const names = Object.keys(keys);
  const all = [...names, ...sumFields.map(([, column]) => column)].join(', ');
  const types = [...Object.values(keys), ...sumFields.map(() => 'bigint')];
  return `
    INSERT INTO ${table} (${all}${extra === '' ? '' : `, ${extra}`})
    SELECT *${extra === '' ? '' : ', now()'} FROM unnest(${types.map((type, at) => `$${at + 1}::${type}[]`).join(', ')})
    ON CONFLICT (${names.join(', ')}) DO UPDATE SET
      ${sumFields.map(([, column]) => `${column} = ${table}.${column} + excluded.${column}`).join(', ')}
      ${extra === '' ? '' : `, ${extra} = now()`}`;
}

/** The parameters of a statement that adds these sums; at least one row. */
export function sumArrays(rows: readonly SumsOf[]): string[] {
  const keys = rows[0]?.key.map((_none, place) => arrayLiteral(rows.map((row) => row.key[place] ?? '')));
  return [
    ...(keys ?? []),
    ...sumFields.map(([field]) => arrayLiteral(rows.map((row) => Reflect.get(row.sums, field)))),
  ];
}

export const addDaily = addSums('daily_spend', {
  day: 'date',
  key_id: 'text',
  team_id: 'text',
  user_id: 'text',
  model: 'text',
  upstream_model: 'text',
  backend_id: 'text',
  provider: 'text',
});
export const addByTag = addSums('daily_tag_spend', { day: 'date', tag: 'text', model: 'text' });
export const addByCustomer = addSums('daily_customer_spend', { day: 'date', end_user: 'text', model: 'text' });
export const addTotals = addSums('spend_total', { kind: 'text', id: 'text' }, 'last_at');
