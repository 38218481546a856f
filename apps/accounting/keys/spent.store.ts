/** What keys, teams and users have spent: in all, and in the current window of their budget. */
import type { EntityManager } from 'typeorm';
import { budgetScopeName } from '#contracts';
import { nothingSpent, type Spent } from './answers.js';

interface SpentRecord extends Spent {
  readonly id: string;
}

/** By id; who never spent anything has an entry too. */
export async function loadSpent(
  manager: EntityManager,
  owner: 'key' | 'team' | 'user',
  ids: readonly string[],
): Promise<(id: string) => Spent> {
  if (ids.length === 0) return () => nothingSpent;
  const records = await manager.query<SpentRecord[]>(
    `SELECT o.id, coalesce(t.spend_nano_usd, 0) AS "totalNanoUsd", w.settled AS "windowNanoUsd",
       w.ends_at AS "resetAt", t.last_at AS "lastAt"
     FROM unnest($2::text[], $3::text[]) AS o (id, scope)
     LEFT JOIN spend_total t ON t.kind = $1 AND t.id = o.id
     LEFT JOIN LATERAL (
       SELECT settled, ends_at FROM scope_window
       WHERE scope = o.scope AND starts_at <= now() AND (ends_at IS NULL OR ends_at > now())
       ORDER BY starts_at DESC LIMIT 1
     ) w ON true`,
    [owner, ids, ids.map((id) => budgetScopeName({ unit: 'usd', owner, id, model: null }))],
  );
  const found = new Map(records.map((record) => [record.id, record]));
  return (id) => found.get(id) ?? nothingSpent;
}
