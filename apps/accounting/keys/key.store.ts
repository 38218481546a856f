/** Rows of keys and their digests. */
import { Injectable } from '@nestjs/common';
import { In, IsNull, type EntityManager } from 'typeorm';
import { GatewayError, type KeyAnswer, type KeyDigest, type KeyId, type KeyRecord, type KeyRef } from '#contracts';
import { Database } from '../database/database.client.js';
import {
  KeyDigestEntity,
  KeyEntity,
  TeamEntity,
  TeamMemberEntity,
  UserEntity,
} from '../database/entities/access.entity.js';
import { keyAnswer } from './answers.js';
import { keyRecord } from './key-record.js';
import type { KeyRow } from './rows.js';
import { SpentStore } from './spent.store.js';

/** Which columns a list may be sorted by; never a client's words. */
const sortColumns = {
  created_at: 'k.created_at',
  updated_at: 'k.updated_at',
  key_alias: 'k.alias',
  spend: 'coalesce(t.spend_nano_usd + t.correction_nano_usd, 0)',
  max_budget: 'k.max_budget_nano_usd',
  expires: 'k.expires_at',
} as const;

export interface KeyListQuery {
  readonly page: number;
  readonly size: number;
  /** The beginning of an alias. */
  readonly key_alias: string | null;
  readonly team_id: string | null;
  readonly user_id: string | null;
  readonly sort_by: keyof typeof sortColumns;
  readonly sort_order: 'asc' | 'desc';
}

/** Whose keys: a team's, a user's, or those that a user has in a team. */
export type KeyOwner =
  | { readonly teamId: string; readonly userId?: string }
  | { readonly teamId?: string; readonly userId: string };

@Injectable()
export class KeyStore {
  constructor(
    private readonly database: Database,
    private readonly spent: SpentStore,
  ) {}

  /** The record of the key whose digest this is; null where there is none, or no longer. */
  lookUp(digest: KeyDigest, hasGlobalBudget: boolean): Promise<KeyRecord | null> {
    return this.database.run(async (manager) => {
      const found = await manager.findOneBy(KeyDigestEntity, { digest });
      if (found === null || isPast(found.validUntil)) return null;
      const key = await manager.findOneBy(KeyEntity, { id: found.keyId, deletedAt: IsNull() });
      if (key === null) return null;
      const [team, user, member] = await Promise.all([
        key.teamId === null ? null : manager.findOneBy(TeamEntity, { id: key.teamId, deletedAt: IsNull() }),
        key.userId === null ? null : manager.findOneBy(UserEntity, { id: key.userId, deletedAt: IsNull() }),
        key.teamId === null || key.userId === null
          ? null
          : manager.findOneBy(TeamMemberEntity, { teamId: key.teamId, userId: key.userId }),
      ]);
      return keyRecord({ key, team, user, member, digestValidUntil: found.validUntil, hasGlobalBudget });
    });
  }

  /** The row a reference names; locked until the transaction ends. Throws GatewayError not_found. */
  async take(tx: EntityManager, ref: KeyRef): Promise<KeyRow> {
    const row = await this.find(tx, ref, true);
    if (row === null || row.deletedAt !== null) throw keyNotFound();
    return row;
  }

  /** As the admin API shows it, also after its deletion where it is asked for by id; throws GatewayError not_found. */
  info(ref: KeyRef): Promise<KeyAnswer> {
    return this.database.run(async (manager) => {
      const row = await this.find(manager, ref, false);
      if (row === null) throw keyNotFound();
      return this.answer(manager, row);
    });
  }

