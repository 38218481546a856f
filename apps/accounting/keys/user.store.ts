/** Rows of users. */
import { Injectable } from '@nestjs/common';
import { In, IsNull, type EntityManager } from 'typeorm';
import { GatewayError, type TeamId, type UserAnswer, type UserId } from '#contracts';
import { Database } from '../database/database.client.js';
import { UserEntity } from '../database/entities/access.entity.js';
import { userAnswer } from './answers.js';
import type { UserRow } from './rows.js';
import { SpentStore } from './spent.store.js';

@Injectable()
export class UserStore {
  constructor(
    private readonly database: Database,
    private readonly spent: SpentStore,
  ) {}

  /** The living user of this id, locked until the transaction ends; throws GatewayError not_found. */
  async take(tx: EntityManager, id: UserId): Promise<UserRow> {
    const row = await tx.findOne(UserEntity, {
      where: { id, deletedAt: IsNull() },
      lock: { mode: 'pessimistic_write' },
    });
    if (row === null) throw userNotFound(id);
    return row;
  }

  info(id: UserId): Promise<UserAnswer> {
    return this.database.run((manager) => this.answer(manager, id));
  }

  async list(query: { page: number; size: number; role: string | null }) {
    return this.database.run(async (manager) => {
      const rows = await manager.query<{ id: UserId; total: number }[]>(
        `SELECT id, count(*) OVER () AS total FROM users WHERE deleted_at IS NULL AND ($1::text IS NULL OR role = $1)
         ORDER BY created_at DESC, id OFFSET $2 LIMIT $3`,
        [query.role, (query.page - 1) * query.size, query.size],
      );
      const ids = rows.map((row) => row.id);
      return { users: await this.answers(manager, ids), total: rows[0]?.total ?? 0 };
    });
  }

  async answer(manager: EntityManager, id: UserId): Promise<UserAnswer> {
    const [answer] = await this.answers(manager, [id]);
    if (answer === undefined) throw userNotFound(id);
    return answer;
  }

  private async answers(manager: EntityManager, ids: readonly UserId[]): Promise<UserAnswer[]> {
    if (ids.length === 0) return [];
    const rows = await manager.findBy(UserEntity, { id: In([...ids]), deletedAt: IsNull() });
    const spent = await this.spent.load(manager, 'user', rows);
    const memberships = await manager.query<{ userId: UserId; teamId: TeamId }[]>(
      `SELECT m.user_id AS "userId", m.team_id AS "teamId" FROM team_members m
       JOIN teams t ON t.id = m.team_id AND t.deleted_at IS NULL WHERE m.user_id = ANY($1) ORDER BY 2`,
      [ids],
    );
    const teams = Map.groupBy(memberships, (membership) => membership.userId);
    const byId = new Map(rows.map((row) => [row.id, row]));
    return ids.flatMap((id) => {
      const row = byId.get(id);
      if (row === undefined) return [];
      return userAnswer(
        row,
        spent(id),
        (teams.get(id) ?? []).map((membership) => membership.teamId),
      );
    });
  }
}

function userNotFound(id: string): GatewayError {
  return new GatewayError('not_found', { message: `User not found, passed user_id=${id}`, param: 'user_id' });
}
