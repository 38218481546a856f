/** The trail of admin changes: who, what, before, after, when. Written in the transaction of the change. */
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import type { Actor, AuditEntry, ListAudit } from '#contracts';
import { Database } from '../database/database.client.js';

export interface AdminChange {
  readonly kind: 'key' | 'team' | 'user';
  readonly id: string;
  /** A verb: generate, update, block ... */
  readonly action: string;
  readonly before: object | null;
  readonly after: object | null;
}

interface AuditRecord {
  readonly id: number;
  readonly at: Date;
  readonly actorKind: string;
  readonly actorId: string | null;
  readonly actorAlias: string | null;
  readonly action: string;
  readonly targetKind: AdminChange['kind'];
  readonly targetId: string;
  readonly before: Record<string, unknown> | null;
  readonly after: Record<string, unknown> | null;
}

@Injectable()
export class AuditStore {
  constructor(private readonly database: Database) {}

  async record(tx: EntityManager, actor: Actor, changes: readonly AdminChange[]): Promise<void> {
    if (changes.length === 0) return;
    await tx.query(
      `INSERT INTO audit (actor_kind, actor_id, actor_alias, action, target_kind, target_id, before, after)
       SELECT $1, $2, $3, action, kind, id, before, after
       FROM json_to_recordset($4::json) AS r (action text, kind text, id text, before jsonb, after jsonb)`,
      [actor.kind, actor.keyId, actor.alias, JSON.stringify(changes)],
    );
  }

  /** Newest first, one page. */
  async list(query: z.output<typeof ListAudit.request>): Promise<{ entries: AuditEntry[]; next: number | null }> {
    const records = await this.database.run((manager) =>
      manager.query<AuditRecord[]>(
        `SELECT id, at, actor_kind AS "actorKind", actor_id AS "actorId", actor_alias AS "actorAlias", action,
           target_kind AS "targetKind", target_id AS "targetId", before, after
         FROM audit
         WHERE ($1::text IS NULL OR target_kind = $1) AND ($2::text IS NULL OR target_id = $2)
           AND ($3::bigint IS NULL OR id < $3)
         ORDER BY id DESC LIMIT $4`,
        [query.targetKind, query.targetId, query.before, query.limit],
      ),
    );
    const last = records.length === query.limit ? records.at(-1) : undefined;
    return { entries: records.map(auditEntry), next: last?.id ?? null };
  }
}

function auditEntry(record: AuditRecord): AuditEntry {
  const { actorKind, actorId, actorAlias, at, ...rest } = record;
  return { ...rest, at: at.toISOString(), actor: { kind: actorKind, keyId: actorId, alias: actorAlias } };
}