  async list(query: KeyListQuery): Promise<{ keys: KeyAnswer[]; total: number }> {
    const order = `${sortColumns[query.sort_by]} ${query.sort_order === 'asc' ? 'ASC' : 'DESC'} NULLS LAST, k.id`;
    return this.database.run(async (manager) => {
      const page = await manager.query<{ id: KeyId | null; total: number }[]>(
        `WITH found AS (
           SELECT k.id, row_number() OVER (ORDER BY ${order}) AS place, count(*) OVER () AS total
           FROM keys k LEFT JOIN spend_total t ON t.kind = 'key' AND t.id = k.id
           WHERE k.deleted_at IS NULL AND ($1::text IS NULL OR starts_with(k.alias, $1))
             AND ($2::text IS NULL OR k.team_id = $2) AND ($3::text IS NULL OR k.user_id = $3)
         ) SELECT id, total, place FROM found WHERE place > $4 AND place <= $4 + $5
           UNION ALL SELECT NULL, count(*), NULL FROM found ORDER BY place NULLS LAST`,
        [query.key_alias, query.team_id, query.user_id, (query.page - 1) * query.size, query.size],
      );
      const ids = page.flatMap((row) => row.id ?? []);
      return { keys: await this.answers(manager, ids), total: page.at(-1)?.total ?? 0 };
    });
  }

  /** Answers for ids, in their order. */
  async answers(manager: EntityManager, ids: readonly KeyId[]): Promise<KeyAnswer[]> {
    const rows = ids.length === 0 ? [] : await manager.findBy(KeyEntity, { id: In([...ids]) });
    const spent = await this.spent.load(manager, 'key', rows);
    const byId = new Map(rows.map((row) => [row.id, row]));
    const now = new Date();
    return ids.flatMap((id) => {
      const row = byId.get(id);
      return row === undefined ? [] : keyAnswer(row, spent(id), now);
    });
  }

  async answer(manager: EntityManager, row: KeyRow): Promise<KeyAnswer> {
    const spent = await this.spent.load(manager, 'key', [row]);
    return keyAnswer(row, spent(row.id), new Date());
  }

  /** Ids of the living keys of a team, a user, or a user within a team. */
  async idsOf(tx: EntityManager, { teamId, userId }: KeyOwner): Promise<KeyId[]> {
    const rows = await tx.query<{ id: KeyId }[]>(
      `SELECT id FROM keys WHERE ($1::text IS NULL OR team_id = $1) AND ($2::text IS NULL OR user_id = $2)
         AND deleted_at IS NULL ORDER BY created_at, id`,
      [teamId ?? null, userId ?? null],
    );
    return rows.map((row) => row.id);
  }

  /** Makes `digest` the key's own. What it had before is good until `graceUntil`, or no longer. */
  async setDigest(tx: EntityManager, keyId: KeyId, digest: KeyDigest, graceUntil: Date | null): Promise<void> {
    if (graceUntil === null) await tx.query('DELETE FROM key_digests WHERE key_id = $1', [keyId]);
    else {
      await tx.query('UPDATE key_digests SET valid_until = $2 WHERE key_id = $1 AND valid_until IS NULL', [
        keyId,
        graceUntil,
      ]);
    }
    await tx.insert(KeyDigestEntity, { digest, keyId, validUntil: null, createdAt: new Date() });
  }

  private async find(manager: EntityManager, ref: KeyRef, lock: boolean): Promise<KeyRow | null> {
    const id = await idOf(manager, ref);
    if (id === null) return null;
    return manager.findOne(KeyEntity, { where: { id }, ...(lock ? { lock: { mode: 'pessimistic_write' } } : {}) });
  }
}

async function idOf(manager: EntityManager, ref: KeyRef): Promise<KeyId | null> {
  switch (ref.by) {
    case 'id':
      return ref.id;
    case 'alias':
      return (await manager.findOneBy(KeyEntity, { alias: ref.alias, deletedAt: IsNull() }))?.id ?? null;
    case 'digest': {
      const found = await manager.findOneBy(KeyDigestEntity, { digest: ref.digest });
      return found === null || isPast(found.validUntil) ? null : found.keyId;
    }
  }
}

function isPast(time: Date | null): boolean {
  return time !== null && time.getTime() <= Date.now();
}

function keyNotFound(): GatewayError {
  return new GatewayError('not_found', { message: 'Key not found in database', param: 'key' });
}
