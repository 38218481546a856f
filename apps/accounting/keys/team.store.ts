/** Rows of teams and their members. */
import { Injectable } from '@nestjs/common';
import { In, IsNull, type EntityManager } from 'typeorm';
import { GatewayError, type TeamAnswer, type TeamId, type UserId } from '#contracts';
import { Database } from '../database/database.client.js';
import { TeamEntity } from '../database/entities/access.entity.js';
import { teamAnswer, type Member } from './answers.js';
import type { TeamRow } from './rows.js';
import { SpentStore } from './spent.store.js';

@Injectable()
export class TeamStore {
  constructor(
    private readonly database: Database,
    private readonly spent: SpentStore,
  ) {}

  /** The living team of this id, locked until the transaction ends; throws GatewayError not_found. */
  async take(tx: EntityManager, id: TeamId): Promise<TeamRow> {
    const row = await tx.findOne(TeamEntity, {
      where: { id, deletedAt: IsNull() },
      lock: { mode: 'pessimistic_write' },
    });
    if (row === null) throw teamNotFound(id);
    return row;
  }

  info(id: TeamId): Promise<TeamAnswer> {
    return this.database.run(async (manager) => {
      const [answer] = await this.answers(manager, [id]);
      if (answer === undefined) throw teamNotFound(id);
      return answer;
    });
  }

  async list(query: { page: number; size: number; user_id: string | null }) {
    return this.database.run(async (manager) => {
      const rows = await manager.query<{ id: TeamId; total: number }[]>(
        `SELECT t.id, count(*) OVER () AS total FROM teams t
         WHERE t.deleted_at IS NULL AND ($1::text IS NULL
           OR EXISTS (SELECT 1 FROM team_members m WHERE m.team_id = t.id AND m.user_id = $1))
         ORDER BY t.created_at DESC, t.id OFFSET $2 LIMIT $3`,
        [query.user_id, (query.page - 1) * query.size, query.size],
      );
      const ids = rows.map((row) => row.id);
      return { teams: await this.answers(manager, ids), total: rows[0]?.total ?? 0 };
    });
  }

  /** Answers for ids of living teams, in their order. */
  async answers(manager: EntityManager, ids: readonly TeamId[]): Promise<TeamAnswer[]> {
    if (ids.length === 0) return [];
    const rows = await manager.findBy(TeamEntity, { id: In([...ids]), deletedAt: IsNull() });
    const spent = await this.spent.load(manager, 'team', rows);
    const members = await loadMembers(manager, ids);
    const byId = new Map(rows.map((row) => [row.id, row]));
    return ids.flatMap((id) => {
      const row = byId.get(id);
      return row === undefined ? [] : teamAnswer(row, spent(id), members.get(id) ?? []);
    });
  }

  async answer(manager: EntityManager, id: TeamId): Promise<TeamAnswer> {
    const [answer] = await this.answers(manager, [id]);
    if (answer === undefined) throw teamNotFound(id);
    return answer;
  }

  /** Ids of the living teams that a user belongs to. */
  async idsOfUser(manager: EntityManager, userId: UserId): Promise<TeamId[]> {
    const rows = await manager.query<{ id: TeamId }[]>(
      `SELECT t.id FROM team_members m JOIN teams t ON t.id = m.team_id
       WHERE m.user_id = $1 AND t.deleted_at IS NULL ORDER BY t.id`,
      [userId],
    );
    return rows.map((row) => row.id);
  }
}

async function loadMembers(manager: EntityManager, ids: readonly TeamId[]): Promise<Map<TeamId, Member[]>> {
  const members = await manager.query<Member[]>(
    `SELECT m.team_id AS "teamId", m.user_id AS "userId", m.role, m.max_budget_nano_usd AS "maxBudgetNanoUsd",
       m.added_at AS "addedAt", u.email
     FROM team_members m JOIN users u ON u.id = m.user_id AND u.deleted_at IS NULL
     WHERE m.team_id = ANY($1) ORDER BY m.added_at, m.user_id`,
    [ids],
  );
  return Map.groupBy(members, (member) => member.teamId);
}

function teamNotFound(id: string): GatewayError {
  return new GatewayError('not_found', { message: `Team not found, passed team_id=${id}`, param: 'team_id' });
}
